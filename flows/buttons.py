"""What a button means: a verb, and the order and version it is bound to.

In a session our payload says it ("yes:<seq>:<version>"). An approved template's payload is fixed (the verb, or its title), so
there the message it hangs under says which order was asked about, and in which version.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from flows.events import CustomerPressed
from flows.orders import Order
from flows.turn import Turn
from flows.wording.catalogue import find
from flows.wording.spec import PIECES

_PREFIX = "button_"
#: What may stand around a typed word without changing it.
_AROUND = " \t\r\n.!,;:'\"*"
#: The verbs that stand under a text of ours.
VERBS = frozenset(key.removeprefix(_PREFIX) for key in PIECES if key.startswith(_PREFIX))


def titled(text: str, language: str, script: str | None = None) -> str:
    """The verb whose button has this title, for who types it instead of pressing it; "" for anything else.

    CHANGE, as our texts offer it in this language, is one of them: what is offered is always understood.
    """
    return _titles(language, script).get(text.strip(_AROUND).casefold(), "")


@lru_cache(maxsize=64)
def _titles(language: str, script: str | None) -> dict[str, str]:
    texts = find(language, script).texts
    return {texts["word_change"].casefold(): "change"} | {
        texts[_PREFIX + verb].casefold(): verb for verb in sorted(VERBS)
    }


def _is_number(text: str) -> bool:
    """Digits as we write them: a forged payload may carry others, or more than anybody counts to."""
    return text.isascii() and text.isdigit() and len(text) <= 6


def bound(turn: Turn, event: CustomerPressed, meaning: Callable[[str], str]) -> tuple[str, Order | None, bool]:
    """(verb, order, still its current version); no order where the button cannot be bound to one.

    `meaning` reads a title that is none of ours, of a template that the shop wrote itself, as a verb ("": unclear).
    """
    verb, _, rest = event.payload.partition(":")
    seq, _, version = rest.partition(":")
    if _is_number(seq) and _is_number(version):
        order = next((o for o in turn.orders if o.seq == int(seq)), None)
        return verb, order, order is not None and order.version == int(version)
    if rest and verb in VERBS:
        return (
            "",
            None,
            False,
        )  # ours by its form, and bound to nothing: torn or made up, and no words that anybody wrote
    verb = _verb(turn, event) or meaning(event.title or event.payload)
    for order in turn.orders:
        if verb and event.reply_to and event.reply_to in order.hung:
            return verb, order, order.hung[event.reply_to] == order.version
        for asked in order.asked:
            if event.reply_to and asked.provider_id == event.reply_to:
                return verb, order if verb else None, asked.version == order.version
    waiting = {open_.id for open_ in turn.open if open_.status == "planned"}  # nothing hangs under what has not left
    unsure = [
        (order, asked)
        for order in turn.orders
        for asked in order.asked
        if asked.channel == event.channel and asked.address == event.address and asked.status in ("planned", "unknown")
        if asked.effect_id not in waiting
    ]
    if verb and len(unsure) == 1:
        # Twilio broke off after taking it, so its id is not known to us; but it is the only one it can hang under
        order, asked = unsure[0]
        return verb, order, asked.version == order.version
    if verb == "again":
        # hangs under the news of a cancellation: clear where only one order was cancelled
        cancelled = [o for o in turn.orders if o.state == "cancelled"]
        return verb, cancelled[0] if len(cancelled) == 1 else None, True
    return "", None, False


def _verb(turn: Turn, event: CustomerPressed) -> str:
    if event.payload in VERBS:
        return event.payload
    for language in (turn.language, turn.policy.language):
        verb = titled(event.title or event.payload, language, turn.policy.script)
        if verb:
            return verb
    return ""
