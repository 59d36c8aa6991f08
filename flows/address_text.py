"""An address that a customer wrote as one line of text, against the one that the order has.

corrected(was, "Calle Luna 4, 28004 Madrid")     the new address; what is not said stays
continued(was, "28004 Madrid")                   the same address with what a second message adds
completed(was, "n 4, next to the pharmacy")      the same address with the missing part added
far(before, after)                               another town or country: a person looks at it
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from flows.addresses import nonsense
from flows.matching.countries import rules_of
from flows.matching.scripts import fold
from flows.postal import PostalAddress

#: As much as a courier's label takes.
LINE_MOST = 120
#: A shorter text is no address of its own.
SHORTEST = 4
_SPLIT = re.compile(r"\s*[,;\n،、]\s*")
#: "piso 3 izquierda", "flat 4b second floor": more words are a sentence.
DOOR_WORDS = 4
#: What stands beside the number of a floor, a flat or a house, folded.
_DOOR = frozenset(
    fold(word)
    for word in (
        *("floor", "flat", "apt", "apartment", "unit", "house", "door", "piso", "puerta", "escalera", "apto", "depto", "dpto", "casa"),
        *("étage", "appartement", "appt", "porte", "andar", "apartamento", "bloco", "piano", "interno", "scala", "etage", "stock"),
        *("wohnung", "verdieping", "piętro", "mieszkanie", "etaj", "apartament", "bloc", "όροφος", "kat", "daire", "этаж", "кв"),
        *("квартира", "подъезд", "дом", "поверх", "під'їзд", "دور", "الدور", "شقة", "طابق", "عمارة", "طبقه", "واحد", "منزل", "مکان"),
        *("मंजिल", "मकान", "फ्लैट", "makan", "manzil", "তলা", "বাসা", "tola", "basa", "lantai", "blok", "tingkat", "tầng", "ชั้น", "ghorofa"),
    )
)  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+|\d+")
#: A house number alone, with what may stand beside it: "4", "No. 12-B", "house 7".
_HOUSE = re.compile(
    r"(?:[^\W\d]+[.:]?\s*)?[#№]?\s*(?P<number>\d{1,5}(?:\s?[-/]\s?\w{1,4}|\s?[A-Za-z])?)\b\s*(?P<more>\D.{0,80})?"
)
_LEAD = re.compile(r"^(?:is|to|es|está|a|est|à|هو|هي|है|hai)\s*[:,]?\s+", re.IGNORECASE)


def corrected(was: PostalAddress, text: str) -> PostalAddress | None:
    """The address that the text means; None where it is none. The country stays: nobody writes it."""
    parts = [part for part in _SPLIT.split(_LEAD.sub("", text.strip())) if part]
    if not parts or len(text.strip()) < SHORTEST or not any(c.isalpha() for c in text):
        return None
    postcode, city, lines = was.postcode, was.city, list(parts)
    for at, part in enumerate(parts):
        found = _postcode(part, was.country)
        if found and (at or len(parts) > 1):
            postcode, rest = found
            lines[at] = ""
            city = rest or (parts[at + 1] if at + 1 < len(parts) and not _numbered(parts[at + 1]) else city)
            if not rest and at + 1 < len(parts) and city == parts[at + 1]:
                lines[at + 1] = ""
            break
    else:
        if len(parts) > 1 and not _numbered(parts[-1]) and (_same(parts[-1], was.city) or len(parts) == 2):
            city, lines[-1] = parts[-1], ""
    kept = [line for line in lines if line]
    if not kept:
        return None
    moved = not _same(city, was.city)
    address = PostalAddress(
        line1=kept[0][:LINE_MOST],
        line2=", ".join(kept[1:])[:LINE_MOST],
        city=was.city if not moved else city[:LINE_MOST],
        region="" if moved else was.region,
        postcode=postcode[:20],
        country=was.country,
    )
    return None if nonsense(address) else address


def completed(was: PostalAddress, text: str) -> PostalAddress | None:
    """The address with the part that was missing: a house number goes to the street, a landmark beneath it."""
    words = _LEAD.sub("", text.strip())[:LINE_MOST]
    if not words or not any(c.isalnum() for c in words):
        return None
    if not was.line1 or _names(words, was):
        return corrected(was, words)
    first, *rest = [part for part in _SPLIT.split(words) if part]
    house = _HOUSE.fullmatch(first)
    if house is None and len(words) < SHORTEST:
        return None
    line1 = f"{was.line1} {house['number']}" if house else was.line1
    line2 = ", ".join(part for part in (was.line2, *([house["more"] or "", *rest] if house else [words])) if part)
    found = replace(was, line1=line1[:LINE_MOST], line2=line2[:LINE_MOST])
    return None if nonsense(found) and not nonsense(was) else found


def continued(was: PostalAddress, text: str) -> PostalAddress | None:
    """The address with what was sent after it: a postcode with its town, or a house, floor or flat alone. None for anything else."""
    words = _LEAD.sub("", text.strip())[:LINE_MOST]
    parts = [part for part in _SPLIT.split(words) if part]
    if not was.line1 or not parts:
        return None
    if not any(_postcode(part, was.country) for part in parts) and not is_door(words):
        return None
    return corrected(was, ", ".join(part for part in (was.line1, was.line2, *parts) if part))


def is_door(words: str) -> bool:
    """Whether these few words are a house, a floor or a flat and nothing else: "piso 3 izquierda", "3B"."""
    said = _WORD.findall(fold(words))
    if not _numbered(words) or len(said) > DOOR_WORDS:
        return False
    return bool(_DOOR & set(said)) or (len(words.split()) == 1 and _HOUSE.fullmatch(words) is not None)


def _names(words: str, was: PostalAddress) -> bool:
    """Whether the words are a whole address: they name the street again, or a postcode."""
    said = fold(words).split()
    street = max(fold(was.line1).split() or [""], key=len)
    postcode = any(_postcode(part, was.country) for part in _SPLIT.split(words) if not _HOUSE.fullmatch(part))
    return (len(street) >= SHORTEST and street in said) or postcode


def far(before: PostalAddress, after: PostalAddress) -> bool:
    """Whether it is another town or country."""
    return not _same(before.city, after.city) or before.country.upper() != after.country.upper()


def one_line(address: PostalAddress) -> str:
    parts = (address.line1, address.line2, address.postcode, address.city, address.region, address.country)
    return ", ".join(part for part in parts if part)


def shown(address: PostalAddress) -> str:
    """For the customer: without region and country, which they know."""
    return ", ".join(p for p in (address.line1, address.line2, address.postcode, address.city) if p)


def difference(before: PostalAddress, after: PostalAddress) -> str:
    """For staff: what stood there, and what shall."""
    return f"{one_line(before) or '-'} → {one_line(after)}"


def _postcode(part: str, country: str) -> tuple[str, str] | None:
    """(postcode, what else stands in this part), where it begins or ends with a code of that country's shape."""
    shape = rules_of(country.upper()).postcode
    if shape is None:
        return None
    words = part.split()
    for size in (1, 2):
        for code, rest in ((words[:size], words[size:]), (words[-size:], words[:-size])):
            if code and shape.fullmatch(fold(" ".join(code)).strip()) and not _numbered(" ".join(rest)):
                return " ".join(code), " ".join(rest)
    return None


def _numbered(text: str) -> bool:
    return any(c.isdigit() for c in text)


def _same(a: str, b: str) -> bool:
    return fold(a).strip() == fold(b).strip()
