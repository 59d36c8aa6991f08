"""Phone numbers as customers, shops and WhatsApp write them.

`read_phone` turns any writing into one E.164 form; `same_phone` says whether two writings reach one subscriber;
`wa_forms` names the ids under which WhatsApp may report that subscriber. Three countries have numbers of two forms:

- Mexico dropped the mobile 1 after +52 in 2019. Canonical: without. WhatsApp still reports `521…` for older accounts.
- Brazil put a 9 before every mobile number by 2016. Canonical: with. WhatsApp still reports older accounts without.
- Argentina writes a 9 after +54 when a mobile is called from abroad (15 inside the country). A number typed without
  it may be a mobile, so a WhatsApp sender with the 9 belongs to it; a sender without a 9 is no mobile, so it does not
  belong to a customer stored with one.

Possible (the length fits the country) rejects; valid (the range is assigned) only scores: new ranges are opened
faster than any table learns of them. Weak spot: a number that two people share (a family's landline) is one number.
Source of ranges: the phonenumbers package (Google's libphonenumber).
"""

import re
import unicodedata
from functools import lru_cache

import phonenumbers
from msgspec import Struct
from phonenumbers import NumberParseException, PhoneNumber, ValidationResult

from flows.phone_kinds import Kind, kind_of
from flows.phone_plain import plain

#: Longer text in a phone field is a note, not a number; also bounds the work on a million-character cell.
MAX_RAW = 80

#: Fewer digits are never taken for a number with a country code whose plus was left out.
MIN_ABROAD = 10

_MASK = "•••••"  # always five: the length of the number is not told either

