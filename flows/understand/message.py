"""One message being read: its tokens, the language forms that may have written it, and what they agree on."""

from __future__ import annotations

from typing import Final

from flows.understand.classify import doubt_of, intent_of
from flows.understand.cover import Piece, cover, known_spelling, matches_at
from flows.understand.doubting import doubted, mocks
from flows.understand.fold import fold_clean, is_word, scripts, tokens
from flows.understand.grammar import AGREE, COMPANIONS, EMPTY, TIMING, Reading, read, says_nothing, says_why
from flows.understand.language import hinted_forms, language_of
from flows.understand.lexicon import FORMS
from flows.understand.model import DECISIONS, Part, Slots, Understood
from flows.understand.parts import Named, Span, name
from flows.understand.tone import tone_of
from flows.understand.values import after_tokens
from flows.understand.witness import bears_out

#: A decision is short. What is longer may hold one, but nothing is sure of it.
MAX_DECISION_TOKENS: Final = 40
#: Language forms whose reading is tried, best covered first, beside the hinted ones.
_TRIED: Final = 4
#: What a cancel may carry along: it is cancelled and handed to a person.
_ANGER: Final = frozenset({"complaint", "threat"})
#: From here on the classifier's word for a further part bears out a decision that alone would be weak.
_CLEARLY_FROM: Final = 0.9
#: Latin and one more: who says yes in three scripts plays.
_SCRIPTS_MOST: Final = 2
#: From here on the classifier's word counts as the second witness of a decision.
_WITNESS_FROM: Final = 0.97
_DOUBT_WITH_WITNESS: Final = 0.005
#: From here on only a word of the decision is asked of the other witness.
_LOUD_FROM: Final = 0.998
#: From here on it says what a message is about that has the word of a decision and is not sure of it.
_OUTWEIGHS_FROM: Final = 0.98
_NO_SLOTS: Final = Slots()
#: Where people say "thanks, yes" for thanks: `terima kasih ya`.
_SOFT_YES: Final = {"id": frozenset({"ya", "yah", "ye", "yaa"}), "ms": frozenset({"ya", "yah", "ye", "yer", "yaa"})}
#: Prompts at which a yes or a no is no answer to what was asked.
_NOT_YES_OR_NO: Final = frozenset({"no_what", "which", "why", "number", "address", "time", "poll"})
#: Prompts at which "I bought it elsewhere" and "I changed my mind" are an answer without another word.
_ASKED_IF_WANTED: Final = frozenset({"confirm", "no_what", "why"})


