"""How one of our WhatsApp templates stands at the provider."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

#: "" nothing was said; pending: never approved yet; rejected; paused: for a while; gone: disabled, deleted or never there.
State = Literal["", "approved", "pending", "rejected", "paused", "gone"]


class Standing(Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """By our name and language. Empty fields: nothing was said, or all is well."""

    name: str
    lang: str
    state: State = ""
    why: str = ""  # in the provider's words
    category: str = ""  # the provider's, where it is another than UTILITY
    quality: str = ""  # RED where it is low
    until: datetime | None = None  # it was refused while being sent: rests until then
