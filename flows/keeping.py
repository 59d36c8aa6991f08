"""How long what is known of people is kept."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct


class Keep(Struct, frozen=True):
    """None: for ever. `contact`: where a customer asks about their data; `controller`: who answers for it, by law."""

    conversations: timedelta | None = timedelta(days=365)  # after the last word or change
    journal: timedelta | None = timedelta(days=365)  # lines of conversations that live on
    history: timedelta | None = timedelta(days=3 * 365)  # closed orders: what a customer's past is read from
    bodies: timedelta | None = timedelta(days=30)  # webhooks that nobody could read
    contact: str = ""
    controller: str = ""
