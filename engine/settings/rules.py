"""The blocks that say how Doorstep behaves: the ladder, calls, countries, limits."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal

from msgspec.structs import replace
from pydantic import AfterValidator, PlainValidator

from engine.settings.block import Block, setting
from engine.settings.faults import wrong
from engine.settings.values import Amount, Duration, Email, Flag, QuietHours, SmsSender, Text, Wait
from flows.complaint import Rules as ComplaintRules
from flows.keeping import Keep
from flows.policy import Policy, Rung
from flows.risk.policy import RiskPolicy, Weights

_DEFAULT = Policy(shop="", name="")
_COMPLAINTS = ComplaintRules()


class LadderRung(Block):
    """One step of the ladder."""

    channel: Literal["sms", "whatsapp", "email", "voice", "staff"] = setting("where", eg="sms")
    wait: Wait = setting("from the provider's acceptance until the next step", eg="4h")

    def rung(self) -> Rung:
        return Rung(self.channel, self.wait)


def _default_ladder() -> tuple[LadderRung, ...]:
    steps = ({"channel": step.channel, "wait": step.wait} for step in _DEFAULT.ladder)
    return tuple(LadderRung.model_validate(step) for step in steps)


class CallRules(Block):
    """What staff do with an order that no message settled."""

    attempts: int = setting("so many unanswered calls", _DEFAULT.calls.attempts, least=1)
    apart: Duration = setting("at least so far apart", _DEFAULT.calls.apart)
    then: Literal["cancel", "hold"] = setting("and then", "cancel")


class Confirmation(Block):
    """How an order is confirmed."""

    ladder: tuple[LadderRung, ...] = setting("the steps, in turn", _default_ladder(), eg="[{channel: sms, wait: 4h}]")
    calls: CallRules = setting("unanswered calls", CallRules)
    if_unanswered: Literal["hold", "cancel"] = setting(
        "nobody acted on the card: hold and tell the owner, or cancel", "hold"
    )
    quiet_hours: QuietHours = setting(
        "local time of the customer in which follow-ups rest; null: none", _DEFAULT.quiet, eg='"21:00-09:00"'
    )


class CountryRule(Block):
    """What this shop knows better of one country than the built-in table."""

    two_way_sms: Flag | None = setting("replies to our texts arrive", None, eg="true")
    links_allowed: Flag | None = setting("a text may carry a link", None, eg="true")
    sender: SmsSender | None = setting("write from this sender there", None, eg='"+34600000000"')


_RISK = RiskPolicy()


def _weights(value: object) -> dict[str, float]:
    """Signal -> points; only what differs from the defaults."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise wrong("signals and their points belong here", "Write for example {refused: 35, big_first: 0}.")
    known = Weights.__struct_fields__
    found: dict[str, float] = {}
    for name, points in value.items():
        if name not in known:
            raise wrong(f"there is no signal {name}", f"The signals are {', '.join(known)}.")
        try:
            found[name] = float(points)
        except (TypeError, ValueError):
            raise wrong(f"{name} needs points", "Write a number from 0 (off) to 100.") from None
        if not 0 <= found[name] <= 100:
            raise wrong(f"{name} has {found[name]:g} points", "Write a number from 0 (off) to 100.")
    return found


More = Literal["second_number", "prepay", "call"]


class AskMore(Block):
    """What a customer is asked for beside the yes: second_number | prepay (needs payment_link) | call (staff confirm by phone)."""

    watch: tuple[More, ...] = setting("of an order on watch", (), eg="[second_number]")
    review: tuple[More, ...] = setting("of one in review", (), eg="[second_number, prepay]")
    big_first: tuple[More, ...] = setting("of a first order far above what is usual", (), eg="[call]")

    def by_verdict(self) -> dict[str, tuple[str, ...]]:
        found = {"watch": self.watch, "review": self.review, "big_first": self.big_first}
        return {name: asks for name, asks in found.items() if asks}


#: Points of each order elsewhere, once a group is declared. Source: our own value; two and another small sign are watched.
_GROUPED = {"group_orders": 10.0}


class Risk(Block):
    """What past orders say about a new one. A red flag never cancels by itself."""

    enabled: Flag = setting("assess orders", True)
    trusted: Literal["confirm", "ask"] = setting(
        "a known good customer is confirmed at once, or asked like anybody", "confirm"
    )
    review: Literal["staff", "ask"] = setting(
        "where the past looks bad only staff confirm, or the customer's yes is enough", "staff"
    )
    ask: AskMore = setting("what else is asked for, and of whom", AskMore)
    watch_from: float = setting("score from which the reasons stand on the card", _RISK.watch_from, least=1)
    review_from: float = setting("score from which the order is flagged at once", _RISK.review_from, least=1)
    trusted_orders: int = setting("so many paid orders make a known good customer", _RISK.trusted_orders, least=1)
    half_life: Wait = setting("after it a bad order counts half", _RISK.half_life, eg="180d")
    forget_after: Wait = setting("after it a bad order does not count", _RISK.forget_after, eg="1095d")
    group: Text | None = setting(
        "shops with the same name here count orders of the same item by the same number among each other; null: never",
        None,
        eg="our-shops",
    )
    weights: Annotated[dict[str, float], PlainValidator(_weights)] = setting(
        "signal -> points where they differ from the defaults (docs/history.md lists them)", dict, eg="{big_first: 0}"
    )

    def policy(self) -> RiskPolicy:
        return replace(
            _RISK,
            enabled=self.enabled,
            weights=replace(_RISK.weights, **(_GROUPED if self.group else {}), **self.weights),
            watch_from=self.watch_from,
            review_from=self.review_from,
            trusted_orders=self.trusted_orders,
            half_life=self.half_life,
            forget_after=self.forget_after,
        )


