"""A folded address cut into words and numbers, with what stood between them."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(r"\d+|[^\W\d_]+|[#°]")
#: No address has more parts; what follows is noise or an attack on the clock.
MAX_TOKENS = 64


#: Numbers in Roman letters.
ROMAN = {  # without i, v, x and xi: too short to be told from an initial, or a name of its own
    "ii": "2",
    "iii": "3",
    "iv": "4",
    "vi": "6",
    "vii": "7",
    "viii": "8",
    "ix": "9",
    "xii": "12",
    "xiii": "13",
    "xiv": "14",
    "xv": "15",
    "xvi": "16",
    "xviii": "18",
    "xix": "19",
    "xx": "20",
    "xxi": "21",
    "xxv": "25",
}


class Token(NamedTuple):
    """`text` is digits, letters, `#` or `°`. `glued`: no sign or space before it. `gap`: the signs before it."""

    text: str
    glued: bool
    gap: str

    @property
    def number(self) -> bool:
        return self.text.isdigit()

    @property
    def opens(self) -> bool:
        """Whether a new part of the address begins here: after a comma, or at the very start."""
        return "," in self.gap or "\x02" in self.gap


def tokens(folded: str) -> tuple[Token, ...]:
    """The words and numbers of `folded` in order, at most `MAX_TOKENS`."""
    return tuple(_tokens(folded))


def _tokens(folded: str) -> Iterator[Token]:
    end = 0
    for count, match in enumerate(_TOKEN.finditer(folded)):
        if count == MAX_TOKENS:
            return
        start = match.start()
        gap = folded[end:start]
        yield Token(match[0], bool(count) and not gap, gap if count else f"\x02{gap}")
        end = match.end()
