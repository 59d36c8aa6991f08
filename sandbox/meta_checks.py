"""What Meta checks in a message before it takes it, and how the message reads on the phone.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages, read 2026.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from sandbox.meta_wire import MetaRefused

MAX_TEXT_CHARS = 4096
MAX_BODY_CHARS = 1024
MAX_BUTTONS = 3
MAX_TITLE_CHARS = 20
MAX_ID_CHARS = 256
MAX_FOOTER_CHARS = 60
MAX_OPAQUE_CHARS = 512
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")

Buttons = tuple[tuple[str, str], ...]  # (id or payload, title)


@dataclasses.dataclass(frozen=True, slots=True)
class Template:
    """A template: text with {{1}} or {{name}}, quick-reply buttons by title, and how Meta has judged it."""

    name: str
    language: str
    body: str
    buttons: tuple[str, ...] = ()
    category: str = "UTILITY"
    status: str = "APPROVED"
    reason: str = "NONE"  # why it was rejected
    quality: str = "UNKNOWN"
    examples: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        digest = sum(ord(c) * 31**n for n, c in enumerate(self.name + self.language)) % 10**15
        return f"{digest:015d}".replace("0", "1", 1) if digest < 10**14 else str(digest)

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_VARIABLE.findall(self.body)))

    def as_json(self) -> dict[str, Any]:
        """As the template list shows it."""
        body: dict[str, Any] = {"type": "BODY", "text": self.body}
        if self.examples:
            body["example"] = {"body_text": [list(self.examples)]}
        components: list[dict[str, Any]] = [body]
        if self.buttons:
            shown = [{"type": "QUICK_REPLY", "text": title} for title in self.buttons]
            components.append({"type": "BUTTONS", "buttons": shown})
        return {
            "name": self.name,
            "language": self.language,
            "status": self.status,
            "category": self.category,
            "components": components,
            "quality_score": {"score": self.quality},
            "rejected_reason": self.reason,
            "id": self.id,
        }


@dataclasses.dataclass(frozen=True, slots=True)
class Shown:
    """What the phone shows of a message."""

    text: str
    buttons: Buttons = ()
    template: str | None = None


def shown(message: Mapping[str, Any], templates: Mapping[tuple[str, str], Template]) -> Shown:
    """Raises MetaRefused: 131008, 131009, 131051, 100, 132000, 132001."""
    if message.get("messaging_product") != "whatsapp":
        raise MetaRefused(100, "The parameter messaging_product is required.")
    if len(str(message.get("biz_opaque_callback_data", ""))) > MAX_OPAQUE_CHARS:
        raise MetaRefused(131009, "biz_opaque_callback_data is too long")
    kind = message.get("type", "text")
    part = message.get(kind)
    if kind not in ("text", "interactive", "template"):
        raise MetaRefused(131051, f"type {kind}")
    if not isinstance(part, dict):
        raise MetaRefused(131008, f"Missing {kind}")
    match kind:
        case "text":
            return Shown(_limited(part.get("body"), MAX_TEXT_CHARS, "text body", code=100))
        case "interactive":
            return _interactive(part)
        case _:
            return _template(part, templates)


def _limited(text: Any, most: int, what: str, code: int = 131009) -> str:
    if not isinstance(text, str) or not text.strip():
        raise MetaRefused(131008, f"{what} is missing")
    if len(text) > most:
        raise MetaRefused(code, f"{what} has {len(text)} characters, at most {most}")
    return text


def _interactive(part: Mapping[str, Any]) -> Shown:
    if part.get("type") != "button":
        raise MetaRefused(131009, f"interactive type {part.get('type')}")
    text = _limited((part.get("body") or {}).get("text"), MAX_BODY_CHARS, "interactive body")
    if "footer" in part:
        text += "\n" + _limited(part["footer"].get("text"), MAX_FOOTER_CHARS, "footer")
    given = (part.get("action") or {}).get("buttons")
    if not isinstance(given, list) or not 1 <= len(given) <= MAX_BUTTONS:
        raise MetaRefused(131009, f"1 to {MAX_BUTTONS} buttons")
    buttons = []
    for button in given:
        reply = button.get("reply") or {}
        if button.get("type") != "reply":
            raise MetaRefused(131009, "a button is of type reply")
        button_id = _limited(reply.get("id"), MAX_ID_CHARS, "button id")
        if button_id != button_id.strip():
            raise MetaRefused(131009, "blanks around a button id")
        buttons.append((button_id, _limited(reply.get("title"), MAX_TITLE_CHARS, "button title")))
    if any(len({button[n] for button in buttons}) < len(buttons) for n in (0, 1)):
        raise MetaRefused(131009, "Two buttons have the same id or title")
    return Shown(text, tuple(buttons))


def _template(part: Mapping[str, Any], templates: Mapping[tuple[str, str], Template]) -> Shown:
    name, language = str(part.get("name", "")), str((part.get("language") or {}).get("code", ""))
    template = templates.get((name, language))
    if template is not None and template.status in ("PAUSED", "DISABLED"):
        raise MetaRefused(132015 if template.status == "PAUSED" else 132016, f"template name ({name})")
    if template is None or template.status != "APPROVED":
        raise MetaRefused(132001, f"template name ({name}) does not exist in {language}")
    components = part.get("components") or []
    body: Mapping[str, Any] = next((c for c in components if c.get("type") == "body"), {})
    given = body.get("parameters") or []
    expected = template.variables
    if len(given) != len(expected):
        raise MetaRefused(132000, f"body: number of localizable_params ({len(given)}) does not match {len(expected)}")
    values = {p.get("parameter_name") or name: str(p.get("text", "")) for p, name in zip(given, expected, strict=True)}
    if set(values) != set(expected) or not all(v.strip() for v in values.values()):
        raise MetaRefused(131008, "a body parameter is missing or empty")
    payloads = dict(enumerate(template.buttons))  # without a payload of ours the press brings back the title
    for component in components:
        if component.get("type") == "button":
            index = int(component.get("index", -1))
            if index not in payloads or component.get("sub_type") != "quick_reply":
                raise MetaRefused(132000, f"no quick_reply button {index}")
            payloads[index] = str(component["parameters"][0].get("payload", ""))
    text = _VARIABLE.sub(lambda match: values[match[1]], template.body)
    return Shown(text, tuple((payloads[n], title) for n, title in enumerate(template.buttons)), name)