_LABEL = re.compile(
    r"^\s*(?:whats\s?app|wa|phone|tel(?:ephone|efono|éfono|efon)?|mob(?:ile|il)?|m[oó]vil|celular|cel|cell|handy|gsm"
    r"|тел(?:ефон)?|моб|هاتف|جوال|موبايل|मोबाइल|फ़ोन|फोन|মোবাইল|τηλ|κιν)\s*(?:no\b|nr\b|№)?[\s.:#-]*(?=[\d+(])",
    re.IGNORECASE,
)
_EXTENSION = re.compile(
    r"\s*(?:;\s*ext\s*=|,?\s*\b(?:ext(?:ension|ensión|n)?|int(?:erno)?|anexo|poste|durchwahl|dw|доб(?:авочный)?|вн|x)"
    r"|#)[\s.:]*\d{1,7}\s*$",
    re.IGNORECASE,
)
_SECOND = re.compile(r"\s*(?:[/,;|&]|\s(?:or|o|ou|oder|или|y|and|und|и)\s)\s*", re.IGNORECASE)
_NOT_A_NUMBER = re.compile(r"[^\d\s()+./\-]")
_DIGITS_ONLY = re.compile(r"[^\d+]")
_DASHES = re.compile(r"[\u2010-\u2015\u2212\u30fc\uff0d]")
_UNSEEN = re.compile(r"[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_INTERNATIONAL = re.compile(r"^\s*(?:\(\s*\+\s*|\+\s*)+(?:00)?|^\s*\(?00\)?")
_MEXICO_DIALLED = re.compile(r"^(\+52)?(?:044|045|01)(\d{10})$")  # how mobiles and trunk calls were dialled until 2019
_BRAZIL_OLD = re.compile(r"^(55\d\d)([6-9]\d{7})$")
_BRAZIL_NEW = re.compile(r"^(55\d\d)9([6-9]\d{7})$")
_MEXICO_OLD = re.compile(r"^521(\d{10})$")
_MEXICO_NEW = re.compile(r"^52([2-9]\d{9})$")
_ARGENTINA_PLAIN = re.compile(r"^54([1-8]\d{9})$")


class Phone(Struct, frozen=True):
    """One number, read. `country` is ISO 3166 alpha-2 upper case, empty where the code belongs to no country."""

    e164: str
    country: str
    kind: Kind
    possible: bool  # always true on what `read_phone` returns: the rest is None
    valid: bool


def read_phone(raw: str, country: str | None) -> Phone | None:
    """The number that was written, or None where nothing of it can be a phone number.

    `country` (ISO alpha-2) is where numbers without an international prefix are read; None asks for such a prefix, or
    for digits that are a valid number with it. Of two numbers in one field the first readable one counts.
    """
    text = _folded(raw)
    if not text:
        return None
    found = _read_one(text, country)
    if found is not None:
        return found
    parts = _SECOND.split(text)
    for part in parts if len(parts) > 1 else ():
        found = _read_one(part, country)
        if found is not None:
            return found
    return None


def canonical(e164: str) -> str:
    """The one form of a number that has two: +52 without the 1, +55 mobiles with the 9. Others come back unchanged."""
    digits = e164.removeprefix("+")
    if digits.startswith("52") and (old := _MEXICO_OLD.match(digits)):
        return f"+52{old[1]}"
    if digits.startswith("55") and (old := _BRAZIL_OLD.match(digits)):
        return f"+{old[1]}9{old[2]}"
    return f"+{digits}"


def wa_forms(e164: str) -> tuple[str, ...]:
    """Every wa_id (digits, no plus) under which the subscriber of `e164` may write on WhatsApp, likeliest first."""
    digits = address_digits(e164)
    full = canonical(digits)[1:]
    if full.startswith("55") and (new := _BRAZIL_NEW.match(full)):
        return (full, new[1] + new[2])
    if full.startswith("52") and (new := _MEXICO_NEW.match(full)):
        return (full, f"521{new[1]}")
    if full.startswith("54") and (plain := _ARGENTINA_PLAIN.match(full)):
        return (f"549{plain[1]}", full)
    return (full,)


def written_by(stored: str, wa_id: str) -> bool:
    """Whether a message from `wa_id` is the customer's stored as `stored`. Not symmetric: see Argentina above."""
    return address_digits(wa_id) in wa_forms(stored)


def same_phone(a: str, b: str) -> bool:
    """Whether two numbers (E.164, wa_id, or `whatsapp:+…`) can be one subscriber's. Symmetric. Empty is nobody's."""
    left, right = address_digits(a), address_digits(b)
    if not left or not right:
        return False
    return left == right or not set(wa_forms(left)).isdisjoint(wa_forms(right))


def match_key(e164: str) -> str:
    """What two writings of one subscriber have in common: equal exactly where `same_phone` holds. For lookups."""
    return wa_forms(e164)[0]


def address_digits(address: str) -> str:
    """The digits of a provider's address: `whatsapp:+554188887777` and `554188887777` both give `554188887777`."""
    return address.removeprefix("whatsapp:").strip().removeprefix("+")


def mask(e164: str) -> str:
    """A number that may be shown and logged: `+34•••••12`. What is not a number becomes only dots."""
    digits = address_digits(e164)
    if not (digits.isascii() and digits.isdigit()):
        return _MASK
    code = _calling_code(digits)
    tail = digits[-2:] if len(digits) >= len(code) + 6 else ""
    return f"+{code}{_MASK}{tail}"


def prefix(e164: str) -> str:
    """The number without its last four digits: what a series of made-up numbers has in common."""
    return f"+{address_digits(e164)[:-4]}"


def looks_made_up(e164: str) -> bool:
    """Whether a person invented it on the keyboard: one digit seven times in a row, or a run like 1234567."""
    digits = address_digits(e164)
    return any(
        len(set(window)) == 1 or window in "01234567890" or window in "09876543210"
        for window in (digits[at : at + 7] for at in range(max(0, len(digits) - 6)))
    )


def _folded(raw: str) -> str:
    """`raw` with every script's digits as 0-9, no invisible marks, label and extension off; empty where hopeless."""
    if len(raw) > MAX_RAW:
        return ""
    text = raw
    if not text.isascii():
        text = _UNSEEN.sub("", text)
        text = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
        text = _DASHES.sub("-", text.replace("＋", "+").replace("（", "(").replace("）", ")"))
    if _NOT_A_NUMBER.search(text):
        text = _EXTENSION.sub("", _LABEL.sub("", text))
        text = text.strip(" .'\"`*")
    return text.strip()


@lru_cache(maxsize=512)  # an order's number is read by its identity, its assessment and its ladder
def _read_one(text: str, country: str | None) -> Phone | None:
    if _NOT_A_NUMBER.search(text):
        return None
    known = plain(text, country.upper()) if country else None
    if known is not None:
        e164, region, kind = known
        return Phone(e164, region, kind, possible=True, valid=True)
    international = _INTERNATIONAL.match(text)
    if international:
        return _checked(_parsed(_dialled_abroad("+" + text[international.end() :]), None))
    found = _checked(_parsed(_dialled_at_home(text, country.upper()), country.upper())) if country else None
    if found is not None and found.valid and not _has_code(text, country):
        return found
    bare = text.lstrip(" (0").replace(")", "", 1)
    trunk = _checked(_parsed(bare, country.upper())) if country and bare != text else None  # a 0 where none is used
    long = sum(map(str.isdigit, text)) >= MIN_ABROAD
    abroad = (
        _checked(_parsed("+" + text, None)) if long and text[:1] != "0" else None
    )  # a country code without its plus
    if found is not None and found.valid:  # begins with its own country's code
        return abroad if abroad is not None and abroad.valid else found
    return next((phone for phone in (trunk, abroad) if phone is not None and phone.valid), found)


def _has_code(text: str, country: str | None) -> bool:
    """Whether digits begin with the country's own code where a number at home would begin with a 0 (4915… in Germany)."""
    rules = phonenumbers.PhoneMetadata.metadata_for_region(country.upper(), None) if country else None
    if rules is None or rules.national_prefix != "0":
        return False
    return text.startswith(str(rules.country_code)) and sum(map(str.isdigit, text)) > MIN_ABROAD


def _dialled_at_home(text: str, country: str) -> str:
    old = _MEXICO_DIALLED.match(_DIGITS_ONLY.sub("", text)) if country == "MX" else None
    return old[2] if old else text


def _dialled_abroad(text: str) -> str:
    old = _MEXICO_DIALLED.match(_DIGITS_ONLY.sub("", text)) if text.startswith("+52") else None
    return f"+52{old[2]}" if old else text


def _parsed(text: str, country: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, country)
    except NumberParseException:
        return None


def _checked(number: PhoneNumber | None) -> Phone | None:
    """The number in its canonical form, or None where its length cannot be right."""
    if number is None:
        return None
    raw = f"{number.country_code}{_national(number)}"
    e164 = canonical(raw)
    if e164 != f"+{raw}":
        number = PhoneNumber(country_code=number.country_code, national_number=int(e164[3:]))
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return None  # a local number without its area code, too: nobody can text it
    region = phonenumbers.region_code_for_number(number)
    kind = kind_of(_national(number), number.country_code or 0, region) if region else "unknown"
    home = region or phonenumbers.region_code_for_country_code(number.country_code or 0)
    return Phone(e164, "" if home in {"001", "ZZ"} else home, kind, possible=True, valid=kind != "unknown")


def _national(number: PhoneNumber) -> str:
    zeros = "0" * (number.number_of_leading_zeros or 1) if number.italian_leading_zero else ""
    return f"{zeros}{number.national_number}"


def _calling_code(digits: str) -> str:
    for length in (1, 2, 3):
        if int(digits[:length] or "0") in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return digits[:length]
    return ""
