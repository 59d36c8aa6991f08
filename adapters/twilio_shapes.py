"""The answers of Twilio's Messages resource, as far as sending reads them. A field that we do not name is not looked at.

Source: https://www.twilio.com/docs/messaging/api/message-resource, read 2026-11.
"""

from __future__ import annotations

from msgspec import Struct, field


class Taken(Struct):
    sid: str


class Refusal(Struct):
    code: int
    message: str = ""


class Listed(Struct):
    sid: str
    to: str
    from_: str | None = field(name="from", default=None)
    body: str | None = None
    status: str = ""
    direction: str = ""
    date_created: str = ""
    error_code: int | str | None = None


class Page(Struct):
    messages: list[Listed]
