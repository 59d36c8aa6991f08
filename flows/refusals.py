"""What a provider's "no" means, and so what may follow: one word for each of the providers' codes.

    later            not processed, nothing wrong with it       try again, as long as the rung lasts
    unknown          nobody can say whether it went out         ask the provider, never send again blindly
    dead             nobody is reached under this address       mark it, next rung now
    may_return       not now: phone off, mailbox full           at most one more try, next rung on time
    said_no          the person does not want it there          stop this address
    outside_window   WhatsApp wants an approved template        the template, else the next rung
    text_fault       this text or template is not taken         stop this template, tell the owner, next rung
    setup_fault      our account or sender is not set up        pause the channel, tell the owner once
    bsuid            no user id is taken here                   use the phone number

The codes are data: flows/refusals.json, each group with its source. A code that nobody listed is `may_return`: it marks no
address as dead, pauses no channel and stops no template on a guess, and the ladder goes on by its time. Codes of our
own adapters stand in the same table: `no_template` (nothing approved to send), `http_<status>` of a gateway.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Literal, get_args

import msgspec

Refusal = Literal[
    "later", "unknown", "dead", "may_return", "said_no", "outside_window", "text_fault", "setup_fault", "bsuid"
]

#: What an unlisted code is taken for; the module's docstring says why.
DEFAULT: Refusal = "may_return"


class _Group(msgspec.Struct, frozen=True):
    """One provider's codes, by class. A code may be a span of numbers: "200-299"."""

    source: str
    codes: dict[Refusal, tuple[str, ...]]


def _load() -> dict[str, dict[str, Refusal]]:
    text = files("flows").joinpath("refusals.json").read_bytes()
    groups = msgspec.json.decode(text, type=dict[str, _Group])
    table: dict[str, dict[str, Refusal]] = {}
    for provider, group in groups.items():
        codes = table.setdefault(provider, {})
        for kind, listed in group.codes.items():
            for code in (single for span in listed for single in _span(span)):
                if codes.setdefault(code, kind) != kind:
                    raise ValueError(f"{provider} {code} stands in two classes")
    return table


def _span(text: str) -> tuple[str, ...]:
    first, dash, last = text.partition("-")
    if not (dash and first.isdigit() and last.isdigit()):
        return (text,)
    return tuple(str(code) for code in range(int(first), int(last) + 1))


_TABLE = _load()
KINDS: tuple[Refusal, ...] = get_args(Refusal)


def classify(provider: str, code: str) -> Refusal:
    """What this code of twilio | meta | smtp | gateway means; `may_return` where nobody has listed it. Total.

    SMTP codes are RFC 3463's ("5.1.1") where the server gives one, else the reply's three digits; of an unlisted one
    the first digit still tells 4, later, from 5.
    """
    found = _TABLE.get(provider, {}).get(code)
    if found is not None:
        return found
    if provider == "smtp" and code.startswith("4"):
        return "later"
    return DEFAULT


def known(provider: str, code: str) -> bool:
    """Whether the code is in the table."""
    return code in _TABLE.get(provider, {})
