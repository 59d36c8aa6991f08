"""Meta's notices about our templates and our messaging limit, as events of the desks that they concern. Pure.

Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference (message_template_status_update,
message_template_quality_update, template_category_update, business_capability_update, phone_number_quality_update), read 2026-11.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from adapters import meta_shapes as shapes
from adapters.receiving import Received
from flows import pointers
from flows.approvals import state_of
from flows.desk_events import LimitTold, TemplatesTold
from flows.events import AnyEvent
from flows.standing import Standing

_STATUS, _QUALITY, _CATEGORY = (
    "message_template_status_update",
    "message_template_quality_update",
    "template_category_update",
)
#: What the portfolio may do now. Of two fields that tell it, that of the business counts.
_LIMITS = frozenset({"business_capability_update", "phone_number_quality_update"})
FIELDS = frozenset({_STATUS, _QUALITY, _CATEGORY}) | _LIMITS


class Account(Struct, frozen=True):
    """One WhatsApp Business Account: `waba_id` "" where the settings do not name it. `templates`: (Meta's name, Meta's language) ->
    (our name, our language)."""

    waba_id: str
    shops: tuple[str, ...]
    templates: Mapping[tuple[str, str], tuple[str, str]]


def read(
    accounts: Sequence[Account], entry: shapes.Entry, change: shapes.Change, received: Received
) -> tuple[AnyEvent, ...]:
    """One event for each shop that has the template; none for a template that is not ours, or a notice that says nothing."""
    try:
        value = msgspec.json.decode(change.value, type=dict[str, Any])
    except msgspec.DecodeError:
        return ()
    mark = hashlib.sha256(f"{entry.id} {entry.time} {change.field} ".encode() + bytes(change.value)).hexdigest()[:24]
    found: list[AnyEvent] = []
    for account in accounts:
        if account.waba_id and entry.id and account.waba_id != str(entry.id):
            continue
        limit = limit_of(value.get("max_daily_conversations_per_business")) if change.field in _LIMITS else 0
        if limit:
            for shop in account.shops:
                event_id, desk = f"meta:{change.field}:{mark}:{shop}", (pointers.desk(shop),)
                found.append(LimitTold(event_id=event_id, to=desk, at=received.at, opens=True, limit=limit))
            continue
        ours = account.templates.get(
            (str(value.get("message_template_name", "")), str(value.get("message_template_language", "")))
        )
        said = _standing(change.field, value, *ours) if ours is not None else None
        if said is None:
            continue
        for shop in account.shops:
            found.append(
                TemplatesTold(
                    event_id=f"meta:{change.field}:{mark}:{shop}",
                    to=(pointers.desk(shop),),
                    at=received.at,
                    opens=True,
                    standings=(said,),
                )
            )
    return tuple(found)


def limit_of(value: object) -> int:
    """2000, "TIER_2K" or "2000" -> 2000; -1 and "TIER_UNLIMITED": no limit; 0: it says nothing."""
    if isinstance(value, int):
        return value if value > 0 else -1 if value == -1 else 0
    amount = str(value or "").upper().removeprefix("TIER_")
    if amount in ("UNLIMITED", "NO_LIMIT", "-1"):
        return -1
    digits = amount.removesuffix("K")
    known = digits.isascii() and digits.isdigit()
    return int(digits[:9]) * (1000 if amount.endswith("K") else 1) if known else 0


def _standing(field: str, value: Mapping[str, Any], name: str, lang: str) -> Standing | None:
    if field == _STATUS:
        state = state_of(str(value.get("event", "")))
        return Standing(name=name, lang=lang, state=state, why=_why(value)) if state else None
    if field == _QUALITY:
        return Standing(name=name, lang=lang, quality=str(value.get("new_quality_score", "")))
    if value.get("correct_category"):  # only announced: what counts is when it happens
        return None
    return Standing(name=name, lang=lang, category=str(value.get("new_category", "")))


def _why(value: Mapping[str, Any]) -> str:
    """Meta's reason: its words where it gives some, else its code."""
    info = value.get("rejection_info")
    words = str(info.get("reason", "")) if isinstance(info, dict) else ""
    reason = str(value.get("reason") or "")
    return words[:200] or ("" if reason == "NONE" else reason)
