"""One wish carried out, once: the message rendered and handed to its provider, the card shown, the event brought to another document.

Whatever comes of it is an Outcome, told to the outbox; nothing here is tried again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from msgspec.structs import replace

from engine import attaching, reaching, releasing, rendering, reporting
from engine.counting import Counting
from engine.digesting import Digesting
from engine.engine import Engine
from engine.history_record import closed
from engine.noticing import Noticing
from engine.ports import AtDesk, Channel, DeskPort, History, Lookup, MediaPort, ShopPort
from engine.restored import Doubt
from engine.spending import Spending
from engine.tokens import Tokens, mailable
from flows import passing_on, pointers
from flows.desk_events import NumbersCounted
from flows.effects import (
    Accepted,
    AnyEffect,
    AskProvider,
    CountNotice,
    CountNumbers,
    FanOut,
    ListWaiting,
    Outcome,
    RaiseAlarm,
    Refused,
    ReleaseHeld,
    Remember,
    Say,
    ShowMedia,
    TellDesk,
    TellShop,
    Unknown,
)
from flows.events import ProviderAnswered
from flows.policy import Policy
from flows.risk.backtest import Replayed
from flows.wording import MissingValue, UnknownTemplate

log = logging.getLogger("doorstep.performing")

_AtDesk = AtDesk | ShowMedia
_Indoors = (
    AskProvider
    | RaiseAlarm
    | Remember
    | CountNumbers
    | ReleaseHeld
    | ListWaiting
    | CountNotice
    | FanOut
    | TellDesk
    | passing_on.PassedOn
)

#: A text that could not be written: a fault of ours, or of a shop's own text. flows/refusals.json has its class.
NO_TEXT = "no_text"


class Performing:
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
        self.history: History | None = None  # the shop's past, where the store keeps one
        self.doubt: Doubt | None = None  # after a restore: what may have been sent before
        self.spending = Spending(engine, process)
        self.digesting = Digesting(engine)
        self._tokens = tokens
        self._public_url = public_url.rstrip("/")
        self._noticing = Noticing(engine)
        self._messages = Counting(engine.counters, "messages", "channel", "purpose")
        self._segments = Counting(engine.counters, "segments", "channel")

    async def attempt(self, conversation: str, shop: str, effect_id: str, effect: AnyEffect) -> tuple[Outcome, str]:
        """The outcome, and whose it is. Raises StoreUnavailable, and whatever a fault of ours raises."""
        if isinstance(effect, Say):
            return await self._say(conversation, self._engine.policies[shop], effect_id, effect)
        if isinstance(effect, _AtDesk):
            return await self._at_desk(shop, effect_id, effect)
        if isinstance(effect, TellShop):
            port = self.shops.get((shop, effect.target))
            if port is None:
                return Refused("not_configured", f"the shop has no {effect.target}"), effect.target
            return await port.tell(effect, effect_id, self._engine.now()), effect.target
        return await self._indoors(conversation, shop, effect_id, effect), "doorstep"

    async def _at_desk(self, shop: str, effect_id: str, effect: _AtDesk) -> tuple[Outcome, str]:
        desk = self.desks.get(shop)
        if desk is None:
            return Refused("not_configured", "the shop has no staff group"), "telegram"
        if isinstance(effect, ShowMedia):
            return await attaching.show(self.media, desk, effect, effect_id, shop)
        return await desk.perform(effect, effect_id, shop), "telegram"

    async def _indoors(self, conversation: str, shop: str, effect_id: str, effect: _Indoors) -> Outcome:
        policy = self._engine.policies[shop]
        match effect:
            case AskProvider():
                return await self._ask(conversation, policy, effect_id, effect)
            case RaiseAlarm():
                await self._engine.trouble(shop, effect.kind, effect.values, effect.pause, effect.rest_s)
            case Remember():
                await self._remember(shop, effect)
            case CountNumbers():
                await self._count_numbers(policy, effect_id, effect)
            case ReleaseHeld():
                await releasing.release(self._engine, shop, effect_id, effect)
            case ListWaiting():
                await self.digesting.look(shop, effect.kind)
            case CountNotice():
                await self._noticing.count(shop, effect_id, effect)
            case FanOut():
                await self._noticing.fan_out(shop, effect)
            case TellDesk():
                await self._noticing.tell(shop, effect_id, effect)
            case _:
                for event in passing_on.events(effect, effect_id, conversation, policy, self._engine.now()):
                    await self._engine.handle(event)
        return Accepted()

    def link(self, conversation: str, say: Say) -> str:
        """The customer's page, bound to the order, its version and the channel."""
        token = self._tokens.make(conversation, say.order_id, say.version, say.channel)
        return f"{self._public_url}/c/{token}"

    async def _say(self, conversation: str, policy: Policy, effect_id: str, say: Say) -> tuple[Outcome, str]:
        channel = self._channels.get((policy.shop, say.channel))
        if channel is None:
            return Refused("not_configured", f"no provider carries {say.channel}"), "doorstep"
        link = self.link(conversation, say) if say.link else ""
        try:
            message, cost = rendering.message(say, effect_id, conversation, policy, link)
        except (MissingValue, UnknownTemplate) as error:
            log.exception("performing.no_text", extra={"template": say.template, "conversation": conversation})
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
        self._messages.add((say.channel, say.purpose))
        if say.channel == "sms":
            self._segments.add((say.channel,), cost)
        outcome = await channel.send(message)
        if isinstance(outcome, Accepted | Unknown):
            await self.spending.left(policy, say, cost)
            await reaching.left(self._engine, policy, say, effect_id)
        if cost > 1 and isinstance(outcome, Accepted):
            outcome = replace(outcome, segments=cost)
        return outcome, channel.provider

    async def _ask(self, conversation: str, policy: Policy, asked_by: str, ask: AskProvider) -> Outcome:
        channel = self._channels.get((policy.shop, ask.channel))
        if channel is None:
            return Refused("not_configured")
        say = ask.text_of
        link = self.link(conversation, say) if say.link else ""
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
                event_id=f"answered:{asked_by}",
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

    async def _remember(self, shop: str, effect: Remember) -> None:
        if self.history is not None:
            kept = closed(Replayed(effect.order.fields, effect.outcome), "service", "; ".join(effect.order.said[-2:]))
            await self.history.append_history(shop, [kept])

    async def _count_numbers(self, policy: Policy, effect_id: str, effect: CountNumbers) -> None:
        now = self._engine.now()
        found = await reporting.lately(self._engine.store, policy, effect.since, now)
        await self._engine.handle(
            NumbersCounted(
                event_id=f"numbers:{effect_id}",
                to=(pointers.desk(policy.shop),),
                at=now,
                kind=effect.kind,  # type: ignore[arg-type]
                report=found,
            )
        )
