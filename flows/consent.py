"""One table settles what an opt-out word means: (word x sender x prompt open?) -> (order, consent).

The lists differ by provider and are data of the sender (settings). Matching is the whole message, one word, any case, end
punctuation ignored: "STOP 12345" and "please cancel" are no opt-outs.
Source: https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out, read 2026-11
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from flows.policy import Sender

_EDGE = " \t\r\n.!,;:'\"*()[]-_~¡¿?"
#: Words that mean the order when a question about it is open, even where the sender also takes them as an opt-out.
_ORDER_WORDS = {"cancel": "cancel", "yes": "yes"}
#: Words that always mean "no more messages here", whatever the sender's provider does with them.
_ALWAYS_OUT = frozenset({"stop", "stopall", "unsubscribe", "optout", "opt-out", "revoke", "quit"})
_ALWAYS_IN = frozenset({"start", "unstop"})
_ALWAYS_HELP = frozenset({"help", "info"})
_EVERYTHING = frozenset({"stop everything", "stop all", "stopall"})
_ALWAYS = _ALWAYS_OUT | _ALWAYS_IN | _ALWAYS_HELP | _EVERYTHING


class Ruling(Struct, frozen=True):
    """What the word settles before anything else is understood.

    order: "cancel" | "yes" | "". consent: "out" | "in" | "". `silent`: the provider answers by itself, so must we not
    here. `everything`: the person wants no message on any channel.
    """

    order: Literal["cancel", "yes", ""] = ""
    consent: Literal["out", "in", ""] = ""
    help: bool = False
    silent: bool = False
    everything: bool = False


NOTHING = Ruling()


def _listed(word: str, sender: Sender | None) -> bool:
    if word in _ALWAYS or sender is None:
        return word in _ALWAYS
    return word in sender.opt_out or word in sender.opt_in or word in sender.help


def settle(text: str, sender: Sender | None, *, prompt_open: bool, opt_out_type: str = "") -> Ruling:
    """The one table. `opt_out_type` is the provider's own verdict, which outranks our matching."""
    word = text.strip(_EDGE).casefold()
    if not opt_out_type and (len(word) > 16 or not _listed(word, sender)):
        return NOTHING
    out = sender is not None and word in sender.opt_out
    in_ = sender is not None and word in sender.opt_in
    answers = sender is not None and sender.answers_opt_out
    kind = opt_out_type.upper()
    if kind == "STOP" or (not kind and (out or word in _ALWAYS_OUT or word in _EVERYTHING)):
        meant = _ORDER_WORDS.get(word, "") if prompt_open else ""
        if meant == "cancel" or (word == "cancel" and not out and not kind):
            return Ruling(order="cancel", consent="out" if out or kind else "", silent=out or bool(kind))
        return Ruling(consent="out", silent=answers or bool(kind), everything=word in _EVERYTHING)
    if kind == "START" or (not kind and (in_ or word in _ALWAYS_IN)):
        if word == "yes":
            # YES is an opt-in word at Twilio; it answers the question, and never takes a STOP back in our books
            return Ruling(order="yes" if prompt_open else "", silent=False)
        return Ruling(consent="in", silent=answers or bool(kind))
    helps = word in _ALWAYS_HELP or (sender is not None and word in sender.help)
    if kind == "HELP" or (not kind and helps):
        return Ruling(help=True, silent=answers or bool(kind))
    return NOTHING
