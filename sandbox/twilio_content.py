"""Twilio's Content API, as much of it as message templates need: create, list, fetch, and filling in variables.

Source: https://www.twilio.com/docs/content/content-api-resources, read 2026.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sandbox import whatsapp_rules
from sandbox.twilio_wire import TwilioRefused, new_sid

_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
#: Source: https://www.twilio.com/docs/content/twilio-quick-reply, read 2026
MAX_BUTTONS = 10
MAX_BUTTON_CHARS = 20
MAX_BUTTON_ID_CHARS = 200


class WrongVariables(Exception):
    """A variable has neither a value nor a default."""


@dataclasses.dataclass(frozen=True, slots=True)
class Content:
    """One template: text with {{1}}, and quick-reply buttons as (id, title)."""

    sid: str
    name: str
    language: str
    body: str
    buttons: tuple[tuple[str, str], ...]
    defaults: Mapping[str, str]
    created: datetime
    approved: bool = True  # as a WhatsApp template; one that is not may go only inside the 24 hours

    def fill(self, values: Mapping[str, str]) -> tuple[str, tuple[tuple[str, str], ...]]:
        """Text and buttons with the variables filled in. Raises WrongVariables."""

        def value(match: re.Match[str]) -> str:
            found = values.get(match[1], self.defaults.get(match[1]))
            if found is None:
                raise WrongVariables(match[1])
            return found

        buttons = tuple((_VARIABLE.sub(value, button_id), title) for button_id, title in self.buttons)
        return _VARIABLE.sub(value, self.body), buttons

    def as_json(self, account_sid: str, base: str) -> dict[str, Any]:
        """The Content resource; `base` is the address of this Content API."""
        actions = [{"type": "QUICK_REPLY", "title": title, "id": button_id} for button_id, title in self.buttons]
        quick = {"twilio/quick-reply": {"body": self.body, "actions": actions}}
        url = f"{base}/v1/Content/{self.sid}"
        created = self.created.strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "sid": self.sid,
            "account_sid": account_sid,
            "friendly_name": self.name,
            "language": self.language,
            "variables": dict(self.defaults),
            "types": quick if self.buttons else {"twilio/text": {"body": self.body}},
            "url": url,
            "date_created": created,
            "date_updated": created,
            "links": {
                "approval_create": f"{url}/ApprovalRequests/whatsapp",
                "approval_fetch": f"{url}/ApprovalRequests",
            },
        }

    @property
    def kind(self) -> str:
        return "twilio/quick-reply" if self.buttons else "twilio/text"


@dataclasses.dataclass(frozen=True, slots=True)
class Approval:
    """How WhatsApp has judged a content that was submitted."""

    name: str
    category: str = "UTILITY"
    status: str = "pending"  # received | pending | approved | rejected | paused | disabled
    reason: str = ""

    def as_json(self, kind: str) -> dict[str, Any]:
        return {
            "type": "whatsapp",
            "name": self.name,
            "category": self.category,
            "content_type": kind,
            "status": self.status,
            "rejection_reason": self.reason,
            "allow_category_change": True,
        }


class Contents:
    """The templates of one account."""

    def __init__(self) -> None:
        self.by_sid: dict[str, Content] = {}
        self._judged: dict[str, Approval] = {}

    def approval(self, content: Content) -> Approval:
        """How it stands; contents that were registered as approved are so until they are judged."""
        plain = Approval(content.name, status="approved" if content.approved else "unsubmitted")
        return self._judged.get(content.sid, plain)

    def approved(self, content: Content) -> bool:
        return self.approval(content).status == "approved"

    def submit(self, sid: str, asked: Mapping[str, Any]) -> Approval:
        """Ask WhatsApp to approve it. Raises TwilioRefused 20404 or 20001; what WhatsApp finds wrong at once is rejected."""
        content = self.by_sid.get(sid)
        if content is None:
            raise TwilioRefused(20404, sid)
        if self.approval(content).status != "unsubmitted":
            raise TwilioRefused(20001, "an approval request exists already")
        name, category = str(asked.get("name", "")), str(asked.get("category", ""))
        if any((a.name, self.by_sid[s].language) == (name, content.language) for s, a in self._judged.items()):
            raise TwilioRefused(20001, f"a template {name} exists in {content.language}")
        status, reason = "received", ""
        try:
            whatsapp_rules.check_name(name, content.language, category)
            whatsapp_rules.check_body(content.body, [str(v) for v in content.defaults.values()])
            whatsapp_rules.check_buttons([title for _, title in content.buttons])
        except whatsapp_rules.Unfit as unfit:
            status, reason = "rejected", unfit.why
        self._judged[sid] = Approval(name, category, status, reason)
        return self._judged[sid]

    def judge(self, sid: str, status: str, reason: str = "", category: str = "") -> None:
        """WhatsApp has decided. Raises LookupError."""
        was = self.approval(self.by_sid[sid])
        self._judged[sid] = dataclasses.replace(was, status=status, reason=reason, category=category or was.category)

    def add(self, content: Content) -> None:
        """Raises ValueError where the buttons are more or longer than the provider takes."""
        if len(content.buttons) > MAX_BUTTONS:
            raise ValueError(f"{len(content.buttons)} buttons, at most {MAX_BUTTONS}")
        for button_id, title in content.buttons:
            if not 0 < len(title) <= MAX_BUTTON_CHARS or len(button_id) > MAX_BUTTON_ID_CHARS:
                raise ValueError(f"button too long or without a title: {title!r}")
        self.by_sid[content.sid] = content

    def create(self, asked: Mapping[str, Any], now: datetime) -> Content:
        """From the JSON of a create request; not approved for WhatsApp yet. Raises TwilioRefused 20001."""
        types = asked.get("types")
        if not isinstance(types, dict) or not asked.get("language"):
            raise TwilioRefused(20001, "types and language are required")
        shape = types.get("twilio/quick-reply") or types.get("twilio/text") or {}
        actions: Sequence[Mapping[str, str]] = shape.get("actions", ())
        content = Content(
            sid=new_sid("HX"),
            name=str(asked.get("friendly_name", "")),
            language=str(asked["language"]),
            body=str(shape.get("body", "")),
            buttons=tuple((action.get("id") or action["title"], action["title"]) for action in actions),
            defaults=dict(asked.get("variables") or {}),
            created=now,
            approved=False,
        )
        try:
            self.add(content)
        except ValueError as error:
            raise TwilioRefused(20001, str(error)) from error
        return content

    def named(self, sid: str, variables: str) -> tuple[Content, dict[str, str]]:
        """The content and the values given with it. Raises TwilioRefused 21655 or 21656."""
        content = self.by_sid.get(sid)
        if content is None:
            raise TwilioRefused(21655, sid)
        try:
            values = json.loads(variables or "{}")
        except ValueError as error:
            raise TwilioRefused(21656) from error
        if not isinstance(values, dict) or not all(isinstance(v, str) and v.strip() for v in values.values()):
            raise TwilioRefused(21656)
        return content, values
