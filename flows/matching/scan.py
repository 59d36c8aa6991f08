"""One walk over the words and numbers of an address, giving each label its number and each number its place.

Labels take the number beside them (`piso 3`, `3rd floor`, `кв. 5`); what has no label is kept in order for `reading`.
The rules here are habits of writing, each with an example; a word that fits none is part of the street's name.
"""

from msgspec import Struct

from flows.matching.countries import PostalRules
from flows.matching.parts import Parts
from flows.matching.tokens import ROMAN, tokens
from flows.matching.walk import Walk
from flows.matching.words import LONGEST, Word, Words

_ENGLISH_ORDINAL = frozenset({"st", "nd", "rd", "th"})
_RUSSIAN_ORDINAL = frozenset({"i", "y", "ia", "ya", "oi", "e", "a"})
_ADDED = frozenset({"bis", "ter", "quater"})
_FILLERS = frozenset({"#", "°"})


class Number(Struct):
    value: str
    segment: int
    words_before: int  # within its segment, kinds of street included
    after_kind: bool  # directly behind a kind of street
    labelled: bool = False


class Scan(Walk):
    """What one address says, filled by `run`."""

    def __init__(self, parts: Parts, rules: PostalRules, words: Words) -> None:
        super().__init__(tokens(parts.door), words)
        self.parts, self.rules = parts, rules
        self.words: list[str] = []
        self.kinds: set[str] = set()
        self.kind_segments: set[int] = set()  # parts of the address that hold a kind of street
        self.ways: set[str] = set()
        self.unit: dict[str, str] = {}
        self.numbers: list[Number] = []
        self.per_segment: list[int] = [0]  # words in each segment
        self.unnumbered = False
        self.kind_just_seen = False
        self.last: Number | str | None = None  # what a following single letter belongs to: a number, or a unit label

    def run(self) -> "Scan":
        """Reads every token; the scan itself, filled."""
        at = 0
        while at < len(self.tokens):
            token = self.tokens[at]
            if token.opens and at:
                self.per_segment.append(0)
                self.kind_just_seen = False
                self.last = self.last if self.closes(at + 1) else None
            at = self._number(at) if token.number else self._word(at)
        return self

    def _number(self, at: int) -> int:
        """Reads the number at `at`; the index behind it."""
        value, end, ordinal = self._value(at)
        label = self.label_behind(end) if ordinal or end < len(self.tokens) else None
        counted = ordinal or (label is not None and self.tokens[end].gap.startswith("."))  # 2. emelet, 3. Stock
        if label is not None and (counted or not self.number_follows(label[1])):
            self._set_unit(label[0], value)
            return label[1]
        if ordinal == "floor" and (self.numbers or self.only_unit(end)):
            self._set_unit("flat" if "floor" in self.unit else "floor", value)  # 5º 2ª
        elif ordinal == "street" or self._is_date(end) or self._names_street():
            self._name(f"#{value}")
        else:
            self.numbers.append(Number(value, self._segment, self.per_segment[-1], self.kind_just_seen))
            self.last = self.numbers[-1]
        self.kind_just_seen = False
        return end

    def _value(self, at: int) -> tuple[str, int, str]:
        """The number with the letter grown onto it, the index behind, and whether it counts something (`3rd`, `3º`)."""
        value = self.tokens[at].text.lstrip("0") or "0"
        after = self.peek(at + 1)
        if after is None:
            return value, at + 1, ""
        if after.text == "°" or (after.glued and self._catalan(after.text)):
            return value, at + 2, "floor"
        if after.glued and after.text in _ENGLISH_ORDINAL and self.rules.languages[-1] == "en":
            return value, at + 2, "street"
        if "-" in after.gap and after.text in _RUSSIAN_ORDINAL and "ru" in self.rules.languages:
            return value, at + 2, "street"
        if after.glued and (len(after.text) > 1 or self.label_behind(at + 2)) and self.counts(value, after.text):
            return value, at + 2, "street"
        if after.text in _ADDED:
            return value + after.text, at + 2, ""
        if after.glued and len(after.text) == 1 and after.text.isalpha() and not self.glued_label(at + 1):
            return value + after.text, at + 2, ""
        return value, at + 1, ""

    def _catalan(self, ending: str) -> bool:
        """1r 2a: first floor, second door. An `a` only behind a floor, else it is the door's letter."""
        return self.parts.country == "ES" and (ending == "r" or (ending == "a" and "floor" in self.unit))

    def _word(self, at: int) -> int:
        """Reads the word at `at`, or as many words as one writing has; the index behind."""
        token = self.tokens[at]
        if token.text == "#":
            flat = self.numbers and self.words  # not in Calle 50 # 12
            return self._labelled(at + 1, Word("unit", "flat") if flat else Word("number", "house")) or at + 1
        if token.text == "°":
            return at + 1
        if door := self.lone_door(at):
            self._set_unit("flat", door)
            return at + 2
        initials = self.initials(at)
        if initials:
            self._plain(initials)
            return at + len(initials)
        longest = LONGEST if token.text in self.known.starts else 1
        for size in range(min(longest, len(self.tokens) - at), 0, -1):
            for word in self.meanings(at, size):
                end = self._take(word, at, size)
                if end:
                    return end
        if token.text in ROMAN and (label := self.label_behind(at + 1)):
            self._set_unit(label[0], ROMAN[token.text])
            return label[1]
        if len(token.text) == 1 and token.text.isascii() and self._letter(token.text):
            return at + 1
        if token.text == "v" and self.words and self.closes(at + 1):
            self._name("#5")  # Mohammed V
            return at + 1
        self._plain(token.text)
        return at + 1

    def _take(self, word: Word, at: int, size: int) -> int:
        """Acts on one meaning where it fits here; the index behind, or 0 where it does not fit."""
        end = at + size
        short = size == 1 and len(self.tokens[at].text) <= 2
        letter = size == 1 and len(self.tokens[at].text) == 1
        match word.kind:
            case "unit" | "number" | "area":
                idle = word.kind == "unit" and self.unit and not letter and self.closes(end)  # first floor flat
                return self._labelled(end, word, at) or (end if idle else 0)
            case "street":
                return self._kind(word, at, end)
            case "name":
                self._name(word.concept)
                return end
            case "title" if not (letter and self.behind_number(at)) and self.word_follows(end):
                self._name(word.concept)
                return end
            case "fixed" if self.numbers or self.unit or (self.tokens[at].opens and self.only_unit(end)):
                if short and not self.only_unit(end):
                    return 0
                self._set_unit(word.concept, word.value)
                return end
            case "ordinal":
                return self._ordinal(word.concept, end)
            case "dir" if not short or (self.rules.number_first and not self.behind_number_glued(at)):
                self.ways.add(word.concept)
                return end
            case "near" if at:
                return self.next_segment(end)
            case "drop" if not (letter and self.behind_number(at)):
                return end
            case "none":
                self.unnumbered = True
                return end
            case _:
                return 0

    def _kind(self, word: Word, at: int, end: int) -> int:
        """A kind of street, unless the word can only be part of a name, a saint or a door's letter."""
        text = self.tokens[at].text
        letter = len(text) == 1 and end == at + 1
        marked = self.number_follows(end) and (self.per_segment[-1] or self.tokens[end].gap[:1] in {".", "/"})
        if letter and not self.word_follows(end) and not marked:
            return 0
        if letter and self.behind_number(at) and not self.rules.number_first:
            return 0
        if self.rules.languages == ("en",) or self.rules.languages[0] == "hi":
            if text in {"st", "dr"} and not self.per_segment[-1] and self.word_follows(end):
                return 0  # St John Street, Dr King Drive
            if self.word_follows(end) and not self.per_segment[-1] and self.kind_later(end):
                return 0  # Park Street, Hill Road: the last kind counts
        self.kinds.add(word.concept)
        self.kind_segments.add(self._segment)
        self.per_segment[-1] += 1
        self.kind_just_seen = True
        self.last = None
        return end

    def _ordinal(self, value: str, end: int) -> int:
        label = self.label_behind(end)
        if label is not None:
            self._set_unit(label[0], value)
            return label[1]
        if self.numbers and not self.rules.number_first and not self.word_follows(end, least=3):
            self._set_unit("floor", value)
        else:
            self._name(f"#{value}")
        return end

    def _letter(self, text: str) -> bool:
        """Gives a single letter to the number before it; false where it stands for itself."""
        if self.last is None:
            return False
        if isinstance(self.last, Number):
            self.last.value += text
        elif self.last == "floor":
            self.unit.setdefault("flat", text)
        else:
            self.unit[self.last] += text
        self.last = None
        return True

    def _plain(self, text: str) -> None:
        if text in ROMAN:
            self._name(f"#{ROMAN[text]}")
            return
        for word in self.known.by_writing.get((text,), ()):
            if word.kind == "name":
                self._name(word.concept)
                return
        for ending, concept in self.known.suffixes:
            if text.endswith(ending) and len(text) - len(ending) >= 3:
                self.kinds.add(concept)
                self.kind_segments.add(self._segment)
                self._name(text[: -len(ending)])
                self.kind_just_seen = True
                return
        self._name(text)

    def _labelled(self, at: int, word: Word, start: int = 0) -> int:
        """Gives the number (or door letter) at `at` to the label `word`; the index behind, 0 where none follows."""
        while (token := self.peek(at)) is not None and (token.text in _FILLERS or self.is_number_word(at)):
            at += 1
        if token is None or token.opens:
            return 0
        if token.number:
            value, end, _ = self._value(at)
        elif word.kind == "unit" and len(token.text) == 1 and len(self.tokens[start].text) > 1:
            value, end = token.text, at + 1
            behind = self.peek(end)
            if behind is not None and behind.number and "," not in behind.gap and not self.word_follows(end + 1):
                value, end = value + behind.text, end + 1  # Flat B 12, flat B-12; not escalier A 5 quai de la Loire
        elif token.text in ROMAN and word.kind in {"unit", "area"}:
            value, end = ROMAN[token.text], at + 1  # Phase II
        elif word.kind == "unit" and (counted := self.counted(at)):
            value, end = counted, at + 1  # floor second
        else:
            return 0
        if word.kind == "area":
            self._name(f"#{word.concept} {value}")
        elif word.kind == "unit":
            self._set_unit(word.concept, value)
        elif self._names_street():
            self._name(f"#{value}")  # Road No. 3
        else:
            self.numbers.append(Number(value, self._segment, self.per_segment[-1], False, labelled=True))
            self.last = self.numbers[-1]
        return end

    def _set_unit(self, label: str, value: str) -> None:
        if label in self.unit:
            value = f"{self.unit[label]} {value}" if self.unit[label] != value else value
        self.unit[label] = value
        self.last = label

    @property
    def _segment(self) -> int:
        return len(self.per_segment) - 1

    def _name(self, word: str) -> None:
        self.words.append(word)
        self.per_segment[-1] += 1
        self.kind_just_seen = False
        self.last = None

    def _names_street(self) -> bool:
        """Whether a number here is all the name a street has: Road 3, Highway 50."""
        return self.rules.number_first and self.kind_just_seen and self.per_segment[-1] == 1

    def _is_date(self, at: int) -> bool:
        """Whether the number before `at` is the day in a street's name: 25 de Mayo, rue du 8 mai."""
        if self.rules.number_first and not self.per_segment[-1]:
            return False
        if self.rules.number_first and len(self.tokens[at - 1].text) == 4 and at >= 2 and self.means(at - 2, "month"):
            return True  # the year: rue du 8 mai 1945; elsewhere the house: Av. 9 de Julio 1200
        if not self.closes(at) and self.means(at, "drop"):
            at += 1
        return not self.closes(at) and self.means(at, "month")
