"""What a complaint is: whose words, what was promised and till when, who has taken it, and how it went. Kept in the conversation.

open --taken, answered by a person--> answered --a person says it is settled--> solved
solved --the customer says no, or complains again--> reopened --answered--> answered
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Literal

from msgspec import Struct

#: Words and steps of one complaint that are kept; older ones are in the journal.
WORDS_MOST = 8
STEPS_MOST = 20
#: Complaints of one customer that stay in the document; solved ones leave first.
KEPT_MOST = 8


class Rules(Struct, frozen=True):
    """How fast a complaint is answered, and who hears when it is not. From `complaints` in the settings."""

    answer_within: timedelta = timedelta(hours=4)  # of the shop's own hours, at most 24 h after it opens
    acknowledge_within: timedelta = timedelta(minutes=10)  # the customer has heard that a person will answer
    ping_again: timedelta = timedelta(minutes=15)  # nobody has taken it: the owner is pinged again
    escalate_after: timedelta = timedelta(minutes=30)  # nobody has taken it: by SMS, else e-mail, to the owners
    remind_before: timedelta = timedelta(minutes=30)  # whoever has it is reminded so long before the promise ends
    ask_solved: bool = True
    daily_at: time | None = time(20)  # the owner's numbers, shop's time; None: none


class Step(Struct, frozen=True, gc=False, omit_defaults=True):
    """One thing that happened to it: opened, more, taken, called, answered, solved, reopened, broken …"""

    at: datetime
    what: str
    by: str = ""


class Complaint(Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    n: int  # 1, 2 … in the conversation: short enough for a button
    opened_at: datetime
    kind: Literal["complaint", "threat"] = "complaint"
    seq: int = 0  # the order it is about; 0: none, the talk itself
    order_id: str = ""
    words: tuple[str, ...] = ()
    source: str = ""  # sms | whatsapp | email | page | poll
    tone: str = ""
    state: Literal["open", "answered", "solved", "reopened"] = "open"
    since: datetime  # when it last began to wait for a person: opened, or reopened
    taken_by: str = ""
    promise_by: datetime | None = None
    done: tuple[str, ...] = ()  # stages that have run since `since` (flows/complaint_stages.py)
    ack: str = ""  # effect id of the message that tells the customer
    acked: bool = False
    pinged: bool = False  # a ping has reached an owner since `since`
    history: tuple[Step, ...] = ()

    @property
    def waiting(self) -> bool:
        """For a person's answer."""
        return self.state in ("open", "reopened")

    @property
    def unsolved(self) -> bool:
        return self.state != "solved"


def selling_paused(complaints: Iterable[Complaint]) -> bool:
    """Whether nothing is to be sold or asked for fun: a complaint is not solved."""
    return any(complaint.unsolved for complaint in complaints)
