"""What the WhatsApp provider says of our templates: approved, waiting, refused, paused. It stands on the desk, and so do decisions.

    (settings name it)  ──told pending, rejected, paused, gone──►  not said outside the window: the ladder takes its next step
                        ◄──told approved─────────────────────────

What the provider has said nothing about is taken as the settings say. A template that was refused while being sent rests some hours,
whatever the list says of it. The owner hears of each change once, several templates in one message, with what mends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from flows.desk import Desk
from flows.desk_events import TemplatesTold
from flows.effects import PingOwner
from flows.policy import Policy
from flows.standing import Standing, State

#: A template that was refused at the moment of sending is tried again after so long: its list may still call it approved.
REFUSED_FOR = timedelta(hours=6)
#: So many templates are named in one message; the others are counted.
NAMED_MOST = 8
#: Which message the owner gets when a template comes to stand so.
_KEYS: dict[State, str] = {
    "rejected": "owner.template_rejected",
    "paused": "owner.template_paused",
    "gone": "owner.template_gone",
}
#: Refusals that say that this template, as it is, goes to nobody now; the others may be about one customer's values.
#: Source: https://www.twilio.com/docs/api/errors and Meta's error codes (documentation/business-messaging/whatsapp/support), read 2026-11.
_STOPPING = {
    "twilio": frozenset({"63027", "63040", "63041"}),
    "meta": frozenset({"132001", "132007", "132015", "132016"}),
}
_BACK, _CATEGORY, _QUALITY = "owner.template_back", "owner.template_category", "owner.template_quality"
#: The one kind whose messages are about an order, and are not held back as advertising is.
UTILITY = "UTILITY"
#: Meta pauses a template of low quality next.
LOW = "RED"


class Listed(Struct, frozen=True):
    """One template as the provider's list shows it. `ref`: how the settings name it; `name` and `lang` are the provider's."""

    ref: str
    id: str
    name: str
    lang: str
    state: State
    why: str = ""
    category: str = ""
    quality: str = ""
    body: str = ""


def standings(configured: Mapping[tuple[str, str], str], listed: Iterable[Listed]) -> tuple[Standing, ...]:
    """How each configured template stands: (our name, language) -> the settings' ref. One that is not on the list is gone."""
    by_ref = {one.ref: one for one in listed}
    found: list[Standing] = []
    for (name, lang), ref in sorted(configured.items()):
        one = by_ref.get(ref)
        if one is None:
            found.append(Standing(name=name, lang=lang, state="gone"))
        else:
            found.append(
                Standing(name=name, lang=lang, state=one.state, why=one.why, category=one.category, quality=one.quality)
            )
    return tuple(found)


def key(name: str, lang: str) -> str:
    return f"{name}/{lang}"


def sendable(templates: frozenset[tuple[str, str]], desk: Desk, now: datetime) -> frozenset[tuple[str, str]]:
    """Of what the settings name, what may be said outside the window now."""
    if not desk.templates:
        return templates
    return templates - {(s.name, s.lang) for s in desk.templates.values() if _stopped(s, now)}


def _stopped(standing: Standing, now: datetime) -> bool:
    return standing.state not in ("", "approved") and (standing.until is None or standing.until > now)


def told(desk: Desk, event: TemplatesTold, now: datetime, policy: Policy) -> tuple[Desk, list[PingOwner]]:
    """The desk with what the provider said on it, and what the owner has to hear of it."""
    known = dict(desk.templates)
    changed: dict[str, list[Standing]] = {}
    for said in event.standings:
        was = known.get(key(said.name, said.lang)) or Standing(name=said.name, lang=said.lang)
        if was.until is not None and was.until > now and said.state == "approved":
            continue  # it was refused a while ago, whatever the list says
        new = _merged(was, said)
        for what in _news(was, new):
            changed.setdefault(what, []).append(new)
        if new == Standing(name=new.name, lang=new.lang):
            known.pop(key(new.name, new.lang), None)
        else:
            known[key(new.name, new.lang)] = new
    pings = [_ping(what, standings, policy) for what, standings in changed.items()]
    return replace(desk, templates=known), pings


def stopped_by(provider: str, code: str) -> bool:
    """Whether this refusal means that the template goes to nobody now."""
    return code in _STOPPING.get(provider, frozenset())


def refused(desk: Desk, values: Mapping[str, object], now: datetime) -> Desk:
    """A template was refused while being sent: it rests. The owner hears of it by that alarm (text_fault)."""
    name, lang = str(values.get("template", "")), str(values.get("language", ""))
    if not name or not lang:
        return desk
    rests = Standing(
        name=name, lang=lang, state="paused", why=str(values.get("code", "")), until=now + REFUSED_FOR
    )  # fmt: skip
    return replace(desk, templates={**desk.templates, key(name, lang): rests})


def _merged(was: Standing, said: Standing) -> Standing:
    """What is not said stays as it was; what is well is not kept."""
    state = said.state or was.state
    return Standing(
        name=said.name,
        lang=said.lang,
        state="" if state == "approved" else state,
        why=said.why if said.state else was.why if state != "approved" else "",
        category=_but(said.category or was.category, UTILITY),
        quality=_but(said.quality or was.quality, "GREEN", "UNKNOWN", "YELLOW"),
    )


def _but(value: str, *plain: str) -> str:
    return "" if value in plain else value


def _news(was: Standing, new: Standing) -> list[str]:
    """Keys of what the owner hears: a change to the worse, and that it is well again."""
    found: list[str] = []
    if new.state != was.state:
        if new.state in _KEYS:
            found.append(_KEYS[new.state])
        elif not new.state:
            found.append(_BACK)
    if new.category and new.category != was.category:
        found.append(_CATEGORY)
    if new.quality == LOW and was.quality != LOW:
        found.append(_QUALITY)
    return found


def _ping(what: str, standings: list[Standing], policy: Policy) -> PingOwner:
    named = ", ".join(f"{s.name} ({s.lang})" for s in standings[:NAMED_MOST])
    more = f" +{len(standings) - NAMED_MOST}" if len(standings) > NAMED_MOST else ""
    why = ", ".join(dict.fromkeys(s.why for s in standings if s.why)) or "-"
    values = {"shop": policy.name, "templates": named + more, "why": why, "name": standings[0].name}
    return PingOwner(key=what, values={**values, "lang": standings[0].lang}, silent=what == _BACK)


#: Providers' words -> ours. A template in appeal, flagged or locked keeps what it had; "" says nothing.
_STATES: dict[str, State] = {
    "approved": "approved",
    "reinstated": "approved",
    "unarchived": "approved",
    "flagged": "approved",
    "pending": "pending",
    "received": "pending",
    "unsubmitted": "pending",
    "in_appeal": "rejected",
    "rejected": "rejected",
    "paused": "paused",
    "disabled": "gone",
    "deleted": "gone",
    "pending_deletion": "gone",
    "archived": "gone",
    "limit_exceeded": "gone",
}


def state_of(word: str) -> State | Literal[""]:
    """The provider's word for a template's state as ours; "" for one that says nothing of whether it may be sent.

    Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/message_template_status_update
    and https://www.twilio.com/docs/content/content-api-resources, read 2026-11.
    """
    return _STATES.get(word.casefold(), "")
