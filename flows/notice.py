"""A notice to many: what it says, to whom it goes, and how far it has come. Kept on the desk (flows/notices.py)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

#: The text that carries somebody's own words about an order to its customer.
TEMPLATE = "notice"
#: Where one customer's notice stands. asked: on its way; held: it waits (quiet hours, or its fate is not known yet); off: not sent.
State = Literal["asked", "held", "sent", "failed", "off"]


class Choice(Struct, frozen=True, gc=False, omit_defaults=True):
    """Which orders are meant."""

    kind: Literal["open", "confirmed", "day", "courier", "orders"]
    value: str = ""  # an ISO date, or a courier's name
    orders: tuple[str, ...] = ()


class Draft(Struct, frozen=True, gc=False, omit_defaults=True):
    """What is to be said to whom. `texts`: language -> text; "" is for everybody whose language has none of its own."""

    choice: Choice
    texts: dict[str, str]
    news: bool = False  # not about the order itself: only to those who agreed to news

    def text_for(self, language: str, shop_language: str) -> tuple[str, str]:
        """(language of the frame, text)."""
        for tag in (language, language.split("-")[0]):
            if tag and tag in self.texts:
                return tag, self.texts[tag]
        if "" in self.texts:
            return shop_language, self.texts[""]
        tag = shop_language if shop_language in self.texts else next(iter(self.texts))
        return tag, self.texts[tag]


class Counted(Struct, frozen=True, gc=False, omit_defaults=True):
    """Who would get it, as of the preview."""

    orders: tuple[str, ...] = ()  # one order of each customer
    channels: dict[str, int] = {}
    segments: int = 0  # of all SMS together
    left_out: dict[str, int] = {}  # why -> how many orders


class Notice(Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One notice at the desk. `orders` are those that nobody has been asked to write to yet."""

    n: int
    draft: Draft
    by: str
    chat: str  # where it is shown: the staff group, or somebody's private chat
    language: str = ""  # of whoever reads there; "" the shop's
    at: datetime
    state: Literal["counting", "draft", "sending", "stopped", "done", "left"] = "counting"
    orders: tuple[str, ...] = ()
    total: int = 0
    channels: dict[str, int] = {}
    segments: int = 0
    left_out: dict[str, int] = {}
    counts: dict[str, int] = {}  # State -> how many
    answered: int = 0
    stopped_by: str = ""
    stands: str = ""  # "<chat>/<message id>" of its one message
    dirty: bool = False  # what stands there is not what is true

    def count(self, state: State) -> int:
        return self.counts.get(state, 0)

    @property
    def under_way(self) -> int:
        return self.count("asked") + self.count("held")


class Noticed(Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A notice as its customer's conversation remembers it."""

    n: int
    order_id: str
    text: str
    effect_id: str
    channel: str
    address: str
    at: datetime
    state: State = "asked"
    provider_id: str = ""
    answered: bool = False
