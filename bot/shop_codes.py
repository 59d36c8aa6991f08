"""A shop in a button's data, of which Telegram takes 64 bytes: its id, or a short code for a long one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

#: The longest id that stands as it is: "d:ask:<id>:pause.whatsapp.29745120" stays within 64 bytes.
WHOLE_MOST = 30
#: No id of a shop begins with it (engine/settings/values.py).
MARK = "~"


def code_of(shop: str) -> str:
    """What stands in the data."""
    return shop if len(shop) <= WHOLE_MOST else MARK + hashlib.sha256(shop.encode()).hexdigest()[:12]


def shop_of(code: str, shops: Iterable[str]) -> str:
    """The shop that is meant; what no shop of ours stands behind is given back as it is."""
    return next((shop for shop in shops if code == code_of(shop)), code) if code.startswith(MARK) else code
