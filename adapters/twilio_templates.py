"""WhatsApp templates at Twilio: contents, and the requests to approve them. Twilio tells no webhook of ours, so the list is asked.

Source: https://www.twilio.com/docs/content/content-api-resources, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from adapters.exchange import Exchange, decoded
from adapters.meta import code_of
from adapters.receiving import JSON
from adapters.replied import Answer
from adapters.twilio_send import authorization
from adapters.twilio_settings import TwilioSettings
from engine.ports import Unanswered
from engine.templates import Submitted
from flows.approvals import Listed, state_of
from flows.wording import WaTemplate

PAGE_SIZE, PAGES_MOST = 500, 20
#: A rejected content is submitted anew under a new name, at most so often.
TRIES_MOST = 50


class _Approval(msgspec.Struct):
    name: str = ""
    status: str = ""
    category: str = ""
    rejection_reason: str | None = ""


class _Content(msgspec.Struct):
    sid: str
    language: str = ""
    friendly_name: str | None = ""
    types: dict[str, dict[str, Any]] = {}
    approval_requests: _Approval | None = None


class _Meta(msgspec.Struct):
    next_page_url: str | None = None


class _Page(msgspec.Struct):
    contents: list[_Content]
    meta: _Meta | None = None


class _Made(msgspec.Struct):
    sid: str = ""


class _No(msgspec.Struct):
    code: int = 0
    message: str = ""


class TwilioTemplates:
    """Implements engine.ports.TemplatePlace."""

    provider = "Twilio"

    def __init__(self, settings: TwilioSettings, exchange: Exchange, shops: tuple[str, ...]) -> None:
        self._exchange = exchange
        self._base = content_url(settings.base_url)
        self._headers = authorization(settings)
        self.shops = shops
        self.name = f"twilio-templates-{settings.account_sid[-6:]}"
        self.configured: Mapping[tuple[str, str], str] = {
            (name, lang): sid for name, by_lang in settings.content_sids.items() for lang, sid in by_lang.items()
        }

    def lacks(self) -> str:
        return ""

    async def limit(self) -> int:
        """0: Twilio's limit is that of the WhatsApp sender at Meta; the console shows it, and daily_recipients names it."""
        return 0

    async def listed(self) -> tuple[Listed, ...]:
        """Raises Unanswered."""
        found: list[Listed] = []
        page_number = 0
        for page_number in range(PAGES_MOST):
            params = {"PageSize": str(PAGE_SIZE), "Page": str(page_number)}
            url = f"{self._base}/v1/ContentAndApprovals"
            answer = await self._exchange.ask("GET", url, headers=self._headers, params=params)
            page = decoded(answer.body, _Page) if isinstance(answer, Answer) and answer.status == 200 else None
            if page is None:
                raise Unanswered("Twilio's contents")
            found += [_listed(one) for one in page.contents]
            if page.meta is None or not page.meta.next_page_url:
                break
        return tuple(found)

    async def submit(self, template: WaTemplate, theirs: str, known: tuple[Listed, ...]) -> Submitted:
        """Make the content and ask for its approval; one that was rejected comes anew under a name that is free."""
        lang = code_of(template.language)
        mine = {one.name: one for one in known if one.lang == lang}
        name = theirs
        for n in range(2, TRIES_MOST):
            before = mine.get(name)
            if before is None:
                break
            if before.state not in ("rejected", "gone"):
                return Submitted(ref=before.ref, was="there")
            name = f"{theirs}_{n}"
        made = await self._post("/v1/Content", _content(template, name, lang))
        content = decoded(made.body, _Made) if isinstance(made, Answer) and made.status == 201 else None
        if content is None or not content.sid:
            return Submitted(why=_why(made))
        asked = {"name": name, "category": template.category}
        approval = await self._post(f"/v1/Content/{content.sid}/ApprovalRequests/whatsapp", asked)
        if not isinstance(approval, Answer) or approval.status != 201:
            return Submitted(why=f"{content.sid} was made, but not submitted: {_why(approval)}")
        told = decoded(approval.body, _Approval)
        if told is not None and told.status == "rejected":
            return Submitted(why=told.rejection_reason or "rejected at once")
        return Submitted(ref=content.sid, was="again" if name != theirs else "new")

    async def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        headers = {**self._headers, "Content-Type": JSON}
        return await self._exchange.ask("POST", self._base + path, headers=headers, body=msgspec.json.encode(body))


def content_url(base_url: str) -> str:
    """Contents have a host of their own beside the API's; a base_url that is none of Twilio's serves both."""
    return base_url.rstrip("/").replace("://api.", "://content.", 1)


def _listed(one: _Content) -> Listed:
    approval = one.approval_requests or _Approval(status="unsubmitted")
    body = next((str(kind.get("body", "")) for kind in one.types.values()), "")
    return Listed(
        ref=one.sid,
        id=one.sid,
        name=approval.name or one.friendly_name or "",
        lang=one.language,
        state=state_of(approval.status) or "approved",
        why=approval.rejection_reason or "",
        category=approval.category,
        body=body,
    )


def _content(template: WaTemplate, name: str, lang: str) -> dict[str, Any]:
    """Buttons carry our verbs: a press says what it means, and the message it hangs under says of which order."""
    if template.buttons:
        actions = [{"type": "QUICK_REPLY", "title": title, "id": verb} for verb, title in template.buttons]
        types: dict[str, Any] = {"twilio/quick-reply": {"body": template.body, "actions": actions}}
    else:
        types = {"twilio/text": {"body": template.body}}
    samples = {str(n): sample for n, sample in enumerate(template.samples, start=1)}
    return {"friendly_name": name, "language": lang, "variables": samples, "types": types}


def _why(answer: Any) -> str:
    if not isinstance(answer, Answer):
        return f"Twilio did not answer ({answer.reason}); look with templates list before you try again"
    no = decoded(answer.body, _No)
    return f"{no.message} (code {no.code})" if no is not None else f"Twilio answered {answer.status}"
