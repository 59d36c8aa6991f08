"""The blocks for offers and polls: off until a shop describes them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import PlainValidator, model_validator

from engine.settings.block import Block, setting
from engine.settings.faults import wrong
from engine.settings.values import Amount, Closing, Flag, Language, Text, Wait
from flows.money import Money, parse
from flows.offers import Offers as Bounds
from flows.offers import Returning, Step
from flows.policy import Policy
from flows.poll_rules import Polls as Rules

_DEFAULT = Policy(shop="", name="")
_BOUNDS, _RULES = Bounds(), Rules()


def _percent(value: object) -> float:
    try:
        percent = float(str(value).strip().removesuffix("%"))
    except ValueError:
        raise wrong(f"{str(value)[:20]!r} is no percentage", "Write a number like 5 or 7.5.") from None
    if not 0 < percent < 100:
        raise wrong(f"{percent:g} percent cannot come off an order", "Write a number between 0 and 100.")
    return percent


Percent = Annotated[float, PlainValidator(_percent)]


def _points(percent: float) -> int:
    return round(percent * 100)


def money_of(amount: str) -> Money:
    """What an Amount says ("20.00 EUR")."""
    number, _, currency = amount.partition(" ")
    return parse(number, currency)


class OfferStep(Block):
    """One thing that a customer who haggles may be offered: exactly one of percent, amount, free_delivery, prepay_percent, gift, later."""

    percent: Percent | None = setting("so much off the total", None, eg="5")
    amount: Amount | None = setting("so much off the total", None, eg="3.00 EUR")
    free_delivery: Amount | None = setting("the delivery, which the total contains, is free", None, eg="4.90 EUR")
    prepay_percent: Percent | None = setting(
        "so much off when it is paid ahead (needs the shop's payment_link)", None, eg="10"
    )
    gift: dict[Language, Text] = setting("language -> the gift in words", dict, eg="{en: a keyring}")
    cost: Amount | None = setting("what the gift costs the shop, for the books", None, eg="1.50 EUR")
    later: Flag = setting("not cheaper, but on a later day", False)

    @model_validator(mode="after")
    def _one_thing(self) -> OfferStep:
        given = [
            self.percent,
            self.amount,
            self.free_delivery,
            self.prepay_percent,
            self.gift or None,
            self.later or None,
        ]
        if sum(each is not None for each in given) != 1:
            raise wrong("a step offers exactly one thing", "Write for example {percent: 5} or {gift: {en: a keyring}}.")
        return self

    def step(self) -> Step:
        if self.percent is not None:
            return Step("percent", points=_points(self.percent))
        if self.amount is not None:
            return Step("amount", money=money_of(self.amount))
        if self.free_delivery is not None:
            return Step("free_delivery", money=money_of(self.free_delivery))
        if self.prepay_percent is not None:
            return Step("prepay", points=_points(self.prepay_percent))
        if self.gift:
            return Step("gift", words=self.gift, cost=money_of(self.cost) if self.cost else None)
        return Step("later")


class ReturningOffer(Block):
    """An offer for customers who bought something before."""

    bought: tuple[Text, ...] = setting("skus, or words of a title, of what they bought", eg="[S1, lamp]")
    text: dict[Language, Text] = setting("language -> the offer in words", eg='{en: "10% off lampshades: CODE10"}')
    until: Closing | None = setting("its last day; null: no end", None, eg="2026-12-31")

    def returning(self) -> Returning:
        return Returning(self.bought, self.text, self.until or "")


class Offers(Block):
    """What a customer who haggles, cancels, wants to decide later, or comes back may be offered. docs/offers.md explains it."""

    steps: tuple[OfferStep, ...] = setting(
        "what is offered to who haggles, in turn, once per order; empty: staff answer", (), eg="[{percent: 5}]"
    )
    most_percent: Percent = setting("never more off an order than this", _BOUNDS.most_points / 100)
    most_amount: Amount | None = setting("nor than this", None, eg="10.00 EUR")
    floors: dict[Text, Amount] = setting("sku -> lowest price of one piece", dict, eg="{S1: 39.90 EUR}")
    to_watched: Flag = setting("customers on watch may be offered something, too", False)
    returning: tuple[ReturningOffer, ...] = setting("offers for customers who come back", ())
    later_within: Wait | None = setting(
        "they may name a day as far ahead, and are asked again then; null: staff read such a wish",
        _DEFAULT.later_within,
        eg="14d",
    )
    exchange: Flag = setting("who cancels because it is the wrong article is shown to staff for an exchange", True)

    def bounds(self) -> Bounds:
        return Bounds(
            steps=tuple(step.step() for step in self.steps),
            most_points=_points(self.most_percent),
            most=money_of(self.most_amount) if self.most_amount else None,
            floors={sku: money_of(amount) for sku, amount in self.floors.items()},
            to_watched=self.to_watched,
            returning=tuple(offer.returning() for offer in self.returning),
        )


class Polls(Block):
    """Customers are asked for a score from 1 to 5. Off until a time is set. docs/offers.md explains it."""

    after_delivery: Wait | None = setting("ask so long after delivery; null: do not", None, eg="2d")
    to: Literal["agreed", "everybody"] = setting(
        "the poll after delivery goes to who agreed to polls, or to all", "agreed"
    )
    every: Literal["quarter", "year"] | None = setting(
        "ask who agreed how they like the shop, so often; null: do not", None, eg="year"
    )
    apart: Wait = setting("between two polls to one person", _RULES.apart, eg="30d")
    low: int = setting("up to this score it is a complaint, and the owner hears it", _RULES.low, least=0)
    high: int = setting("from this score on it is praise", _RULES.high, least=1)
    review_link: Text | None = setting(
        "where who praises may write a review; null: nobody is asked", None, eg='"https://reviews.example.com/demo"'
    )
    welcome: Flag = setting("who comes back is greeted after the yes, and asked once how the last order went", False)

    @model_validator(mode="after")
    def _in_order(self) -> Polls:
        if not self.low < self.high <= 5:
            raise wrong("low must be below high, and high at most 5", "Write for example low: 2 and high: 4.")
        return self

    def rules(self) -> Rules:
        return Rules(
            after_delivery=self.after_delivery,
            to=self.to,
            every=self.every,
            apart=self.apart,
            low=self.low,
            high=self.high,
            review_link=self.review_link or "",
            welcome=self.welcome,
        )
