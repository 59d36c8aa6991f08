"""GET /privacy/{shop}: what is kept of a customer, how long, and how to ask for it; made from the settings, in the customer's language.

It shows nothing of anybody, so it needs no token. Source: articles 13 and 22 GDPR for what a notice has to say, read 2026-11.
"""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web

from adapters.page_sheet import accepted_language, template
from adapters.privacy_texts import NOTICES, Notice
from engine.ports import Front
from flows.policy import Policy
from flows.wording.catalogue import find

PATH = "/privacy/{shop}"


class PrivacyNotice:
    """`headers`: those of the customer's page."""

    def __init__(self, front: Front, headers: dict[str, str]) -> None:
        self._front = front
        self._headers = headers

    def routes(self) -> list[web.RouteDef]:
        return [web.get(PATH, self.show)]

    async def show(self, request: web.Request) -> web.Response:
        policy = self._front.policies.get(request.match_info["shop"])
        if policy is None:
            raise web.HTTPNotFound
        wished = request.query.get("lang") or accepted_language(
            request.headers.get("Accept-Language", ""), policy.language
        )
        html = notice(policy, wished)
        return web.Response(text=html, content_type="text/html", charset="utf-8", headers=self._headers)


def notice(policy: Policy, wished: str) -> str:
    """The page as HTML, in English where there is no notice in that language."""
    lang = wished.replace("_", "-").split("-")[0].lower()
    lang = lang if lang in NOTICES else "en"
    said = NOTICES[lang]
    keep = policy.keep
    values = {
        "shop": policy.name,
        "controller": keep.controller or policy.name,
        "contact": keep.contact,
        "providers": ", ".join(_providers(policy)),
    }
    times = ((said.conversations, keep.conversations), (said.history, keep.history), (said.bodies, keep.bodies))
    return template("privacy.html")(
        lang=lang,
        dir="rtl" if find(lang, None).about.rtl else "ltr",
        title=_filled(said.title, values),
        before=[_filled(line, values) for line in (said.who, said.what, said.where, said.past)],
        kept=said.kept,
        times=[_filled(line, {"days": _days(said, each)}) for line, each in times],
        after=[said.rights, _filled(said.ask if keep.contact else said.ask_shop, values), said.stop],
    )


def _days(said: Notice, keep: timedelta | None) -> str:
    return said.ever if keep is None else _filled(said.days, {"n": str(keep.days)})


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text


def _providers(policy: Policy) -> list[str]:
    """By whom messages go, as this shop is set up."""
    names = {"twilio": "Twilio", "meta": "Meta (WhatsApp)", "gateway": "SMS", "smtp": "e-mail"}
    senders = (policy.sms, policy.whatsapp, policy.email)
    found = [names.get(each.provider, each.provider) for each in senders if each is not None]
    return list(dict.fromkeys([*found, *(["Telegram"] if policy.staff_chat else [])]))