def _time_of_day(value: object) -> time | None:
    if value is None or isinstance(value, time):
        return value
    try:
        return time.fromisoformat(str(value))
    except ValueError:
        raise wrong(f"{str(value)[:20]!r} is no time of day", 'Write "20:00", or null for none.') from None


class Complaints(Block):
    """Every complaint goes to the owner; how soon a person answers, and who hears when nobody does."""

    answer_within: Wait = setting(
        "a person answers within so much of the shop's own hours, at most a day after it opens", _COMPLAINTS.answer_within, eg="4h"
    )  # fmt: skip
    acknowledge_within: Wait = setting(
        "the customer has heard that a person will answer, on another channel if need be", _COMPLAINTS.acknowledge_within, eg="10m"
    )  # fmt: skip
    ping_again: Wait = setting("nobody has taken it: the owner is pinged again", _COMPLAINTS.ping_again, eg="15m")
    escalate_after: Wait = setting(
        "nobody has taken it: the owners' own phones by SMS, else e-mail", _COMPLAINTS.escalate_after, eg="30m"
    )
    remind_before: Wait = setting(
        "whoever has it is reminded so long before the promised moment", _COMPLAINTS.remind_before, eg="30m"
    )
    ask_solved: Flag = setting("the customer is asked whether it is solved", True)

    daily_at: Annotated[time | None, PlainValidator(_time_of_day)] = setting(
        "the owner's daily numbers, at this time of the shop; null: none", _COMPLAINTS.daily_at, eg='"20:00"'
    )

    def rules(self) -> ComplaintRules:
        return ComplaintRules(
            answer_within=self.answer_within,
            acknowledge_within=self.acknowledge_within,
            ping_again=self.ping_again,
            escalate_after=self.escalate_after,
            remind_before=self.remind_before,
            ask_solved=self.ask_solved,
            daily_at=self.daily_at,
        )


def _share(value: float | None) -> float | None:
    if value is not None and not 0 <= value <= 1:
        raise wrong(f"{value:g} is no share", "Write 0.28 for 28 of 100.")
    return value


class Numbers(Block):
    """What reports count with: money in the shop's currency, as plain numbers. null: a report says nothing of it."""

    sms_segment: float | None = setting("what one SMS segment costs", None, eg="0.08", least=0)
    whatsapp_message: float | None = setting("what one WhatsApp message costs", None, eg="0.05", least=0)
    returned_parcel: float | None = setting("what a parcel that comes back costs", None, eg="9.00", least=0)
    returned_before: Annotated[float | None, AfterValidator(_share)] = setting(
        "share of parcels that came back before, 0.28 for 28 of 100; null: counted from import-history", None, eg="0.28"
    )


def _per_hour(value: object) -> int | Literal["auto"] | None:
    if value is None:
        return None
    if value == "auto":
        return "auto"
    if str(value).isdigit():
        return int(str(value))
    raise wrong(f"{str(value)[:20]!r} is no limit", "Write auto, a whole number, or null for none.")


class LimitRules(Block):
    """Ceilings for messages that we begin, never for answers; null is none. What is over waits and is shown to staff."""

    first_sms_per_number_day: int | None = setting("first texts to one number in 24 h", 3, least=0)
    first_sms_per_prefix_hour: int | None = setting(
        "first texts to numbers alike but for four digits, an hour", 20, least=0
    )
    first_sms_per_hour: Annotated[int | Literal["auto"] | None, PlainValidator(_per_hour)] = setting(
        "first texts of the shop an hour; auto = 50, or four times what is usual when that is more", "auto"
    )
    money_per_day: Amount | None = setting(
        "spend a day on messages that we begin, by the prices under numbers; over it they wait until midnight",
        None,
        eg="20.00 EUR",
    )


_KEEP = Keep()


class Privacy(Block):
    """How long what is known of people is kept, and who answers for it. The page /privacy/{shop} tells customers all this."""

    contact: Email | None = setting("where customers ask about their data", None, eg="privacy@example.com")
    controller: Text | None = setting(
        "who answers for it by law: name and address; null: the shop's name",
        None,
        eg='"Demo Shop S.L., Calle Mayor 1, Madrid"',
    )
    keep_conversations: Duration | None = setting(
        "after the last word or change, once nothing is open; null: for ever", _KEEP.conversations
    )
    keep_journal: Duration | None = setting("lines of conversations that live on; null: for ever", _KEEP.journal)
    keep_history: Duration | None = setting(
        "closed orders, from which a customer's past is read; null: for ever", _KEEP.history
    )
    keep_bodies: Duration | None = setting("webhooks that could not be read; null: for ever", _KEEP.bodies)

    def keep(self) -> Keep:
        return Keep(
            conversations=self.keep_conversations,
            journal=self.keep_journal,
            history=self.keep_history,
            bodies=self.keep_bodies,
            contact=self.contact or "",
            controller=self.controller or "",
        )
