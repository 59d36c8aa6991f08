"""Names for new conversations: in the order in which they began, and not to be guessed."""

from __future__ import annotations

import secrets
from datetime import datetime

from storage.moments import ms_by


def new_id(now: datetime) -> str:
    """24 hexadecimal digits: 11 of the millisecond, then 13 that are random (RFC 9562 says why: of ids in the order of time, new ones
    stand together in an index, and a batch of them touches one of its pages; a random one touches one each)."""
    return f"{ms_by(now):011x}{secrets.token_hex(7)[1:]}"
