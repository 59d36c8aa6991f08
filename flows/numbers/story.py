"""One order's way as its journal tells it. An order that moved to another number has lines in two conversations: the story
takes them in any order, so that journals can be read one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct, field

from flows.journal import Note

if TYPE_CHECKING:
    from flows.conversation import Conversation

_STAFF = ("staff", "manager", "owner")
#: Somebody who takes a card and forgets it is not at work all night.
AT_MOST_ON_A_CARD = timedelta(minutes=15)
#: What a press without "Take" is taken for.
FOR_A_PRESS = timedelta(minutes=1)


class Story(Struct):
    """What the journal says of one order so far. Moments are aware UTC; None: it has not happened."""

    order_id: str
    placed_at: datetime | None = None
    source: str = ""
    total_minor: int = 0
    language: str = ""
    country: str = ""
    state: str = ""  # as it stands now
    verdict: str = "normal"
    asked: list[tuple[datetime, str]] = field(default_factory=list)  # when, on which channel
    decided: list[tuple[datetime, str, str, str]] = field(default_factory=list)  # when, by, via, state
    reason: str = ""  # the customer's, for a cancel
    returned_why: str = ""
    attempts_failed: int = 0
    taken: list[tuple[datetime, str]] = field(default_factory=list)  # when a person took, or did something
    messages: dict[str, int] = field(default_factory=dict)  # by channel
    segments: dict[str, int] = field(default_factory=dict)

    @property
    def by_customer(self) -> tuple[datetime, str, str] | None:
        """The customer's first decision: when, through what, which state followed."""
        own = [(at, via, state) for at, by, via, state in self.decided if by == "customer"]
        return min(own) if own else None

    @property
    def confirmed(self) -> tuple[datetime, str, str] | None:
        """The yes that first stood: when, by whom, through what."""
        found = [(at, by, via) for at, by, via, state in self.decided if state == "confirmed"]
        return min(found) if found else None

    @property
    def questions_before_answer(self) -> int:
        """How many questions of the ladder had gone out when the customer decided; 0: they came by themselves."""
        answer = self.by_customer
        return sum(1 for at, _ in self.asked if answer and at <= answer[0])

    @property
    def time_to_answer(self) -> timedelta | None:
        """From the first question to the customer's decision."""
        answer = self.by_customer
        if answer is None or not self.asked:
            return None
        return max(answer[0] - min(self.asked)[0], timedelta())

    @property
    def at_work(self) -> timedelta:
        """How long people were busy with it: from a Take to that order's next act, else a minute for each act."""
        spent, open_since = timedelta(), None
        for at, what in sorted(self.taken):
            if open_since is not None:
                spent += min(at - open_since, AT_MOST_ON_A_CARD)
                open_since = None
            elif what != "taken":
                spent += FOR_A_PRESS
            if what == "taken":
                open_since = at
        return spent


class Matter(Struct, frozen=True):
    """A line that is counted beside the orders: a complaint, a promise, a score, an offer."""

    what: str
    at: datetime
    order_id: str
    conversation: str
    via: str
    data: dict[str, str]


#: Families of lines that are kept as they are.
_MATTERS = ("complaint.", "promise.", "poll.", "deal.", "review.")


class Stories:
    """Collects journals. `orders` by id; `matters` in the order they were read."""

    def __init__(self) -> None:
        self.orders: dict[str, Story] = {}
        self.matters: list[Matter] = []
        self.talk_messages: dict[str, int] = {}  # about no order: by channel
        self.talk_segments: dict[str, int] = {}

    def read(self, conversation: Conversation, notes: Iterable[Note]) -> None:
        """One conversation and its whole journal, oldest line first."""
        for order_id, state in conversation.former.items():
            self._story(order_id, conversation).state = state
        for order in conversation.orders:
            story = self._story(order.id, conversation)
            story.state, story.country, story.verdict = order.state, order.fields.address.country, order.verdict
        for note in notes:
            if note.what.startswith(_MATTERS):
                self.matters.append(Matter(note.what, note.at, note.order_id, conversation.id, note.via, note.data))
            if note.order_id:
                self._line(self._story(note.order_id, conversation), note)
            elif note.what == "sent":
                _add(self.talk_messages, self.talk_segments, note)

    def _story(self, order_id: str, conversation: Conversation) -> Story:
        story = self.orders.setdefault(order_id, Story(order_id))
        story.language = conversation.language or story.language
        return story

    def _line(self, story: Story, note: Note) -> None:
        who = note.by.partition(":")[0]
        if who in _STAFF:
            story.taken.append((note.at, note.what))
        match note.what:
            case "order.placed":
                story.placed_at = min(note.at, story.placed_at or note.at)
                story.source = note.via
                story.total_minor = int(note.data.get("total", "0"))
            case "rung.asked":
                story.asked.append((note.at, note.data.get("channel", "")))
            case "decided":
                story.decided.append((note.at, who, note.via, note.data.get("state", "")))
            case "cancel.reason":
                story.reason = note.data.get("reason", "")
            case "courier.attempt_failed":
                story.attempts_failed += 1
            case "order.returned":
                story.returned_why = note.data.get("reason", "")
            case "sent":
                _add(story.messages, story.segments, note)


def _add(messages: dict[str, int], segments: dict[str, int], note: Note) -> None:
    messages[note.via] = messages.get(note.via, 0) + 1
    if note.via == "sms":
        segments[note.via] = segments.get(note.via, 0) + int(note.data.get("segments", "1"))
