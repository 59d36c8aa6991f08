"""A yes with a condition that the shop cannot keep: "yes, but only after 10 at night" is no yes to a parcel at noon."""

from __future__ import annotations

from flows import hours, slotting
from flows.delivery_time import resolve
from flows.orders import Order
from flows.turn import Turn
from flows.understand import fold
from flows.understand.model import Understood

#: "Only" in the languages that we read, folded as the reader folds. Whole words.
ONLY = frozenset(
    fold(word)
    for word in (
        *("only", "just", "solo", "solamente", "unicamente", "nomas", "seulement", "uniquement", "só", "somente", "apenas"),
        *("nur", "lediglich", "soltanto", "alleen", "enkel", "tylko", "wyłącznie", "doar", "numai", "только", "лишь", "тільки"),
        *("лише", "μόνο", "mono", "sadece", "yalnız", "yalnızca", "فقط", "بس", "غير", "bas", "bss", "ghir", "sirf", "सिर्फ", "केवल"),
        *("صرف", "shudhu", "শুধু", "কেবল", "hanya", "cuma", "cuman", "sahaja", "chỉ", "chi", "เท่านั้น", "lang", "lamang", "tu", "pekee"),
    )
)  # fmt: skip


def unmet(turn: Turn, got: Understood, order: Order, text: str) -> bool:
    """Whether this sure yes is bound to a time ("only …") that the shop's own hours do not have.

    Where couriers are described, what they can do is offered instead (flows/slotting.py), and stays a choice.
    """
    wish = next((part.slots for part in got.parts if part.intent == "change_time"), None)
    if got.intent != "yes" or wish is None or not (wish.day or wish.window) or slotting.described(turn):
        return False
    if not turn.policy.hours.week or not ONLY & set(fold(text).replace(",", " ").split()):
        return False
    zone = hours.zone_for(order.fields.address.country, turn.policy)
    return resolve(wish.day, wish.window, turn.now, turn.policy.hours, zone) is None
