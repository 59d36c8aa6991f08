"""What a whole message decides, read from the roles of its tokens: sure of yes, no, cancel.

A message is sure when every token of it is accounted for. One word that the lexicon does not know, one negation,
condition, doubt or question mark beside a decision, and the answer is at most a guess. A second part ("yes but
bring it after 6") keeps the decision sure only where the part itself is understood.

    roles --split at commas, "but", "and"--> clauses --each--> decision | filler | part | unknown
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from msgspec import Struct

from flows.understand.cover import Piece

#: Roles that a decision may stand beside without being weakened.
EMPTY: Final = frozenset({"fill", "thanks", "greeting", "emoji", "sep", "pleased", "but", "nod"})
#: Roles that make everything beside them unsure.
BLOCKS: Final = frozenset({"if", "maybe", "ask", "not", "quote", "word", "num", "stop", "stop_all", "start", "help"})
#: Roles that leave everything beside them open, or are another matter.
OPEN: Final = frozenset({"if", "maybe", "ask", "quote", "keep", "stop", "stop_all", "start", "help", "not_me", "later"})
AGREE: Final = frozenset({"yes", "affirm", "send", "ok"})
FIRM: Final = frozenset({"yes", "affirm", "send"})
#: Roles of the words that only say when and how to bring it.
TIMING: Final = frozenset({"after", "before", "between", "until", "hour", "am", "pm", "time"})
#: Reasons that without another word lean to a cancel; the others may be complaints or wishes.
_GIVES_UP: Final = frozenset({"changed_mind", "no_money", "ordered_elsewhere"})
_DONE_WITH: Final = frozenset({"changed_mind", "ordered_elsewhere"})
#: Roles that leave a plain cancel in doubt when they stand beside it.
BLOCKS_CANCEL: Final = frozenset({"if", "maybe", "ask", "not", "keep", "no", "num", "but", "stop", "stop_all"})
#: Unknown words that may stand in other clauses than the cancel's: a name, a reason in words of their own.
_BESIDE_CANCEL: Final = 4
#: Roles that are a whole message's intent.
WHOLE_INTENTS: Final = frozenset(
    {"not_me", "call_me", "human", "later", "order_status", "discount", "thanks", "greeting"}
)
#: Intents that a yes may carry along and stay a sure yes: each of them is done beside the confirmation.
COMPANIONS: Final = frozenset(
    {"change_time", "change_phone", "change_address", "change_items", "question", "order_status", "call_me"}
)


class Reading(Struct, frozen=True):
    """What one language form makes of a message. `rest`: token ranges that are further parts, still to be named."""

    intent: str
    sure: bool
    reason: str | None = None
    alone: bool = False  # a reason that at a question is a cancel by itself
    proof: bool = False  # only what is proved or heard very clearly beside it keeps it sure
    late: bool = False  # said after other things: it may belong to them
    rest: tuple[tuple[int, int], ...] = ()


def read(pieces: list[Piece]) -> Reading | None:
    """The decision of a covered message, or its one whole-message intent; None where it holds neither."""
    roles = {piece.role for piece in pieces}
    whole = _whole(pieces, roles)
    if whole is not None:
        return whole
    if "quote" in roles or not roles & (AGREE | {"no", "cancel", "keep", "nod"}):
        return None
    return _in_parts(pieces, roles)


def _whole(pieces: list[Piece], roles: set[str]) -> Reading | None:
    """A message without a word that is not accounted for."""
    if _breaks_off(pieces):
        return None
    core = roles - EMPTY
    if not core:
        return _courtesy(roles)
    if core == {"stop"} and any(piece.role == "stop" and piece.end - piece.start > 1 for piece in pieces):
        return Reading("stop", True)  # "stop texting me"; a bare "please stop" may mean the order
    if len(pieces) == 1 or core == roles:
        only = next(iter(core)) if len(core) == 1 else ""
        if only == "stop_all":
            return Reading("stop", True, "everything")
        if only in {"stop", "start", "help"} and len([piece for piece in pieces if piece.role == only]) == 1:
            return Reading(only, True)
    sure = not any(piece.doubt for piece in pieces)
    reasons = [piece.role[7:] for piece in pieces if piece.role.startswith("reason:")]
    named = {role for role in core if not role.startswith("reason:")} - {"why", "nice"}
    if reasons and named <= {"cancel", "no"} and (named or _GIVES_UP & set(reasons)):
        alone = sure and not named and set(reasons) <= _DONE_WITH
        return Reading("cancel", sure and "cancel" in named, reasons[0], alone)
    if core and named <= AGREE and "why" not in core and not reasons:
        return _agreement(core, roles, sure)
    if core == {"no"}:
        return Reading("no", sure)
    if "cancel" in named and named <= {"cancel", "no", "ok"}:
        return Reading("cancel", sure and _plain_cancel(pieces))
    if len(named) == 1 and named <= WHOLE_INTENTS:
        return Reading(next(iter(named)), sure)
    if "not_me" in named and named <= {"not_me", "no", "cancel"}:
        return Reading("not_me", sure)
    return None


def _breaks_off(pieces: list[Piece]) -> bool:
    """Whether a message ends with its "but": what it wanted to say is not said."""
    said = [piece.role for piece in pieces if piece.role not in {"sep", "emoji", "fill"}]
    return len(said) > 1 and said[-1] == "but"


def _courtesy(roles: set[str]) -> Reading | None:
    """A message of politeness only: thanks, a greeting, or a nod, which alone is a yes."""
    for intent in ("thanks", "greeting"):
        if intent in roles:
            return Reading(intent, True)
    return Reading("yes", True) if "nod" in roles else None


def _agreement(core: set[str], roles: set[str], sure: bool) -> Reading:
    """ "Ok" is a yes; "ok thanks" and "great" may only be manners."""
    if core & FIRM:
        return Reading("yes", sure)
    return Reading("yes", sure and "ok" in core and "thanks" not in roles)


def _plain_cancel(pieces: list[Piece]) -> bool:
    """Whether it is clear that "no" and "cancel" are two answers: "no cancel" may mean "no cancelling"."""
    order = [piece.role for piece in pieces if piece.role not in {"fill", "emoji", "greeting", "thanks"}]
    for left, right in pairwise(order):
        if {left, right} == {"no", "cancel"}:
            return False
    return not ("ok" in order and order[-1] == "ok" and len(order) > 2)


def clauses(pieces: list[Piece]) -> list[list[Piece]]:
    """The pieces between separators, `but` and `why` words; a joining word opens the clause that it joins."""
    out: list[list[Piece]] = [[]]
    for piece in pieces:
        if piece.role in {"but", "why"} and out[-1]:
            out.append([piece])
        elif piece.role == "sep":
            out.append([])
        else:
            out[-1].append(piece)
    return [clause for clause in out if clause]


def says_nothing(pieces: list[Piece], start: int, end: int) -> bool:
    """Whether a stretch of tokens holds neither a word that nobody knows nor anything to do."""
    return {piece.role for piece in pieces if start <= piece.start < end} <= EMPTY | TIMING


def says_why(pieces: list[Piece], start: int) -> bool:
    """Whether what begins at a token only gives the reason of something said before it."""
    return any(piece.start == start and piece.role == "why" for piece in pieces)


def _says_when(clause: list[Piece]) -> bool:
    """Whether a clause holds nothing but times: "not today", "not before Monday"."""
    core = {piece.role for piece in clause} - EMPTY - TIMING - {"not", "send", "num"}
    return all(role.startswith(("day:", "part:")) for role in core)


def _decides(clause: list[Piece]) -> str | None:
    """The decision of one clause that holds nothing else, or "" for a clause without content."""
    if any(piece.doubt for piece in clause):
        return None
    core = {piece.role for piece in clause} - EMPTY
    if not core:
        return ""
    if core <= AGREE | {"nice"}:
        return "yes" if "yes" in core else "affirm" if core & FIRM else "ok" if "ok" in core else ""
    if len(core) == 1 and core <= {"no", "cancel"}:
        return next(iter(core))
    return None


def _nods(clause: list[Piece], following: list[Piece]) -> str | None:
    """What a clause without a decision says: a nod before a "but" is a yes ("ji, but after six")."""
    if {piece.role for piece in clause} - EMPTY:
        return None
    nods = any(piece.role == "nod" for piece in clause) and following and following[0].role == "but"
    return "yes" if nods else ""


def _in_parts(pieces: list[Piece], roles: set[str]) -> Reading | None:
    """A decision in one clause and other things in others; or a yes that runs straight into its second part."""
    decided: list[str] = []
    rest: list[list[Piece]] = []
    late = False
    parts = clauses(pieces)
    for clause, following in zip(parts, [*parts[1:], []], strict=True):
        decision = _decides(clause)
        decision = _nods(clause, following) if decision == "" else decision
        if decision is None:
            head, tail = _leading_yes(clause)
            if head:
                late = late or (not decided and _holds_words(rest))
                decided.append(head)
            rest.append(tail)
        elif decision:
            late = late or (not decided and _holds_words(rest))
            decided.append(decision)
    left = {piece.role for clause in rest for piece in clause}
    if all(_says_when(clause) for clause in rest if any(piece.role == "not" for piece in clause)):
        left.discard("not")  # "yes but not today" is a yes
    firm = {"yes" if decision in AGREE else decision for decision in decided}
    both = firm | (left & {"no", "cancel"})
    if len(both) > 1 and both != {"no", "cancel"}:
        return Reading("unclear", False)
    if not firm:
        return _guess(left, roles)
    if "cancel" in firm:
        return _cancelled(rest, left, sure="no" not in decided and not _warned(parts))
    spans = tuple((clause[0].start, clause[-1].end) for clause in rest if clause)
    if firm == {"no"}:
        return Reading("no", False, rest=spans)
    known = len(decided) > 1 and not left - EMPTY - {"word"} and words_of(pieces, "word") < len(decided)
    if known and not _trails_off(rest, parts):
        return Reading("yes", True)  # said twice, around a word that we do not know
    sure = not left & {"if", "maybe", "not", "keep", "no", "cancel"} and not _breaks_off(pieces)
    sure = sure and not (set(decided) == {"ok"} and rest[0][0].start == 0)  # "is it open, ok" is no answer
    apart = any(piece.role == "sep" for piece in pieces)
    sure = sure and (apart or set(decided) != {"ok"} or "ask" not in left)  # "geht da noch was?" begins with an ok
    weak = set(decided) == {"affirm"}
    if weak and not apart and "ask" in left:
        return None  # "liefert ihr auch in die Schweiz?" has the word, and asks
    return Reading("yes", sure, proof=weak, late=late, rest=spans)


def _holds_words(rest: list[list[Piece]]) -> bool:
    """Whether anything that the lexicon does not know has been said so far."""
    return any(words_of(clause, "word") for clause in rest)


def _trails_off(rest: list[list[Piece]], parts: list[list[Piece]]) -> bool:
    """Whether words that nobody knows end the message ("yes, sure, I can see it coming"); one word may be a name."""
    end = [piece for clause in rest[-1:] for piece in clause]
    return len(end) > 1 and end[-1] is parts[-1][-1]


def _warned(parts: list[list[Piece]]) -> bool:
    """Whether a "not" runs on into the cancel: "don't you dare and cancel it"."""
    return any(
        {"not", "keep"} & {piece.role for piece in clause}
        and following[0].role == "but"
        and _decides(following) == "cancel"
        for clause, following in pairwise(parts)
    )


def _cancelled(rest: list[list[Piece]], left: set[str], *, sure: bool) -> Reading:
    """A plain cancel in a clause of its own, with what stands beside it: reasons, words that change nothing, a complaint."""
    reason = next((piece.role[7:] for clause in rest for piece in clause if piece.role.startswith("reason:")), None)
    words = sum(words_of(clause, "word") for clause in rest if clause[0].role != "why")
    plain = not left & (FIRM | BLOCKS_CANCEL) and words <= _BESIDE_CANCEL
    spans: list[tuple[int, int]] = []
    for clause in rest:  # anger runs on over commas
        if spans and clause[0].start - spans[-1][1] <= 1:
            spans[-1] = (spans[-1][0], clause[-1].end)
        else:
            spans.append((clause[0].start, clause[-1].end))
    # what is no plain reason may still be anger, which the caller hears; never a condition; what it asks ("how dare you") asks nothing
    proof = not plain and not left & (OPEN - {"ask"} | {"yes", "send"})
    return Reading("cancel", sure and (plain or proof), reason, proof=proof, rest=tuple(spans))


def _leading_yes(clause: list[Piece]) -> tuple[str, list[Piece]]:
    """("yes" or "", the pieces after it): `yes bring it after 6` without a comma."""
    at = 0
    while at < len(clause) and clause[at].role in AGREE | EMPTY:
        at += 1
    while at and clause[at - 1].role not in AGREE:
        at -= 1
    tail = [piece.role for piece in clause[at:] if piece.role != "fill"]
    asked = tail == ["ask"] or tail[:2] == ["ask", "ask"]  # "yes please? who is this?" answers the phone
    if not asked and any(piece.role == "yes" for piece in clause[:at]):
        return "yes", clause[at:]
    return "", clause


def _guess(left: set[str], roles: set[str]) -> Reading | None:
    """What a blocked or half known message leans to; never sure."""
    lean = roles & (FIRM | {"no", "cancel", "keep"})
    if lean == {"cancel"}:
        return Reading("cancel", False) if not left & {"not", "if", "maybe"} else Reading("unclear", False)
    if "keep" in lean and lean <= FIRM | {"keep"}:
        return Reading("yes", False)
    return None


def words_of(pieces: Iterable[Piece], role: str) -> int:
    """How many tokens play a role."""
    return sum(piece.end - piece.start for piece in pieces if piece.role == role)
