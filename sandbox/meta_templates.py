"""Meta's message templates: listed, submitted, edited, judged; and the webhooks that tell of it.

Source: https://developers.facebook.com/docs/graph-api/reference/whats-app-business-account/message_templates and
https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference, read 2026-11.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox import whatsapp_rules
from sandbox.meta_checks import Template
from sandbox.meta_wire import MetaRefused

if TYPE_CHECKING:
    from sandbox.meta import PretendMeta

DEFAULT_PAGE = 25
#: May be edited in these states only. Source: the page "template management", read 2026-11.
_EDITABLE = frozenset({"APPROVED", "REJECTED", "PAUSED"})


class MetaReviews:
    """What happens to the templates of one business account."""

    def __init__(self, meta: PretendMeta) -> None:
        self._meta = meta

    def by_id(self, template_id: str) -> Template | None:
        return next((t for t in self._meta.templates.values() if t.id == template_id), None)

    def page(self, query: Mapping[str, str]) -> dict[str, Any]:
        """The account's templates; `name`, `limit` and `after` (a cursor) narrow them."""
        found = [t for t in self._meta.templates.values() if query.get("name") in (None, t.name)]
        start = int(query.get("after") or 0)
        size = int(query.get("limit") or DEFAULT_PAGE)
        shown = found[start : start + size]
        paging: dict[str, Any] = {"cursors": {"before": str(start), "after": str(start + len(shown))}}
        if start + size < len(found):
            paging["next"] = f"https://graph.facebook.com/next?after={start + size}"
        return {"data": [t.as_json() for t in shown], "paging": paging}

    def create(self, asked: Mapping[str, Any]) -> Template:
        """From a create request; it waits for its review. Raises MetaRefused 100 with Meta's subcode."""
        name, language = str(asked.get("name", "")), str(asked.get("language", ""))
        category = str(asked.get("category", ""))
        template = _template(name, language, category, asked)
        if (name, language) in self._meta.templates:
            raise MetaRefused(100, "Content in this language already exists", subcode=2388024)
        self._meta.templates[name, language] = template
        return template

    def edit(self, template: Template, asked: Mapping[str, Any]) -> Template:
        """A new text for one that was judged; it is judged anew. Raises MetaRefused 100."""
        if template.status not in _EDITABLE:
            raise MetaRefused(100, "This template cannot be edited now", subcode=2388039)
        category = str(asked.get("category", template.category))
        new = _template(template.name, template.language, category, asked)
        self._meta.templates[template.name, template.language] = new
        return new

    async def review(self, name: str, language: str, event: str, reason: str = "NONE", told: bool = True) -> int:
        """Meta judges: APPROVED, REJECTED, PAUSED, DISABLED, FLAGGED, REINSTATED … `told`: by webhook. Raises LookupError."""
        template = self._meta.templates[name, language]
        status = {"REINSTATED": "APPROVED", "FLAGGED": template.status}.get(event, event)
        template = dataclasses.replace(template, status=status, reason=reason)
        self._meta.templates[name, language] = template
        value: dict[str, Any] = {"event": event, **_named(template), "reason": reason}
        value["message_template_category"] = template.category
        if event == "PAUSED":
            value["other_info"] = {"title": "FIRST_PAUSE", "description": "Paused because of low quality."}
        return await self._tell("message_template_status_update", value) if told else 200

    async def rate(self, name: str, language: str, score: str, told: bool = True) -> int:
        """The quality score becomes GREEN, YELLOW or RED."""
        before = self._meta.templates[name, language]
        self._meta.templates[name, language] = dataclasses.replace(before, quality=score)
        value = {"previous_quality_score": before.quality, "new_quality_score": score, **_named(before)}
        return await self._tell("message_template_quality_update", value) if told else 200

    async def categorize(self, name: str, language: str, category: str, told: bool = True) -> int:
        """Meta takes it for something else than the shop said."""
        before = self._meta.templates[name, language]
        self._meta.templates[name, language] = dataclasses.replace(before, category=category)
        value = {**_named(before), "previous_category": before.category, "new_category": category}
        return await self._tell("template_category_update", value) if told else 200

    async def tier(self, limit: int, told: bool = True) -> int:
        """The portfolio may write to so many people a day; -1: to all."""
        self._meta.rules = dataclasses.replace(self._meta.rules, daily_limit=None if limit < 0 else limit)
        value = {
            "max_daily_conversation_per_phone": limit,
            "max_daily_conversations_per_business": limit,
            "max_phone_numbers_per_business": 25,
            "max_phone_numbers_per_waba": 25,
        }
        return await self._tell("business_capability_update", value) if told else 200

    async def _tell(self, field: str, value: Mapping[str, Any]) -> int:
        return await self._meta.hooks.post(self._meta.account_hook(field, value))


def _named(template: Template) -> dict[str, Any]:
    return {
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
    }


def _template(name: str, language: str, category: str, asked: Mapping[str, Any]) -> Template:
    components = asked.get("components")
    if not isinstance(components, list):
        raise MetaRefused(100, "components are missing", subcode=2388043)
    parts: dict[str, Mapping[str, Any]] = {}
    for component in components:
        kind = str(component.get("type", "")).upper()
        if kind not in ("BODY", "BUTTONS", "FOOTER") or kind in parts:
            raise MetaRefused(100, f"component {kind}", subcode=2388047)
        parts[kind] = component
    body = str(parts.get("BODY", {}).get("text", ""))
    examples = ((parts.get("BODY", {}).get("example") or {}).get("body_text") or [[]])[0]
    buttons = parts.get("BUTTONS", {}).get("buttons") or []
    if any(button.get("type") != "QUICK_REPLY" for button in buttons):
        raise MetaRefused(100, "this pretend Meta knows quick replies only", subcode=2388047)
    titles = tuple(str(button.get("text", "")) for button in buttons)
    try:
        whatsapp_rules.check_name(name, language, category)
        whatsapp_rules.check_body(body, examples)
        whatsapp_rules.check_buttons(titles)
    except whatsapp_rules.Unfit as unfit:
        raise MetaRefused(100, unfit.why, subcode=unfit.subcode) from unfit
    return Template(name, language, body, titles, category, "PENDING", examples=tuple(examples))


async def json_of(request: web.Request) -> Mapping[str, Any]:
    """Raises MetaRefused 100 for anything but an object."""
    try:
        asked = await request.json()
    except ValueError as error:
        raise MetaRefused(100, "The body is no JSON") from error
    if not isinstance(asked, dict):
        raise MetaRefused(100, "The body is no JSON object")
    return asked
