"""How Twilio treats STOP and its kin: who said it to whom, and the answer that Twilio gives by itself.

Sources: https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out,
https://support.twilio.com/hc/en-us/articles/223134027, read 2026.
"""

from __future__ import annotations

from collections.abc import Iterable

OPT_OUT = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
OPT_IN = frozenset({"START", "YES", "UNSTOP"})
HELP = frozenset({"HELP", "INFO"})

ANSWERS = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}


class OptOuts:
    """Pairs (sender or Messaging Service, customer) between which nothing may be sent.

    The word is the whole message, in any case, with blanks and end punctuation around it.
    """

    def __init__(self, opt_out: Iterable[str] = OPT_OUT, opt_in: Iterable[str] = OPT_IN) -> None:
        # STOP and START cannot be taken off the lists
        self._out = frozenset(word.upper() for word in opt_out) | {"STOP"}
        self._in = frozenset(word.upper() for word in opt_in) | {"START"}
        self._pairs: set[tuple[str, str]] = set()

    def blocked(self, sender: str, customer: str) -> bool:
        return (sender, customer) in self._pairs

    def hear(self, sender: str, customer: str, text: str) -> tuple[str | None, str | None]:
        """What the text is (STOP, START, HELP or None) and what Twilio answers to it (or None).

        An opt-in word from somebody who was never out changes nothing and, as far as known, is not answered.
        """
        word = text.strip().rstrip(".!").strip().upper()
        pair = (sender, customer)
        if word in self._out:
            # a second STOP is not answered: the pair is blocked already
            answer = None if pair in self._pairs else ANSWERS["STOP"]
            self._pairs.add(pair)
            return "STOP", answer
        if word in self._in:
            answer = ANSWERS["START"] if pair in self._pairs else None
            self._pairs.discard(pair)
            return "START", answer
        if word in HELP:
            return "HELP", None if pair in self._pairs else ANSWERS["HELP"]
        return None, None
