"""What a store says of itself after its data came out of a backup."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Restored(Struct, frozen=True):
    """`epoch` counts the restores of this data."""

    epoch: int
    backup_at: datetime
    restored_at: datetime
