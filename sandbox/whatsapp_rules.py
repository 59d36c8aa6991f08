"""What WhatsApp checks in a template when it is submitted, at Meta and through Twilio alike.

Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview, its components page and
https://www.twilio.com/docs/api/errors/63040, read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

NAME = re.compile(r"[a-z0-9_]{1,512}")
CATEGORIES = frozenset({"UTILITY", "MARKETING", "AUTHENTICATION"})
#: Of the some 80 languages those that a shop of this kind may ask for. Source: the page "supported languages", read 2026-11.
LANGUAGES = frozenset(
    "af ar az bg bn ca cs da de el en en_GB en_US es es_AR es_ES es_MX et fa fi fil fr gu ha he hi hr hu id it ja kk kn ko lo lt lv"
    " mk ml mr ms nb nl pa pl pt_BR pt_PT ro ru sk sl sq sr sv sw ta te th tr uk ur uz vi zh_CN zh_HK zh_TW zu".split()
)
MAX_BODY_CHARS, MAX_FOOTER_CHARS, MAX_BUTTON_CHARS, MAX_BUTTONS = 1024, 60, 25, 10
_VARIABLE = re.compile(r"\{\{\s*(\w*)\s*\}\}")


class Unfit(Exception):
    """The template breaks a rule: Meta's subcode of it, and the rule in words."""

    def __init__(self, subcode: int, why: str) -> None:
        super().__init__(why)
        self.subcode = subcode
        self.why = why


def check_name(name: str, language: str, category: str) -> None:
    """Raises Unfit."""
    if not NAME.fullmatch(name):
        raise Unfit(2388072, "a template's name has only lowercase letters, digits and underscores, 512 at most")
    if language not in LANGUAGES:
        raise Unfit(2388006, f"language {language} is not supported")
    if category not in CATEGORIES:
        raise Unfit(2388073, f"category {category} is not known")


def check_body(body: str, examples: Sequence[str]) -> None:
    """Raises Unfit."""
    if not body.strip():
        raise Unfit(2388043, "the body is missing")
    if len(body) > MAX_BODY_CHARS:
        raise Unfit(2388040, f"the body has {len(body)} characters, {MAX_BODY_CHARS} at most")
    if re.search(r"\n{3,}|\t| {5,}", body):
        raise Unfit(2388043, "the body has tabs, more than two line breaks or more than four blanks in a row")
    names = _VARIABLE.findall(body)
    if list(dict.fromkeys(names)) != [str(n) for n in range(1, len(set(names)) + 1)]:
        raise Unfit(2388047, "variables are numbered 1, 2, 3 in their order")
    if re.match(r"\s*\{\{", body) or re.search(r"\}\}\s*$", body):
        raise Unfit(2388299, "a variable stands at the start or the end of the body")
    if re.search(r"\}\}\s*\{\{", body):
        raise Unfit(2388299, "two variables stand side by side")
    if len(examples) != len(set(names)) or not all(example.strip() for example in examples):
        raise Unfit(2388043, f"{len(set(names))} variables need as many examples")


def check_buttons(titles: Sequence[str]) -> None:
    """Quick replies by title. Raises Unfit."""
    if len(titles) > MAX_BUTTONS:
        raise Unfit(2388047, f"{len(titles)} buttons, {MAX_BUTTONS} at most")
    if len(set(titles)) < len(titles):
        raise Unfit(2388047, "two buttons say the same")
    for title in titles:
        if not 0 < len(title) <= MAX_BUTTON_CHARS or "\n" in title or _VARIABLE.search(title):
            raise Unfit(2388040, f"a button has 1 to {MAX_BUTTON_CHARS} characters on one line: {title!r}")
