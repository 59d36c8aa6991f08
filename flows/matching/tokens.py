"""A folded address cut into words and numbers, with what stood between them."""

import re
from itertools import islice

from msgspec import Struct

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


class Token(Struct, frozen=True, gc=False):
    """`text` is digits, letters, `#` or `°`. `glued`: no sign or space before it. `gap`: the signs before it. `number`: digits.
    `opens`: a new part of the address begins here, after a comma or at the very start."""

    text: str
    glued: bool
    gap: str
    number: bool
    opens: bool


def tokens(folded: str) -> tuple[Token, ...]:
    """The words and numbers of `folded` in order, at most `MAX_TOKENS`."""
    found: list[Token] = []
    end = 0
    for match in islice(_TOKEN.finditer(folded), MAX_TOKENS):
        start, text = match.start(), match[0]
        gap = folded[end:start]
        if found:
            found.append(Token(text, not gap, gap, text.isdigit(), "," in gap))
        else:
            found.append(Token(text, False, f"\x02{gap}", text.isdigit(), True))
        end = match.end()
    return tuple(found)
