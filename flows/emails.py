"""E-mail addresses: one key per mailbox, suggestions for mistyped domains, and throw-away domains.

Nothing here asks the network: a domain without a mail server is not noticed. A typo is only suggested, never mended
in silence: an order confirmed by a stranger is worse than one question more. The list of throw-away domains changes
weekly and belongs to a package outside this layer (disposable-email-domains), so it comes in as an argument.
"""

import re
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email
from msgspec import Struct
from rapidfuzz.distance import OSA

from flows.matching import NO_MATCH, Match

#: RFC 5321 4.5.3.1.3 allows a path of 256 with its brackets; longer text is not looked at.
MAX_RAW = 254

#: Domains that deliver to one mailbox. Sources: support.google.com/mail/answer/10313 (googlemail),
#: support.apple.com/en-us/102540 (me, mac), proton.me/support/addresses-and-aliases, yandex.ru/support/id, read 2026-11.
_ALIASES = {
    "googlemail.com": "gmail.com",
    "me.com": "icloud.com",
    "mac.com": "icloud.com",
    "pm.me": "proton.me",
    "protonmail.com": "proton.me",
    "protonmail.ch": "proton.me",
    "ya.ru": "yandex.ru",
    "yandex.com": "yandex.ru",
    "yandex.by": "yandex.ru",
    "yandex.kz": "yandex.ru",
    "yandex.ua": "yandex.ru",
}

#: Letters of the local part that the provider ignores. Sources: support.google.com/mail/answer/7436150 (dots),
#: proton.me/support/addresses-and-aliases (dots, hyphens, underscores), read 2026-11.
_IGNORED = {"gmail.com": ".", "proton.me": ".-_"}

#: Letters that the provider takes for each other. Source: yandex.ru/support/id, read 2026-11.
_SWAPPED = {"yandex.ru": (".", "-")}

#: Providers that document `name+tag`. Elsewhere a tag is most likely the same person, but not surely.
_TAGGED = frozenset(
    {"gmail.com", "icloud.com", "proton.me", "yandex.ru", "outlook.com", "hotmail.com", "live.com", "msn.com"}
    | {"fastmail.com", "fastmail.fm", "zoho.com", "mailbox.org", "posteo.de", "tuta.com", "hey.com"}
)

_COUNTRIES = "com es fr it de co.uk com.mx com.ar com.br ca in co.in gr be nl pt pl ro dk se no at ch com.au cl co.th"
_REAL = frozenset(
    {f"{name}.{end}" for name in ("hotmail", "outlook", "live", "yahoo", "gmx") for end in _COUNTRIES.split()}
    | set(_ALIASES)
    | {"gmail.com", "icloud.com", "proton.me", "yandex.ru", "mail.ru", "bk.ru", "list.ru", "inbox.ru", "rambler.ru"}
    | {"msn.com", "aol.com", "ymail.com", "rocketmail.com", "mail.com", "email.com", "gmx.net", "web.de", "t-online.de"}
    | {"freenet.de", "orange.fr", "free.fr", "wanadoo.fr", "laposte.net", "sfr.fr", "neuf.fr", "libero.it", "tin.it"}
    | {
        "virgilio.it",
        "alice.it",
        "tiscali.it",
        "wp.pl",
        "o2.pl",
        "onet.pl",
        "interia.pl",
        "op.pl",
        "vp.pl",
        "seznam.cz",
    }
    | {"centrum.cz", "azet.sk", "abv.bg", "ukr.net", "i.ua", "meta.ua", "telefonica.net", "terra.es", "sapo.pt"}
    | {"uol.com.br", "bol.com.br", "terra.com.br", "ig.com.br", "rediffmail.com", "comcast.net", "btinternet.com"}
    | {
        "sky.com",
        "virginmedia.com",
        "ntlworld.com",
        "talktalk.net",
        "telenet.be",
        "skynet.be",
        "ziggo.nl",
        "kpnmail.nl",
    }
    | {"bluewin.ch", "mynet.com", "qq.com", "163.com", "126.com", "naver.com", "daum.net", "fastmail.com", "zoho.com"}
    | {"mail.bg", "mail.ee", "mail.de", "inbox.com", "inbox.lv", "mailbox.org", "posteo.de", "tuta.com", "hey.com"}
)

