"""How an order ended, from the words of a shop's file: (ended, whose fault). The words stand in history_outcomes.txt.

The longest words found in a cell decide; a "not" beside words that do not contain it makes them unknown, because "not delivered"
must never count as delivered. What is unknown is refused with its row, and named in the preview, where --outcome explains it.
A parcel that "came back" with no reason counts as the customer's doing, as shops mean it; a reason of the courier's or the shop's
own takes that off, and a bare refund never counts against anybody.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources
from typing import get_args

from msgspec import Struct

from engine.history_columns import normal
from engine.ports import TheirFault
from flows.risk.history import CAME_BACK, ENDINGS, Ended, Fault

#: In one word, next to what it denies. Own selection.
_NOT = frozenset(
    [
        *"not no non never nicht kein keine ne pas nie nem niet ej inte ikke ei nu sin sem não nao не нет ні без δεν μη".split(),
        *"لم لا غير ليس نہیں नहीं ना না tidak belum không chưa ไม่ değil degil".split(),
    ]
)


class UnknownOutcome(TheirFault):
    """The words do not say how it ended; the message shows them."""


class StillOpen(TheirFault):
    """The order is not closed yet, so it is no history."""


class Told(Struct, frozen=True):
    """What a row says about its end. Empty where it does not."""

    status: str = ""
    financial: str = ""
    fulfilment: str = ""
    reason: str = ""
    tags: str = ""
    cancelled_by: str = ""
    cancelled: bool = False  # a date of cancelling is given
    fulfilled: bool = False  # a date of shipping is given
    refunded: bool = False  # an amount was given back


class Outcome(Struct, frozen=True):
    """How it ended, whose fault that was, and whether nobody could be reached about it."""

    ended: Ended
    fault: Fault = "none"
    unreachable: bool = False


class _Book(Struct, frozen=True):
    endings: dict[str, tuple[str, str]]
    reasons: dict[str, tuple[str, str]]


@cache
def _book() -> _Book:
    endings: dict[str, tuple[str, str]] = {}
    reasons: dict[str, tuple[str, str]] = {}
    for line in resources.files("engine").joinpath("history_outcomes.txt").read_text("utf-8").splitlines():
        head, _, words = line.partition(":")
        if not words or line.startswith("#"):
            continue
        *kind, ended, fault = head.split()
        for word in words.split(","):
            (reasons if kind else endings).setdefault(normal(word), (ended, fault))
    return _Book(endings, reasons)


@lru_cache(maxsize=4096)  # a shop has a few dozen ways to say it
def outcome_of(told: Told) -> Outcome:
    """How the order ended, in words that need no help of the shop's. Raises UnknownOutcome, StillOpen."""
    return outcome(told)


def outcome(told: Told, extra: Mapping[str, str] | None = None) -> Outcome:
    """How the order ended. `extra`: words of this shop -> "ended" or "ended:fault", before our own.

    Raises UnknownOutcome, StillOpen.
    """
    if told.status:
        ended, fault = _ending(told.status, extra)
    else:
        ended, fault = _of_parts(told)
    why, whose = _reason(told.reason) or _reason(told.tags) or ("", "")
    unreachable = ended == "cancelled_by_rule" or why == "unreachable"
    if ended == "returned" and why in CAME_BACK:
        ended = why
    if ended == "cancelled_by_shop" and told.cancelled_by:
        ended = _canceller(told.cancelled_by)
    if why and whose and ended in CAME_BACK:
        fault = whose
    return Outcome(_ended(ended), _fault(fault), unreachable)


def parse_outcome(written: str) -> tuple[str, str]:
    """("returned", "customer") of "returned:customer". Raises UnknownOutcome where it is none of ours."""
    ended, _, fault = written.partition(":")
    if ended != "open" and ended not in ENDINGS:
        raise UnknownOutcome(f"{ended!r} is no ending. Endings: open, {', '.join(ENDINGS)}")
    fault = fault or ("customer" if ended in CAME_BACK else "none")
    if fault not in get_args(Fault):
        raise UnknownOutcome(f"{fault!r} is nobody's fault. Faults: {', '.join(get_args(Fault))}")
    return ended, fault


