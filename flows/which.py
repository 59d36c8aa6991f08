"""Several open orders, and words that could mean any of them: ask which, and take the answer."""

from __future__ import annotations

from flows.conversation import Question
from flows.events import CustomerWrote
from flows.orders import Order
from flows.talk import answer
from flows.turn import Turn
from flows.understand import fold
from flows.understand.model import Understood
from flows.wording import numbered

#: "Both", "all of them" in the languages that we read, folded as the reader folds.
_ALL = frozenset(
    fold(words)
    for words in (
        *("both", "both of them", "yes both", "both please", "all", "all of them", "both orders", "los dos", "las dos", "ambos", "ambas"),
        *("todos", "los dos pedidos", "sí los dos", "si los dos", "les deux", "tous les deux", "les deux commandes", "toutes", "os dois"),
        *("os dois pedidos", "entrambi", "tutti e due", "beide", "alle beide", "allebei", "alle twee", "oba", "obydwa", "obie"),
        *("amândouă", "ambele", "оба", "обе", "оба заказа", "обидва", "και τα δυο", "και τα δύο", "ikisi de", "her ikisi", "ikisini de"),
        *("كلاهما", "الاثنين", "الاتنين", "كليهما", "كلهم", "itnin", "letnin", "bjoj", "دونوں", "dono", "donon", "दोनों", "দুটোই", "duitai"),
        *("dutoi", "দুইটাই", "keduanya", "dua-duanya", "dua duanya", "semuanya", "kedua-dua", "dua-dua", "هر دو", "هردو", "cả hai"),
        *("ca hai", "ทั้งสอง", "ทั้งคู่", "pareho", "parehas", "zote", "zote mbili"),
    )
)  # fmt: skip
#: So many orders are listed when it is asked which one is meant.
LIST_MOST = 5


def ask_which(turn: Turn, event: CustomerWrote, intent: str, pool: list[Order], *, text: str = "") -> None:
    """`text`: words of several parts, which are read again once the order is known."""
    listed = sorted(pool, key=lambda o: o.seq)[-LIST_MOST:]
    lines = numbered(((o.id, o.fields.total) for o in listed), turn.language, turn.policy.script)
    ids = tuple(o.id for o in listed)
    turn.set(question=Question("which", event.channel, event.address, turn.now, ids, wanted=intent, text=text))
    answer(turn, event, "which_order", listed[0], count=len(listed), list=lines)


def all_of_them(text: str) -> bool:
    """Whether the answer is not one of the list but all of it."""
    return fold(text).strip(" .!") in _ALL


def chosen(orders: list[Order | None], text: str, got: Understood) -> Order | None:
    """By its number in the list (None: it has moved away since), or by the order's own number, which counts where it is none of
    the list's or is written with its sign."""
    words = text.strip().casefold()
    choice = got.slots.choice
    if choice is not None and 1 <= choice <= len(orders) and not words.startswith("#"):
        return orders[choice - 1]
    named = [o for o in orders if o is not None and o.id.lstrip("#").casefold() == words.lstrip("#")]
    return named[0] if len(named) == 1 else None
