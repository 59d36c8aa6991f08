"""A small world around the flows: a store that finds, de-duplicates and keeps as the real one does, an outbox that claims and
settles, and ledgers of what went on the wire. Every event that goes in is checked against the promises (promises.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from msgspec.structs import replace

from flows import passing_on, pointers
from flows.conversation import Conversation, Note
from flows.decision import Decision
from flows.effects import (
    Accepted,
    AskProvider,
    CallBack,
    Card,
    HandOver,
    Open,
    Outcome,
    Say,
    ShowCard,
)
from flows.events import (
    AnyEvent,
    Claimed,
    EffectSettled,
    ProviderAnswered,
    Recovered,
    TimerDue,
)
from flows.pointers import Pointer
from flows.policy import Policy
from flows.step import start, step
from storage import codec
from tests.flows import promises
from tests.flows.shop import GROUP, NOW, POLICY, SHOP

#: An event follows an order that moved through at most so many hands, as in the engine.
HANDS = 5
#: A conversation whose timers are all run in time comes to rest within so many.
TIMERS_AT_ONCE = 200


@dataclass
class Attempt:
    """One time on the wire."""

    conversation: str
    open: Open
    at: datetime
    outcome: Outcome | None = None
    provider_id: str = ""

    @property
    def say(self) -> Say:
        assert isinstance(self.open.effect, Say)
        return self.open.effect


@dataclass
class World:
    """`policy` and `now` may be set at any time; nothing else is touched from outside."""

    policy: Policy = POLICY
    now: datetime = NOW
    process: str = "p1"
    documents: dict[str, bytes] = field(default_factory=dict)
    names: dict[Pointer, str] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    flying: list[Attempt] = field(default_factory=list)
    cards: list[tuple[Card, int]] = field(default_factory=list)  # as shown, with the message's number
    log: list[AnyEvent] = field(default_factory=list)
    journal: dict[str, list[Note]] = field(default_factory=dict)  # lines that left their document
    effect_ids: set[str] = field(default_factory=set)
    count: int = 0

    def next(self) -> int:
        self.count += 1
        return self.count

    def conversation(self, id_: str) -> Conversation:
        document = codec.read(self.documents[id_])
        assert isinstance(document, Conversation)
        return document

    def conversations(self) -> list[Conversation]:
        return [self.conversation(id_) for id_ in self.documents]

    def notes(self) -> list[Note]:
        """Every journal line, the moved ones first."""
        return [n for c in self.conversations() for n in (*self.journal.get(c.id, ()), *c.notes)]

    # -- the one road

    def bring(self, event: AnyEvent) -> Decision | None:
        """Carry an event to its conversation, and on to where its order has moved. None: seen before, or for nobody."""
        self.log.append(event)
        decision = None
        for _ in range(HANDS):
            decision = self._unit(event)
            if decision is None or not decision.forward:
                break
            event = replace(event, to=(pointers.phone(SHOP, decision.forward),))
        return decision

    def _unit(self, event: AnyEvent) -> Decision | None:
        found = next((self._known(p) for p in event.to if self._known(p)), "")
        if not found and not event.opens:
            return None
        before = self.conversation(found) if found else start(f"{self.next():024x}", SHOP, self.now)
        if event.event_id in before.seen:
            return None
        decision = step(before, event, self.now, self.policy)
        promises.of_a_step(before, event, self.now, self.policy, decision)
        for open_ in decision.planned:
            assert open_.id not in self.effect_ids, f"two effects are called {open_.id}"
            self.effect_ids.add(open_.id)
        if decision.changed:
            self._write(before, event, decision)
        for open_ in decision.perform:
            self._leave(before, open_)
        return decision

    def _known(self, pointer: Pointer) -> str:
        if pointer.kind == "conversation":
            return pointer.key if pointer.key in self.documents else ""
        return self.names.get(pointer, "")

    def _write(self, before: Conversation, event: AnyEvent, decision: Decision) -> None:
        if before.id not in self.documents and event.to[-1].kind != "conversation":
            self.names.setdefault(event.to[-1], before.id)
        self.documents[before.id] = codec.dump(decision.document)
        self.journal.setdefault(before.id, []).extend(decision.spilled)
        for pointer in decision.claims:
            if pointer.kind == "order":
                self.names[pointer] = before.id
            else:
                self.names.setdefault(pointer, before.id)

    # -- the wire

    def _leave(self, before: Conversation, open_: Open) -> None:
        promises.of_leaving(before, open_, self.now, self.policy)
        attempt = Attempt(before.id, open_, self.now)
        promises.of_attempts([*self.attempts, attempt])
        self.attempts.append(attempt)
        self.flying.append(attempt)

    def claim(self, id_: str, effect_id: str) -> None:
        event = Claimed(
            event_id=f"claim:{effect_id}:{self.now.timestamp()}",
            to=(pointers.conversation(id_),),
            at=self.now,
            effect_id=effect_id,
            by=self.process,
        )
        self.bring(event)

    def settle(self, attempt: Attempt, outcome: Outcome) -> None:
        """The outcome of one attempt comes back. What stays in the house or asks the provider is done first."""
        if attempt in self.flying:
            self.flying.remove(attempt)
        effect = attempt.open.effect
        if isinstance(outcome, Accepted):
            if isinstance(effect, ShowCard):
                outcome = self._show(effect)
            elif isinstance(effect, HandOver | CallBack):
                for event in passing_on.events(effect, attempt.open.id, attempt.conversation, self.policy, self.now):
                    self.bring(event)
            elif isinstance(effect, Say):
                attempt.provider_id = f"SM{len(self.attempts)}.{self.next()}"
                outcome = Accepted(attempt.provider_id)
        attempt.outcome = outcome
        provider = {"email": "smtp"}.get(getattr(effect, "channel", ""), "twilio")
        self.bring(
            EffectSettled(
                event_id=f"settled:{attempt.open.id}:{attempt.open.tries}",
                to=(pointers.conversation(attempt.conversation),),
                at=self.now,
                effect_id=attempt.open.id,
                provider=provider,
                outcome=outcome,
            )
        )

    def _show(self, effect: ShowCard) -> Accepted:
        assert effect.card is not None
        number = effect.card.message_id or self.next()
        self.cards.append((effect.card, number))
        return Accepted(f"{GROUP}/{number}")

    def provider_says(self, attempt: Attempt, *, found: bool, status: str = "", code: str = "") -> None:
        """The answer to a question about a message of unknown fate."""
        asked = attempt.open.effect
        effect_id = asked.effect_id if isinstance(asked, AskProvider) else attempt.open.id
        self.bring(
            ProviderAnswered(
                event_id=f"answered:{effect_id}",
                to=(pointers.conversation(attempt.conversation),),
                at=self.now,
                effect_id=effect_id,
                provider="twilio",
                found=found,
                provider_id=f"SM{effect_id}" if found else "",
                status=status,
                code=code,
            )
        )

    def crash(self) -> list[Attempt]:
        """This process dies, and another takes over. Gives what was on the wire: an outcome may still come, from the dead."""
        lost, self.flying = self.flying, []
        self.process = f"p{self.next()}"
        for id_ in list(self.documents):
            self.bring(
                Recovered(
                    event_id=f"recovered:{self.process}",
                    to=(pointers.conversation(id_),),
                    at=self.now,
                    by=self.process,
                )
            )
        return lost

    # -- time

    def run_timers(self) -> None:
        """Wake everybody who asked for a moment up to now, as the timer pump does."""
        for id_ in list(self.documents):
            for _ in range(TIMERS_AT_ONCE):
                due = self.conversation(id_).next_due()
                if due is None or due > self.now:
                    break
                self.wake(id_, due)
            else:
                raise AssertionError("a conversation asks to be woken again and again at once")

    def wake(self, id_: str, due: datetime) -> None:
        event_id = f"timer:{id_}:{due.isoformat()}"
        self.bring(TimerDue(event_id=event_id, to=(pointers.conversation(id_),), at=self.now, due=due))

    def run_outbox(self) -> None:
        """Everything that may leave now leaves, and is accepted."""
        for _ in range(TIMERS_AT_ONCE):
            ripe = [
                (c.id, o.id)
                for c in self.conversations()
                for o in c.open
                if o.status == "planned" and o.not_before <= self.now
            ]
            if not ripe and not self.flying:
                return
            for id_, effect_id in ripe:
                self.claim(id_, effect_id)
            for attempt in list(self.flying):
                if isinstance(attempt.open.effect, AskProvider):
                    self.provider_says(attempt, found=True, status="sent")
                self.settle(attempt, Accepted())
        raise AssertionError("the outbox never comes to rest")