#: Domains that a mistyped one is compared with: those that most customers use. A small provider would only mislead.
_BIG = (
    *("gmail.com", "hotmail.com", "yahoo.com", "outlook.com", "icloud.com", "live.com", "aol.com", "googlemail.com"),
    *("mail.ru", "yandex.ru", "hotmail.es", "hotmail.fr", "hotmail.it", "hotmail.co.uk", "outlook.es", "outlook.fr"),
    *("yahoo.es", "yahoo.fr", "yahoo.it", "yahoo.co.uk", "yahoo.co.in", "yahoo.com.mx", "yahoo.com.br", "yahoo.com.ar"),
    *("rediffmail.com", "orange.fr", "wanadoo.fr", "laposte.net", "web.de", "gmx.de", "t-online.de", "libero.it"),
    *("interia.pl", "protonmail.com", "hotmail.com.br", "uol.com.br", "rambler.ru", "seznam.cz", "btinternet.com"),
)

#: Local parts that need no closer look at a provider that is known to exist: most of them, at a tenth of the cost.
_PLAIN = re.compile(r"(?=.{1,64}$)[A-Za-z0-9_]+(?:[.+-][A-Za-z0-9_]+)*")

#: Short domains need every letter: one change makes `gmx.de` of `gme.de`, which may be anybody's.
_MIN_FUZZY = 8


class Email(Struct, frozen=True):
    """One address, read. `key` is equal for every writing of the same mailbox; `domain` is lower case, in Unicode."""

    address: str
    key: str
    domain: str
    tagged: bool  # a `+tag` was written
    suggestion: str = ""  # the address with its domain mended, where the domain looks mistyped


def read_email(raw: str) -> Email | None:
    """The address that was written, or None where the syntax allows no delivery (RFC 5321, without asking DNS)."""
    text = raw.strip().strip("<>").removeprefix("mailto:").rstrip(" .,;")
    if not text or len(text) > MAX_RAW or "@" not in text:
        return None
    local, _, domain = text.rpartition("@")
    domain = domain.lower()
    if domain not in _REAL or not _PLAIN.fullmatch(local):
        try:
            checked = validate_email(text, check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            return None
        local, domain = checked.local_part, checked.domain.lower()
    mended = suggested_domain(domain)
    return Email(
        address=f"{local}@{domain}",
        key=_key(local, domain),
        domain=domain,
        tagged="+" in local,
        suggestion=f"{local}@{mended}" if mended else "",
    )


@lru_cache(maxsize=4096)
def suggested_domain(domain: str) -> str:
    """The big provider that `domain` was most likely meant to be, or empty. Never for one that is known to exist."""
    if domain in _REAL or len(domain) < _MIN_FUZZY - 1:
        return ""
    if domain.startswith("gmail."):  # Gmail has no other ending
        return "gmail.com"
    best = min(_BIG, key=lambda big: OSA.distance(domain, big, score_cutoff=2))
    distance = OSA.distance(domain, best)
    if len(best) < _MIN_FUZZY:
        return best if distance == 1 and sorted(domain) == sorted(best) else ""
    return best if distance == 1 or (distance == 2 and _likely_slip(domain, best)) else ""


def is_disposable(email: Email, domains: frozenset[str]) -> bool:
    """Whether the domain, or one above it, is in `domains` (lower case names of throw-away providers)."""
    labels = email.domain.split(".")
    return any(".".join(labels[at:]) in domains for at in range(len(labels) - 1))


def match_emails(a: str, b: str) -> Match:
    """Whether two writings mean one mailbox: surely where the provider says so, likely where a slip explains the rest."""
    left, right = read_email(a), read_email(b)
    if left is None or right is None:
        return NO_MATCH
    if left.key == right.key:
        return Match(1.0, sure=True, on=("mailbox",))
    mended = [read_email(e.suggestion) if e.suggestion else e for e in (left, right)]
    if mended[0] is not None and mended[1] is not None and mended[0].key == mended[1].key:
        return Match(0.9, sure=False, on=("mailbox", "typo"))
    if left.domain == right.domain and left.tagged != right.tagged and _untagged(left) == _untagged(right):
        return Match(0.8, sure=False, on=("mailbox", "tag"))
    return NO_MATCH


def _key(local: str, domain: str) -> str:
    home = _ALIASES.get(domain, domain)
    name = local.casefold()
    if home in _TAGGED or home in _REAL:
        name = name.split("+", 1)[0] or name
    for letter in _IGNORED.get(home, ""):
        name = name.replace(letter, "") or name
    swapped = _SWAPPED.get(home)
    return f"{name.replace(*swapped) if swapped else name}@{home}"


def _untagged(email: Email) -> str:
    return email.key.rpartition("@")[0].split("+", 1)[0]


def _likely_slip(domain: str, big: str) -> bool:
    """Two letters off: only where the name is right and the ending is not (`gmail.ocm`), or the reverse."""
    name, _, end = domain.partition(".")
    big_name, _, big_end = big.partition(".")
    return (name == big_name) != (end == big_end) and len(name) >= 5 and name[0] == big_name[0]
