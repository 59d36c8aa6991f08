"""Looking around in the tokens of an address: what stands here, what follows, what it can mean."""

from flows.matching.tokens import Token
from flows.matching.words import LONGEST, Word, Words


class Walk:
    """The tokens of one address with the words of its country. Positions are indexes; one behind the end is allowed."""

    def __init__(self, tokens: tuple[Token, ...], known: Words) -> None:
        self.tokens, self.known = tokens, known

    def peek(self, at: int) -> Token | None:
        return self.tokens[at] if at < len(self.tokens) else None

    def meanings(self, at: int, size: int) -> tuple[Word, ...]:
        """What the `size` words from `at` on mean together; no writing reaches over a comma."""
        if size == 1:
            token = self.peek(at)
            return () if token is None else self.known.by_writing.get((token.text,), ())
        run = self.tokens[at : at + size]
        if len(run) < size or any("," in token.gap for token in run[1:]):
            return ()
        return self.known.by_writing.get(tuple(token.text for token in run), ())

    def means(self, at: int, kind: str) -> bool:
        return any(word.kind == kind for word in self.meanings(at, 1))

    def closes(self, at: int) -> bool:
        token = self.peek(at)
        return token is None or "," in token.gap

    def word_follows(self, at: int, least: int = 2) -> bool:
        token = self.peek(at)
        return token is not None and "," not in token.gap and token.text.isalpha() and len(token.text) >= least

    def number_follows(self, at: int) -> bool:
        token = self.peek(at)
        return token is not None and "," not in token.gap and token.number

    def behind_number(self, at: int) -> bool:
        return (
            at > 0
            and "," not in self.tokens[at].gap
            and (self.tokens[at - 1].number or self.tokens[at - 1].text == "°")
        )

    def behind_number_glued(self, at: int) -> bool:
        return at > 0 and self.tokens[at].glued and self.tokens[at - 1].number

    def glued_label(self, at: int) -> bool:
        """Whether the letter at `at` labels the number grown onto it (`5к2`)."""
        behind = self.peek(at + 1)
        return behind is not None and behind.glued and behind.number

    def is_number_word(self, at: int) -> bool:
        return self.means(at, "number") and self.peek(at + 1) is not None

    def kind_later(self, at: int) -> bool:
        while (token := self.peek(at)) is not None and "," not in token.gap:
            if self.means(at, "street"):
                return True
            at += 1
        return False

    def next_segment(self, at: int) -> int:
        while at < len(self.tokens) and "," not in self.tokens[at].gap:
            at += 1
        return at

    def counts(self, value: str, ending: str) -> bool:
        return any(w.kind == "ordinal" for w in self.known.by_writing.get((value, ending), ()))

    def counted(self, at: int) -> str:
        return next((word.concept for word in self.meanings(at, 1) if word.kind == "ordinal"), "")

    def label_behind(self, at: int) -> tuple[str, int] | None:
        """The unit label that stands behind its number (`3 piso`, `3rd floor`), and the index behind the label."""
        token = self.peek(at)
        if token is None or "," in token.gap or len(token.text) < 2:
            return None
        for size in (2, 1):
            for word in self.meanings(at, size):
                if word.kind == "unit" and word.concept == "floor":
                    return word.concept, at + size
        return None

    def lone_door(self, at: int) -> str:
        """A letter and a number that fill a part of the address between them: `B-204, Shanti Apartments`."""
        letter = self.tokens[at]
        if len(letter.text) > 1 or not letter.opens:
            return ""
        number = self.peek(at + 1)
        if number is None or not number.number:
            return ""
        return letter.text + number.text if number.gap in {"", "-", "/"} and self.closes(at + 2) else ""

    def initials(self, at: int) -> str:
        """Letters with points between them are one word, as if the points were left out: M.G. Road, S.V. Road."""
        if len(self.tokens[at].text) > 1:
            return ""
        end = at + 1
        while (
            (token := self.peek(end)) is not None and token.gap == "." and len(token.text) == 1 and token.text.isalpha()
        ):
            end += 1
        run = self.tokens[at:end]
        if len(run) < 2 or any(self.meanings(at, size) for size in range(2, LONGEST + 1)):
            return ""
        return "".join(token.text for token in run)

    def only_unit(self, at: int) -> bool:
        """Whether nothing but flat and floor is said from `at` to the next comma."""
        while (token := self.peek(at)) is not None and "," not in token.gap:
            if len(token.text) > 1 and token.text.isalpha() and not (self.means(at, "fixed") or self.means(at, "unit")):
                return False
            at += 1
        return True
