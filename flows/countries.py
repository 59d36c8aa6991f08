"""How a text to a country is asked for an answer: by reply words, by the page's link, or not at all.

The built-in rows are flows/country_facts.py; the settings' `countries` lie over them (`merged`). A gateway's own
`two_way` comes first; else a name (alphanumeric sender) never receives a reply, whatever the table says.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from flows.country_facts import FACTS, Fact
from flows.phones import read_phone
from flows.policy import Country, Sender

Way = Literal["words", "link", "none"]
Kind = Literal["number", "short", "name"]

#: Short codes have three to eight digits worldwide; the shortest E.164 numbers with a plus are longer.
#: Source: ITU-T E.164 (at most 15 digits) and twilio.com/docs/glossary/what-is-a-short-code, read 2026-11.
_SHORT_DIGITS = range(3, 9)


class Override(Struct, frozen=True):
    """What a shop's settings say of one country; None leaves the built-in fact."""

    two_way_sms: bool | None = None
    links_allowed: bool | None = None
    sender: str | None = None


def sms_way(table: Mapping[str, Country], country: str, sender: Sender) -> Way:
    """How a text to `country` (ISO alpha-2) from `sender` can be answered.

    `words`: replies arrive. `link`: they do not, but the text may carry the page's address. `none`: neither, so that the
    next channel is due. A country outside the table counts as two-way with links.
    """
    fact = table.get(country, _UNLISTED)
    address = fact.sender or sender.address
    if _two_way(fact, country, address, sender.two_way):
        return "words"
    return "link" if fact.links_allowed else "none"


def sender_for(table: Mapping[str, Country], country: str, sender: Sender) -> Sender:
    """`sender` with the address that the settings name for texts to this country."""
    fact = table.get(country, _UNLISTED)
    return replace(sender, address=fact.sender) if fact.sender else sender


def built_in() -> dict[str, Country]:
    """A fresh table of the 70 countries whose facts come with Doorstep."""
    return dict(_BUILT_IN)


def merged(overrides: Mapping[str, Override]) -> dict[str, Country]:
    """The built-in table under a shop's overrides. What an override leaves open stays as built in."""
    table = built_in()
    for code, said in overrides.items():
        country = table.get(code, _UNLISTED)
        if said.two_way_sms is not None:
            country = replace(country, two_way_sms="yes" if said.two_way_sms else "no", source="settings")
        if said.links_allowed is not None:
            country = replace(country, links_allowed=said.links_allowed, source="settings")
        table[code] = replace(country, sender=said.sender or "")
    return table


def sender_kind(address: str) -> Kind:
    """What a sender's address is: a full number, a short code, or a name of letters."""
    digits = address.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return "name"
    return "short" if not address.startswith("+") and len(digits) in _SHORT_DIGITS else "number"


@lru_cache(maxsize=256)
def sender_country(address: str) -> str:
    """The country (ISO alpha-2) that a number of ours belongs to; empty for short codes and names."""
    if sender_kind(address) != "number":
        return ""
    found = read_phone(address if address.startswith("+") else f"+{address}", None)
    return found.country if found else ""


def _two_way(fact: Country, country: str, address: str, said: bool | None) -> bool:
    if said is not None:
        return said
    kind = sender_kind(address)
    if kind == "name":
        return False
    if fact.two_way_sms == "local":
        return kind == "short" or sender_country(address) == country
    return fact.two_way_sms == "yes"


def _country(fact: Fact) -> Country:
    """The row as the ladder reads it: an unknown two-way counts as no, an unknown rule on links as allowed."""
    return Country(
        two_way_sms="no" if fact.two_way == "unknown" else fact.two_way,
        links_allowed=fact.links not in ("forbidden", "registration"),
        source=fact.source,
    )


_UNLISTED = Country()
_BUILT_IN: dict[str, Country] = {code: _country(fact) for code, fact in FACTS.items()}