class Message:
    """A cleaned and folded text with its prompt and hints; `understood` reads it."""

    def __init__(self, cleaned: str, folded: str, prompt: str | None, lang: str | None, country: str | None) -> None:
        self.cleaned = cleaned
        self.folded = folded
        self.prompt = prompt
        self.country = country
        self.hints = hinted_forms(lang, country)
        self.words = known_spelling(tokens(folded))
        self.found = matches_at(self.words[:MAX_DECISION_TOKENS])

    def understood(self) -> Understood:
        """The meaning of the whole message, its further parts beside it."""
        covers = self._covers()
        pieces = covers[0][1]
        covering = tuple(form for form, cover_ in covers if all(p.own or p.role in EMPTY for p in cover_))
        tone = tone_of(self.cleaned, self.words, pieces)
        lang = language_of(self.words, covering, self.hints, self.country)
        short = len(self.words) <= MAX_DECISION_TOKENS
        reading = self._agreed(covers) if short else None
        if reading is not None:
            got = self._decided(*reading, lang, tone)
            if doubted(got, *reading, self.words, self.hints, self.prompt):
                got = Understood(got.intent, False, 0.5, got.lang, got.tone, got.slots, got.parts)
        else:
            named = name(Span(self.cleaned, self.folded, self.words, pieces, self.country), self.prompt)
            sure = named.sure and not {'"', ">"} & set(self.words)
            got = Understood(named.intent, sure, round(named.confidence, 3), lang, tone, named.slots, ())
        if got.sure or not short or self.prompt not in {None, "confirm"}:
            return got
        return self._by_two_witnesses(covers, got)

    def _by_two_witnesses(self, covers: list[tuple[str, list[Piece]]], got: Understood) -> Understood:
        """A decision sure after all, where each likely reading has its word and the classifier hears the same in the whole."""
        if got.intent not in DECISIONS and got.intent != "unclear":
            return got
        heard, confidence = intent_of(self.words)
        instead = confidence + doubt_of(self.words)
        if got.intent == "cancel" and heard not in DECISIONS and heard != "unclear" and instead >= _OUTWEIGHS_FROM:
            # "is there a cancellation fee?" has the word, and nothing of the deed
            return Understood(heard, False, round(confidence, 3), got.lang, got.tone, got.slots, got.parts)
        if heard not in DECISIONS or confidence < _WITNESS_FROM or got.intent not in {heard, "unclear"}:
            return got
        if heard == "yes" and mocks(self.words):
            return got
        level = self._level(covers)
        loud = confidence >= _LOUD_FROM
        if (
            not level
            or len(scripts(self.words)) > _SCRIPTS_MOST
            or doubt_of(self.words) > _DOUBT_WITH_WITNESS
            or not all(
                bears_out(heard, read_, narrow=form == "en" or form not in self.hints, loud=loud)
                for form, read_ in level
            )
        ):
            return got
        return Understood(heard, True, round(confidence, 3), got.lang, got.tone, got.slots, got.parts)

    def _covers(self) -> list[tuple[str, list[Piece]]]:
        """The roles of the tokens by language form, the form that explains most first."""
        own = [0] * len(FORMS)
        for matches in self.found:
            seen = 0
            for match in matches:
                for mask, _ in match.roles:
                    seen |= mask
            while seen:
                lowest = seen & -seen
                own[lowest.bit_length() - 1] += 1
                seen ^= lowest
        best = sorted(range(len(FORMS)), key=lambda place: -own[place])[:_TRIED]
        forms = dict.fromkeys([FORMS[place] for place in best if own[place]] + [*self.hints] + ["en"])
        covers = [(form, self._cover(form)) for form in forms]
        return sorted(covers, key=lambda entry: _unexplained(entry[1]))

    def _cover(self, form: str) -> list[Piece]:
        """The roles of the tokens as `form` reads them. After "cancel it, or change something?" a yes is no vote."""
        pieces = cover(self.words[:MAX_DECISION_TOKENS], self.found, form)
        if form in _SOFT_YES and any(piece.role == "thanks" for piece in pieces):
            pieces = self._without_soft_yes(pieces, _SOFT_YES[form])
        if self.prompt == "no_what" and any(piece.role == "cancel" for piece in pieces):
            return [Piece("fill", one.start, one.end, own=one.own) if one.role in AGREE else one for one in pieces]
        return pieces

    def _without_soft_yes(self, pieces: list[Piece], soft: frozenset[str]) -> list[Piece]:
        """The pieces with a yes that only ends a thanks made a filler."""
        out: list[Piece] = []
        thanked = False
        for piece in pieces:
            if (
                thanked
                and piece.role in AGREE
                and self.words[piece.start : piece.end][0] in soft
                and piece.end - piece.start == 1
            ):
                piece = Piece("fill", piece.start, piece.end, own=piece.own)
            thanked = piece.role == "thanks" or (thanked and piece.role in {"fill", "sep", "emoji"})
            out.append(piece)
        return out

    def _agreed(self, covers: list[tuple[str, list[Piece]]]) -> tuple[Reading, list[Piece]] | None:
        """The one reading of all forms that explain the message equally well, with its cover; a hinted form has the last word."""
        readings = [(read(cover_), cover_) for _, cover_ in self._level(covers)]
        said = [(reading, cover_) for reading, cover_ in readings if reading is not None]
        if not said:
            return None
        first, pieces = next((one for one in said if one[0].sure), said[0])
        if len(said) == len(readings) and all(reading.intent == first.intent for reading, _ in said):
            return first, pieces
        return Reading(first.intent, False, first.reason, rest=first.rest), pieces

    def _level(self, covers: list[tuple[str, list[Piece]]]) -> list[tuple[str, list[Piece]]]:
        """The likely forms that explain the message best; those that are hinted alone, where any is."""
        least = _unexplained(covers[0][1])
        level = [
            (form, cover_) for form, cover_ in covers if _unexplained(cover_) == least and self._likely(form, cover_)
        ]
        hinted = [one for one in level if one[0] in self.hints and any(piece.own for piece in one[1])]
        return hinted or level

    def _likely(self, form: str, cover_: list[Piece]) -> bool:
        """Whether a form may have written this: hinted, or English, or everything explained, or mostly its words."""
        if form == "en" or form in self.hints:
            return True
        unknown = _unexplained(cover_)
        own = sum(piece.end - piece.start for piece in cover_ if piece.own)
        return not unknown or own * 2 >= len(self.words) - unknown

    def _decided(self, reading: Reading, pieces: list[Piece], lang: str | None, tone: str) -> Understood:
        """What a reading gives, after its further parts are named."""
        intent, sure = reading.intent, reading.sure
        parts: list[Part] = []
        leading = False  # whether the first further part is sure by itself
        for start, end, named in self._named(reading.rest, pieces):
            known = named.intent not in DECISIONS and named.intent != "unclear"
            if named.sure and named.intent in {"thanks", "greeting"}:
                continue
            if not known and (says_nothing(pieces, start, end) or (leading and says_why(pieces, start))):
                continue
            heard = named.sure and named.confidence >= _CLEARLY_FROM
            if intent == "cancel":
                if heard and named.intent in _ANGER:
                    parts.append(Part(named.intent, self._text(start, end), named.slots))
                else:
                    sure = sure and not reading.proof
                continue
            if parts and leading and named.intent == parts[-1].intent:
                parts[-1] = Part(named.intent, parts[-1].text, _merged(parts[-1].slots, named.slots))
                continue  # "come in the evening, I am at work until six": the same wish once more
            sure = sure and known and named.sure and named.intent in COMPANIONS
            sure = sure and (named.proved or self._meant(named, pieces, start, end))
            sure = sure and (named.proved or not reading.proof or (heard and self._elsewhere()))
            if known:
                leading = named.sure if not parts else leading
                parts.append(Part(named.intent, self._text(start, end), named.slots))
        slots = Slots(reason=reading.reason) if reading.reason else _NO_SLOTS
        if intent == "no" and parts and not reading.sure:
            intent, slots, sure, parts = parts[0].intent, parts[0].slots, leading, parts[1:]
        for part in parts:
            slots = _merged(slots, part.slots)
        if intent == "cancel" and reading.alone and self.prompt in _ASKED_IF_WANTED:
            sure = self._says_it_all(pieces)
        if intent in {"yes", "no"} and self.prompt in _NOT_YES_OR_NO:
            sure = sure and intent == "no" and self.prompt == "no_what"
        return Understood(intent, sure, 1.0 if sure else 0.5, lang, tone, slots, tuple(parts))

    def _elsewhere(self) -> bool:
        """Whether the order's language is another than English, in which "right" and "fine" open sentences about anything."""
        return bool(self.hints) and "en" not in self.hints

    def _meant(self, named: Named, pieces: list[Piece], start: int, end: int) -> bool:
        """Whether words beside a yes bear out what the classifier makes of them: "yes sure, and pigs can fly" asks nothing."""
        roles = {piece.role for piece in pieces if start <= piece.start < end}
        if named.intent in {"question", "call_me"}:
            return ("ask" if named.intent == "question" else "call_me") in roles
        if named.intent == "change_time" and named.slots == _NO_SLOTS:
            return bool(roles & (TIMING | {"not"}))
        # a slip of the thumb over digits and signs names no goods, and no number
        return any(len(word) > 2 and word[0].isalpha() for word in self.words[start:end])

    def _says_it_all(self, pieces: list[Piece]) -> bool:
        """Whether a reason is a cancel by itself: передумал is a sentence; a mistake may be about an address or a refund."""
        if "mistake" in self.words:
            return False
        reasons = [piece for piece in pieces if piece.role.startswith("reason:")]
        return any(piece.end - piece.start > 1 or self.words[piece.start][0] > "\u024f" for piece in reasons)

    def _named(self, rest: tuple[tuple[int, int], ...], pieces: list[Piece]) -> list[tuple[int, int, Named]]:
        """The further parts by name. An address goes on behind its comma, and a number follows its colon."""
        found: list[tuple[int, int, Named]] = []
        for start, end in rest:
            named = self._name_tokens(pieces, start, end)
            if found and _joins(found[-1][2], named):
                first = found[-1][0]
                whole = self._name_tokens(pieces, first, end)
                if whole.proved and whole.intent in {"change_address", "change_phone"}:
                    found[-1] = (first, end, whole)
                    continue
            found.append((start, end, named))
        return found

    def _name_tokens(self, pieces: list[Piece], start: int, end: int) -> Named:
        """A named stretch of tokens, renumbered from 0."""
        pieces = [piece for piece in pieces if start <= piece.start < end]
        if not any(is_word(word) for word in self.words[start:end]):
            return Named("unclear", 0.0, _NO_SLOTS, sure=False)
        text = self._text(start, end)
        moved = [Piece(piece.role, piece.start - start, piece.end - start, piece.doubt, piece.own) for piece in pieces]
        return name(Span(text, fold_clean(text), self.words[start:end], moved, self.country), self.prompt)

    def _text(self, start: int, end: int) -> str:
        """The customer's own words for a stretch of tokens."""
        rest = after_tokens(self.cleaned, self.words, start)
        tail = after_tokens(self.cleaned, self.words, end)
        return (rest[: len(rest) - len(tail)] if tail else rest).strip(" ,.;:-\n")


def _joins(before: Named, named: Named) -> bool:
    """Whether a stretch may belong to the one before it: "new number: 0300…", and what follows an address."""
    if before.slots.address:
        return not (named.proved and not named.slots.address)
    return not before.proved


def _unexplained(pieces: list[Piece]) -> int:
    unknown = 0
    for piece in pieces:
        if piece.role == "word":
            unknown += piece.end - piece.start
    return unknown


def _merged(first: Slots, second: Slots) -> Slots:
    """Slots of two parts together; the first that says something holds."""
    return Slots(
        phone=first.phone or second.phone,
        address=first.address or second.address,
        day=first.day or second.day,
        window=first.window or second.window,
        amount=first.amount or second.amount,
        reason=first.reason or second.reason,
        choice=first.choice if first.choice is not None else second.choice,
    )
