"""Message templates at Meta: listed, submitted, edited; and how many people a day the portfolio may write to first.

Source: https://developers.facebook.com/docs/graph-api/reference/whats-app-business-account/message_templates and
https://developers.facebook.com/documentation/business-messaging/whatsapp/messaging-limits, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from adapters.exchange import Exchange, decoded
from adapters.meta import MetaSettings, code_of
from adapters.meta_notices import limit_of
from adapters.receiving import JSON
from adapters.replied import Answer
from engine.ports import Unanswered
from engine.templates import Submitted
from flows.approvals import Listed, state_of
from flows.wording import WaTemplate

#: Meta gives at most so many on one page, and an account has at most some thousands.
PAGE_SIZE, PAGES_MOST = 200, 40
FIELDS = "name,language,status,category,id,components,quality_score,rejected_reason"
LIMIT_FIELD = "whatsapp_business_manager_messaging_limit"
#: Meta takes a new text for a template in these states; before its first review it takes none.
_EDITABLE = frozenset({"rejected", "paused"})


class _Score(msgspec.Struct):
    score: str = ""


class _Component(msgspec.Struct):
    type: str = ""
    text: str = ""


class _Template(msgspec.Struct):
    name: str
    language: str
    status: str
    id: str
    category: str = ""
    components: list[_Component] = []
    quality_score: _Score | None = None
    rejected_reason: str = ""


class _Cursors(msgspec.Struct):
    after: str = ""


class _Paging(msgspec.Struct):
    cursors: _Cursors | None = None
    next: str = ""


class _Page(msgspec.Struct):
    data: list[_Template]
    paging: _Paging | None = None


class _Made(msgspec.Struct):
    id: str = ""


class _Fault(msgspec.Struct):
    code: int = 0
    message: str = ""
    error_user_msg: str = ""
    error_data: dict[str, Any] | str = {}


class _No(msgspec.Struct):
    error: _Fault


class MetaTemplates:
    """Implements engine.ports.TemplatePlace."""

    provider = "Meta"

    def __init__(self, settings: MetaSettings, exchange: Exchange, shops: tuple[str, ...]) -> None:
        self._settings = settings
        self._exchange = exchange
        self._base = f"{settings.base_url.rstrip('/')}/{settings.api_version}"
        self._headers = {"Authorization": f"Bearer {settings.access_token}", "Accept": JSON}
        self.shops = shops
        self.name = f"meta-templates-{settings.waba_id[-6:]}"
        self.configured: Mapping[tuple[str, str], str] = {
            (name, lang): f"{theirs.name}/{theirs.language}"
            for name, by_lang in settings.templates.items()
            for lang, theirs in by_lang.items()
        }

    def lacks(self) -> str:
        """What the settings lack, so that the list cannot be asked for; "" where nothing does."""
        return "" if self._settings.waba_id else "meta.waba_id"

    async def listed(self) -> tuple[Listed, ...]:
        """Raises Unanswered."""
        found: list[Listed] = []
        params = {"fields": FIELDS, "limit": str(PAGE_SIZE)}
        for _ in range(PAGES_MOST):
            page = await self._page(params)
            found += [_listed(one) for one in page.data]
            after = page.paging.cursors.after if page.paging and page.paging.cursors and page.paging.next else ""
            if not after:
                break
            params["after"] = after
        return tuple(found)

    async def _page(self, params: Mapping[str, str]) -> _Page:
        url = f"{self._base}/{self._settings.waba_id}/message_templates"
        answer = await self._exchange.ask("GET", url, headers=self._headers, params=params)
        page = decoded(answer.body, _Page) if isinstance(answer, Answer) and answer.status == 200 else None
        if page is None:
            raise Unanswered(f"Meta's templates: {answer.status if isinstance(answer, Answer) else answer.reason}")
        return page

    async def limit(self) -> int:
        """People whom we may write to first within 24 hours; -1: no limit, 0: Meta did not say. Raises Unanswered."""
        number = next(iter(self._settings.senders), "")
        answer = await self._exchange.ask(
            "GET", f"{self._base}/{number}", headers=self._headers, params={"fields": LIMIT_FIELD}
        )
        told = decoded(answer.body, dict[str, Any]) if isinstance(answer, Answer) and answer.status == 200 else None
        if told is None:
            raise Unanswered("Meta's messaging limit")
        return limit_of(told.get(LIMIT_FIELD))

    async def submit(self, template: WaTemplate, theirs: str, known: tuple[Listed, ...]) -> Submitted:
        """Ask for approval under `theirs`; one that was rejected or paused gets the new text and is judged anew."""
        lang = code_of(template.language)
        before = next((one for one in known if (one.name, one.lang) == (theirs, lang)), None)
        if before is not None and before.state not in _EDITABLE:
            return Submitted(ref=theirs, was="there")
        body: dict[str, Any] = {"category": template.category, "components": _components(template)}
        if before is not None:
            url = f"{self._base}/{before.id}"
        else:
            url = f"{self._base}/{self._settings.waba_id}/message_templates"
            body |= {"name": theirs, "language": lang}
        headers = {**self._headers, "Content-Type": JSON}
        answer = await self._exchange.ask("POST", url, headers=headers, body=msgspec.json.encode(body))
        if not isinstance(answer, Answer):
            return Submitted(
                why=f"Meta did not answer ({answer.reason}); look with templates list before you try again"
            )
        if answer.status == 200 and (before is not None or decoded(answer.body, _Made) is not None):
            return Submitted(ref=theirs, was="again" if before is not None else "new")
        return Submitted(why=_why(answer))


def _listed(one: _Template) -> Listed:
    quality = one.quality_score.score if one.quality_score else ""
    why = one.rejected_reason if one.rejected_reason not in ("", "NONE") else ""
    return Listed(
        ref=f"{one.name}/{one.language}",
        id=one.id,
        name=one.name,
        lang=one.language,
        state=state_of(one.status) or "approved",
        why=why,
        category=one.category,
        quality=quality,
        body=next((part.text for part in one.components if part.type == "BODY"), ""),
    )


def _components(template: WaTemplate) -> list[dict[str, Any]]:
    body: dict[str, Any] = {"type": "BODY", "text": template.body}
    if template.samples:
        body["example"] = {"body_text": [list(template.samples)]}
    if not template.buttons:
        return [body]
    return [
        body,
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": title} for _, title in template.buttons]},
    ]


def _why(answer: Answer) -> str:
    no = decoded(answer.body, _No)
    if no is None:
        return f"Meta answered {answer.status}"
    details = no.error.error_data.get("details", "") if isinstance(no.error.error_data, dict) else ""
    return f"{no.error.error_user_msg or details or no.error.message} (code {no.error.code})"