def _ending(words: str, extra: Mapping[str, str] | None) -> tuple[str, str]:
    plain = normal(words)
    if extra and plain in extra:
        found: tuple[str, str] | None = parse_outcome(extra[plain])
    else:
        found = look_up(plain)
    if found is None:
        raise UnknownOutcome(
            f"how did it end? {words[:60]!r} is not known; tell with --outcome {words[:60]!r}=delivered"
        )
    if found[0] == "open":
        raise StillOpen(f"not closed yet ({words[:60]})")
    return found


@lru_cache(maxsize=4096)
def look_up(plain: str) -> tuple[str, str] | None:
    """(ended, fault) of a status in normal form; None where it is not known."""
    return _longest(plain, _book().endings)


@lru_cache(maxsize=4096)
def _reason(words: str) -> tuple[str, str] | None:
    return _longest(normal(words), _book().reasons) or _returned_by(normal(words)) if words else None


def _returned_by(plain: str) -> tuple[str, str] | None:
    """A reason may name the ending itself: `refused`, `nobody home`."""
    found = _longest(plain, _book().endings)
    return found if found is not None and found[0] in {"refused", "not_collected"} else None


def _longest(plain: str, book: Mapping[str, tuple[str, str]]) -> tuple[str, str] | None:
    if plain in book:
        return book[plain]
    words = plain.split()
    for length in range(min(5, len(words)), 0, -1):
        for at in range(len(words) - length + 1):
            phrase = " ".join(words[at : at + length])
            if phrase in book:
                rest = {*words[:at], *words[at + length :]}
                return None if rest & _NOT else book[phrase]
    return None


def _of_parts(told: Told) -> tuple[str, str]:
    """From the money and the parcel (Shopify): paid and gone is paid; gone, and the money void, is a parcel that came back."""
    money, parcel = normal(told.financial), normal(told.fulfilment)
    if not (money or parcel or told.cancelled):
        raise UnknownOutcome("no status: it is not said how the order ended")
    gone = told.fulfilled or parcel in {"fulfilled", "shipped", "delivered", "partial"}
    if money in {"voided", "expired"} or told.cancelled or parcel == "restocked":
        return ("returned", "customer") if gone else ("cancelled_by_shop", "none")
    if money == "refunded" or (told.refunded and money == "partially refunded"):
        return "returned", "none"
    if money in {"paid", "partially refunded"}:
        if gone:
            return "paid", "none"
        raise StillOpen("not closed yet (paid, not shipped)")
    if money in {"pending", "authorized", "partially paid", ""}:
        raise StillOpen(f"not closed yet ({', '.join(x for x in (told.financial, told.fulfilment) if x)})")
    found = look_up(money or parcel)
    if found is None or found[0] == "open":
        raise UnknownOutcome(f"how did it end? {(told.financial or told.fulfilment)[:60]!r} does not say")
    return found


def _canceller(who: str) -> str:
    plain = normal(who)
    if re.search(r"customer|client|buyer|kunde|клиент|покупат|عميل|müşteri|musteri|pembeli|khach", plain):
        return "cancelled_by_customer"
    return "cancelled_by_rule" if re.search(r"system|auto|rule", plain) else "cancelled_by_shop"


def _ended(word: str) -> Ended:
    for ended in ENDINGS:
        if ended == word:
            found: Ended = ended
            return found
    raise UnknownOutcome(f"{word!r} is no ending")


def _fault(word: str) -> Fault:
    for fault in get_args(Fault):
        if fault == word:
            found: Fault = fault
            return found
    raise UnknownOutcome(f"{word!r} is nobody's fault")
