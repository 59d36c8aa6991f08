"""The outbox: takes what may leave from the lanes, passes the final gate, puts it on the wire once, and brings the outcome back.

planned --permit, gate, commit `sending`--> on the wire --outcome--> an event on the one road. A crash between the commit and the outcome
leaves `sending`, which the next start turns into Unknown: asked about, never resent. In memory here are only hints.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from engine import attaching, reaching, releasing, rendering, reporting
from engine.digesting import Digesting
from engine.engine import Engine
from engine.history_record import closed
from engine.journal_log import tell
from engine.lanes import Lane
from engine.noticing import Noticing
from engine.ports import Channel, DeskPort, History, Lookup, MediaPort, OurFault, ShopPort, StoreUnavailable
from engine.restored import Doubt
from engine.spending import Spending
from engine.tokens import Tokens, mailable
from flows import pointers
from flows.decision import Document
from flows.effects import (
    Accepted,
    AskProvider,
    CallBack,
    CountNotice,
    CountNumbers,
    Escalate,
    FanOut,
    HandOver,
    ListWaiting,
    Open,
    Outcome,
    PingOwner,
    PointTo,
    RaiseAlarm,
    Refused,
    ReleaseHeld,
    Remember,
    ReportHeld,
    Say,
    ShowCard,
    ShowDigest,
    ShowMedia,
    ShowNotice,
    SpreadStop,
    TellDesk,
    TellPerson,
    TellShop,
    TellStaff,
    TryAgain,
    Unknown,
)
from flows.events import (
    Claimed,
    ConsentWithdrawn,
    EffectSettled,
    Escalated,
    HeldReported,
    NumbersCounted,
    OrderCalledBack,
    OrderHandedOver,
    ProviderAnswered,
    Recovered,
)
from flows.policy import Policy
from flows.risk.backtest import Replayed
from flows.wording import MissingValue, UnknownTemplate

log = logging.getLogger("doorstep.outbox")

#: At most so many requests of one lane are under way at once.
FLYING_MOST = 32
#: A message that waits longer than this for its sender is a backlog: counted, and the owner hears of it.
BACKLOG = timedelta(seconds=60)
#: What the store could not take is tried again after so long.
STORE_AGAIN = timedelta(seconds=1)
SCAN_PAGE = 500
#: So much of a provider's reason is a label of /metrics: codes are short, and there are few of them.
CODE_MOST = 60
#: A text that could not be written: a fault of ours, or of a shop's own text. flows/refusals.json has its class.
NO_TEXT = "no_text"


class Outbox:
    """One per process. `channels`: (shop, channel) -> the provider that carries it."""

    def __init__(
        self,
        engine: Engine,
        channels: Mapping[tuple[str, str], Channel],
        tokens: Tokens,
        public_url: str,
        process: str,
    ) -> None:
        self._engine = engine
        self._channels = channels
        self.desks: Mapping[str, DeskPort] = {}  # shop -> its staff's place; set once the bot is built
        self.shops: Mapping[tuple[str, str], ShopPort] = {}  # (shop, place) -> who tells it there
        self.media: Mapping[tuple[str, str], MediaPort] = {}  # (shop, channel) -> who has what customers send there
        self._tokens = tokens
        self._public_url = public_url.rstrip("/")
        self._process = process
        self.history: History | None = None  # the shop's past, where the store keeps one
        self.doubt: Doubt | None = None  # after a restore: what may have been sent before
        self._tasks: set[asyncio.Task[None]] = set()
        self._pumps: dict[str, asyncio.Task[None]] = {}
        self._stopping = False
        self.spending = Spending(engine, process)
        self._digesting = Digesting(engine, self._load)
        self._noticing = Noticing(engine)
        engine.after_commit = self.follow

    # -- after a commit

    async def follow(self, document: Document, perform: tuple[Open, ...]) -> None:
        """Put on the wire what passed the gate, and let what is planned wait on its lane.

        What stays inside the house (an order handed over, a STOP spread) is done before this returns, and so before the 2xx.
        """
        for open_ in perform:
            if isinstance(open_.effect, HandOver | CallBack | SpreadStop):
                await self._perform(document.id, document.shop, open_)
            else:
                self._spawn(self._perform(document.id, document.shop, open_))
        for open_ in document.open:
            if open_.status == "planned":
                lane = self._engine.lanes.get(open_.lane)
                lane.offer(document.id, open_)
                self._pump(lane)
                kind = self._digesting.due(document.shop, lane)
                if kind:
                    self._spawn(self._digesting.look(document.shop, kind))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def busy(self) -> int:
        """Requests on the wire."""
        return len(self._tasks)

    def backlog_s(self) -> dict[str, float]:
        """Lane -> how long its newest message will wait."""
        return {lane.name: lane.backlog_s() for lane in self._engine.lanes.all() if len(lane)}

    def ages_s(self) -> dict[str, float]:
        """Lane -> how long the oldest message has waited that may leave."""
        now = self._engine.now()
        return {lane.name: lane.age_s(now) for lane in self._engine.lanes.all() if len(lane)}

    def next_moment(self) -> datetime | None:
        """When the next planned effect can leave; None: nothing waits."""
        now = self._engine.now()
        moments = [m for lane in self._engine.lanes.all() if (m := lane.next_moment(now)) is not None]
        return min(moments, default=None)

    # -- the lanes

    def _pump(self, lane: Lane) -> None:
        if lane.name not in self._pumps and not self._stopping:
            self._pumps[lane.name] = asyncio.ensure_future(self._run(lane))

    async def _run(self, lane: Lane) -> None:
        """One lane: wait for the next permit, claim, send."""
        clock = self._engine.clock
        while not self._stopping:
            now = clock.now()
            taken = lane.take(now) if lane.flying < FLYING_MOST else None
            if taken is None:
                until = lane.next_moment(now) if lane.flying < FLYING_MOST else None
                lane.sleeps_until = until
                await clock.wait(until, lane.wake)
                lane.sleeps_until = None
                continue
            lane.flying += 1
            self._spawn(self._claim(lane, *taken))

    async def _claim(self, lane: Lane, conversation: str, effect_id: str) -> None:
        now = self._engine.now()
        event = Claimed(
            event_id=f"claim:{effect_id}:{now.timestamp()}",
            to=(pointers.conversation(conversation),),
            at=now,
            effect_id=effect_id,
            by=self._process,
        )
        try:
            decision = (await self._engine.handle(event)).decision
            if decision is None or not decision.perform:
                lane.refund()
            if decision is not None and not decision.changed:
                await self.follow(decision.document, ())  # its moment has not come: back into the lane
        except StoreUnavailable:
            await self._pause(STORE_AGAIN)
            document = await self._load(conversation)
            if document is not None:
                await self.follow(document, ())
        except Exception:
            log.exception("outbox.claim_failed", extra={"conversation": conversation})
        finally:
            lane.flying -= 1
            lane.wake.set()

    async def _load(self, conversation: str) -> Document | None:
        return await self._engine.store.load(pointers.conversation(conversation))

    async def _pause(self, long: timedelta) -> None:
        """Machine time, not business time: a database that is locked does not follow the sandbox's clock."""
        await asyncio.sleep(long.total_seconds())

    # -- the wire

    async def _perform(self, conversation: str, shop: str, open_: Open) -> None:
        """One attempt, and its outcome as an event. `sending` is committed already."""
        try:
            outcome, provider = await self._attempt(conversation, shop, open_)
        except Exception as error:
            log.exception("outbox.bug", extra={"effect": type(open_.effect).__name__, "conversation": conversation})
            outcome, provider = Unknown(f"bug: {type(error).__name__}"), "doorstep"
        lane = self._engine.lanes.get(open_.lane)
        lane.done(open_.id)
        if isinstance(outcome, TryAgain) and outcome.reason == "too_many":
            lane.hold(self._engine.now() + timedelta(seconds=outcome.after_s))  # the next one would be refused as well
        kind = type(outcome).__name__.lower()
        self._engine.count("outcomes", provider=provider, effect=type(open_.effect).__name__, outcome=kind)
        facts = {
            "effect": type(open_.effect).__name__,
            "provider": provider,
            "conversation": conversation,
            "code": getattr(outcome, "code", "") or getattr(outcome, "reason", ""),
        }
        tell(log, f"outbox.{kind}", facts)
        self._measure(open_, provider, outcome)
        await self._settle(conversation, open_.id, provider, outcome)

    def _measure(self, open_: Open, provider: str, outcome: Outcome) -> None:
        """For /metrics: how long a question took to be accepted, and by which code a provider failed."""
        effect = open_.effect
        if not isinstance(outcome, Accepted):
            code = outcome.code if isinstance(outcome, Refused) else outcome.reason
            self._engine.count("provider_errors", provider=provider, code=code[:CODE_MOST])
        elif isinstance(effect, Say) and effect.purpose in ("first", "rung"):
            waited = self._engine.now() - max(open_.at, open_.not_before)
            self._engine.waits.observe(effect.channel, waited.total_seconds())

    async def _settle(self, conversation: str, effect_id: str, provider: str, outcome: Outcome) -> None:
        """Bring the outcome back, for as long as it takes: without it the effect would count as unknown."""
        while True:
            event = EffectSettled(
                event_id=f"settled:{effect_id}",
                to=(pointers.conversation(conversation),),
                at=self._engine.now(),
                effect_id=effect_id,
                provider=provider,
                outcome=outcome,
            )
            try:
                await self._engine.handle(event)
                return
            except StoreUnavailable:
                if self._stopping:
                    return
                await self._pause(STORE_AGAIN)
            except Exception:
                log.exception("outbox.settle_failed", extra={"conversation": conversation})
                return

    async def _attempt(self, conversation: str, shop: str, open_: Open) -> tuple[Outcome, str]:
        effect = open_.effect
        policy = self._engine.policies[shop]
        match effect:
            case Say():
                return await self._say(conversation, policy, open_.id, effect)
            case ShowCard() | ShowDigest() | ShowNotice() | TellStaff() | PointTo() | TellPerson() | PingOwner():
                desk = self.desks.get(shop)
                if desk is None:
                    return Refused("not_configured", "the shop has no staff group"), "telegram"
                return await desk.perform(effect, open_.id, shop), "telegram"
            case ShowMedia():
                desk = self.desks.get(shop)
                if desk is None:
                    return Refused("not_configured", "the shop has no staff group"), "telegram"
                return await attaching.show(self.media, desk, effect, open_.id, shop)
            case AskProvider():
                return await self._ask(conversation, policy, effect), "doorstep"
            case HandOver():
                return await self._hand_over(conversation, shop, open_.id, effect), "doorstep"
            case CallBack():
                return await self._call_back(shop, open_.id, effect), "doorstep"
            case RaiseAlarm():
                await self._engine.trouble(shop, effect.kind, effect.values, effect.pause, effect.rest_s)
                return Accepted(), "doorstep"
            case TellShop():
                port = self.shops.get((shop, effect.target))
                if port is None:
                    return Refused("not_configured", f"the shop has no {effect.target}"), effect.target
                return await port.tell(effect, open_.id, self._engine.now()), effect.target
            case Remember():
                return await self._remember(shop, effect), "doorstep"
            case CountNumbers():
                return await self._count_numbers(shop, open_.id, effect), "doorstep"
            case ReportHeld():
                return await self._report_held(shop, open_.id, effect), "doorstep"
            case ReleaseHeld():
                await releasing.release(self._engine, shop, open_.id, effect)
                return Accepted(), "doorstep"
            case ListWaiting():
                await self._digesting.look(shop, effect.kind)
                return Accepted(), "doorstep"
            case CountNotice():
                return await self._noticing.count(shop, open_.id, effect), "doorstep"
            case FanOut():
                return await self._noticing.fan_out(shop, effect), "doorstep"
            case TellDesk():
                return await self._noticing.tell(shop, open_.id, effect), "doorstep"
            case Escalate():
                return await self._escalate(shop, open_.id, effect), "doorstep"
            case SpreadStop():
                return await self._spread(policy, open_.id, effect), "doorstep"

    def _link(self, conversation: str, say: Say) -> str:
        token = self._tokens.make(conversation, say.order_id, say.version, say.channel)
        return f"{self._public_url}/c/{token}"

    async def _say(self, conversation: str, policy: Policy, effect_id: str, say: Say) -> tuple[Outcome, str]:
        channel = self._channels.get((policy.shop, say.channel))
        if channel is None:
            return Refused("not_configured", f"no provider carries {say.channel}"), "doorstep"
        link = self._link(conversation, say) if say.link else ""
        try:
            message, cost = rendering.message(say, effect_id, conversation, policy, link)
        except (MissingValue, UnknownTemplate) as error:
            log.exception("outbox.no_text", extra={"template": say.template, "conversation": conversation})
            return Refused(NO_TEXT, str(error)), "doorstep"  # nothing has left: the next way, and the owner hears of it
        if say.channel == "email" and say.order_id:
            token = self._tokens.make(conversation, say.order_id, say.version, say.channel)
            message = replace(message, reply_token=mailable(token))
        if self.doubt is not None:
            before = await self.doubt.outcome(conversation, say, message, channel, policy, self._engine.now())
            if before is not None:
                return before, channel.provider
        if cost > 1:
            self._engine.lanes.get(f"{say.channel}:{say.sender}").charge(cost - 1, self._engine.now())
        self._engine.count("messages", channel=say.channel, purpose=say.purpose)
        if say.channel == "sms":
            self._engine.add("segments", cost, channel=say.channel)
        outcome = await channel.send(message)
        if isinstance(outcome, Accepted | Unknown):
            await self.spending.left(policy, say, cost)
            await reaching.left(self._engine, policy, say, effect_id)
        if cost > 1 and isinstance(outcome, Accepted):
            outcome = replace(outcome, segments=cost)
        return outcome, channel.provider

    async def _ask(self, conversation: str, policy: Policy, ask: AskProvider) -> Outcome:
        channel = self._channels.get((policy.shop, ask.channel))
        if channel is None:
            return Refused("not_configured")
        say = ask.text_of
        link = self._link(conversation, say) if say.link else ""
        message, _ = rendering.message(say, ask.effect_id, conversation, policy, link)
        found = await channel.find(
            Lookup(
                effect_id=ask.effect_id,
                channel=ask.channel,
                to=ask.to,
                sender=ask.sender,
                text=rendering.as_listed(message, policy),
                since=ask.since,
            )
        )
        await self._engine.handle(
            ProviderAnswered(
                event_id=f"answered:{ask.effect_id}",
                to=(pointers.conversation(conversation),),
                at=self._engine.now(),
                effect_id=ask.effect_id,
                provider=channel.provider,
                found=found is not None,
                provider_id=found.provider_id if found else "",
                status=found.status if found else "",
                code=found.code if found else "",
            )
        )
        return Accepted()

    async def _hand_over(self, conversation: str, shop: str, effect_id: str, effect: HandOver) -> Outcome:
        await self._engine.handle(
            OrderHandedOver(
                event_id=f"moved:{effect_id}",
                to=(pointers.phone(shop, effect.to_phone),),
                at=self._engine.now(),
                opens=True,
                order=effect.order,
                moved_by=effect.moved_by,
                ask=effect.ask,
                email=effect.email,
                language=effect.language,
                former=conversation,
                back=effect.back,
            )
        )
        return Accepted()

    async def _call_back(self, shop: str, effect_id: str, effect: CallBack) -> Outcome:
        await self._engine.handle(
            OrderCalledBack(
                event_id=f"back:{effect_id}",
                to=(pointers.phone(shop, effect.from_phone),),
                at=self._engine.now(),
                order_id=effect.order_id,
                phone=effect.phone,
                channel=effect.channel,
                address=effect.address,
                sender=effect.sender,
                language=effect.language,
            )
        )
        return Accepted()

    async def _remember(self, shop: str, effect: Remember) -> Outcome:
        if self.history is not None:
            kept = closed(Replayed(effect.order.fields, effect.outcome), "service", "; ".join(effect.order.said[-2:]))
            await self.history.append_history(shop, [kept])
        return Accepted()

    async def _count_numbers(self, shop: str, effect_id: str, effect: CountNumbers) -> Outcome:
        now = self._engine.now()
        found = await reporting.lately(self._engine.store, self._engine.policies[shop], effect.since, now)
        await self._engine.handle(
            NumbersCounted(
                event_id=f"numbers:{effect_id}",
                to=(pointers.desk(shop),),
                at=now,
                kind=effect.kind,  # type: ignore[arg-type]
                report=found,
            )
        )
        return Accepted()

    async def _report_held(self, shop: str, effect_id: str, effect: ReportHeld) -> Outcome:
        await self._engine.handle(
            HeldReported(
                event_id=f"held:{effect_id}",
                to=(pointers.desk(shop),),
                at=self._engine.now(),
                opens=True,
                burst=effect.burst,
                limit=effect.limit,
                about=effect.about,
                ask_at=effect.ask_at,
            )
        )
        return Accepted()

    async def _escalate(self, shop: str, effect_id: str, effect: Escalate) -> Outcome:
        await self._engine.handle(
            Escalated(
                event_id=f"escalated:{effect_id}",
                to=(pointers.desk(shop),),
                at=self._engine.now(),
                opens=True,
                key=effect.key,
                order_id=effect.order_id,
            )
        )
        return Accepted()

    async def _spread(self, policy: Policy, effect_id: str, effect: SpreadStop) -> Outcome:
        for shop in policy.shares.get(effect.channel, ()):
            await self._engine.handle(
                ConsentWithdrawn(
                    event_id=f"stop:{effect_id}:{shop}",
                    to=(pointers.phone(shop, effect.address),),
                    at=self._engine.now(),
                    opens=True,
                    channel=effect.channel,
                    address=effect.address,
                    everything=effect.everything,
                )
            )
        return Accepted()

    # -- start and stop

    async def recover(self) -> int:
        """After a start: what another life of this service had on the wire is unknown; what it had planned waits again.

        A conversation that cannot be read or stepped is logged and left as it is: it does not keep the service from starting.
        """
        recovered = 0
        for conversation in await self._engine.store.in_flight():
            event = Recovered(
                # effects are named after their event, and the desk hears of many conversations: each has an event of its own
                event_id=f"recovered:{self._process}:{conversation}",
                to=(pointers.conversation(conversation),),
                at=self._engine.now(),
                by=self._process,
            )
            try:
                await self._engine.handle(event)
                recovered += 1
            except StoreUnavailable:
                raise
            except Exception:
                log.exception("outbox.recover_failed", extra={"conversation": conversation})
        await self.rescan()
        return recovered

    async def rescan(self) -> None:
        """Offer every planned effect to its lane: the heaps are only hints, the store knows."""
        after = None
        horizon = self._engine.now() + timedelta(days=36500)
        while True:
            page = await self._engine.store.sendable(horizon, SCAN_PAGE, after)
            for due in page:
                try:
                    document = await self._load(due.conversation)
                except OurFault:
                    log.exception("outbox.unreadable", extra={"conversation": due.conversation})
                    continue
                if document is not None:
                    await self.follow(document, ())
            if len(page) < SCAN_PAGE:
                return
            after = (page[-1].at, page[-1].conversation)

    async def glance(self) -> None:
        """Offer what could leave by now to its lane, and look at the next timer: a command of another process (import-orders)
        writes into the same store. What waits already is known to its lane."""
        for due in await self._engine.store.sendable(self._engine.now(), SCAN_PAGE, None):
            document = await self._load(due.conversation)
            if document is not None:
                await self.follow(document, ())
        soonest = await self._engine.store.next_due()
        if soonest is not None and self._engine.on_due is not None:
            self._engine.on_due(soonest)

    async def watch_backlog(self) -> None:
        """Tell the owner of a sender that is more than a minute behind."""
        for name, seconds in self.backlog_s().items():
            if seconds > BACKLOG.total_seconds() and not name.startswith("telegram"):
                for shop in self._engine.policies:
                    await self._engine.alarm(shop, "backlog", name, sender=name, seconds=int(seconds))

    async def stop(self) -> None:
        """Claim nothing more; wait for what is on the wire."""
        self._stopping = True
        for task in self._pumps.values():
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=20)
        with contextlib.suppress(StoreUnavailable):
            await self.spending.give_back()
