"""What came back for a request: as it stood on the line, and as an adapter reads it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Reply(Struct, frozen=True):
    """An answer, read to its end."""

    status: int
    headers: Mapping[str, str]  # any case
    body: bytes


class Answer(Struct, frozen=True):
    """What the provider said. `retry_after_s` None where it named no time."""

    status: int
    body: bytes
    retry_after_s: float | None = None
