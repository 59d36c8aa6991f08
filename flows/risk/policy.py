"""Every weight and limit of the assessment, with its default: the `risk:` part of the settings."""

from datetime import timedelta

from msgspec import Struct


class Weights(Struct, frozen=True, kw_only=True):
    """Points for each signal; 0 switches it off. Points of the past are those of a fresh order surely of this customer."""

    returned: float = 30
    refused: float = 35
    not_collected: float = 30
    unreachable: float = 12  # could not be reached about an earlier order
    late_cancel: float = 12  # cancelled after having confirmed
    open_unconfirmed: float = 8  # each open order beyond the first that nobody confirmed
    same_item_twice: float = 25  # the same item is already in an open or fresh order
    group_orders: float = 0  # open orders at the other shops of a declared group; off: those shops are others' business
    impossible_phone: float = 40
    odd_phone: float = 14  # possible, but in no assigned range, invented by the look of it, or a service number
    disposable_email: float = 15
    mistyped_email: float = 4
    nonsense_address: float = 38
    missing_parts: float = 8
    nonsense_name: float = 22
    big_first: float = 20
    prefix_burst: float = (
        55  # alone enough for review: 20 strangers on 10,000 neighbouring numbers in an hour are a machine
    )
    address_burst: float = 18
    redeliveries: float = 8
    late_refunds: float = 14
    threats: float = 45


class Likeness(Struct, frozen=True, kw_only=True):
    """How far an order of the past counts as this customer's, by what matched (1: as their own)."""

    phone: float = 1.0
    email: float = 0.9
    address: float = 0.35  # one household: a brother's refusals are not his sister's
    unsure: float = 0.5  # factor for a match that neighbours or namesakes could share


class RiskPolicy(Struct, frozen=True, kw_only=True):
    """What decides a verdict. The score runs from 0 to 100."""

    enabled: bool = True
    weights: Weights = Weights()
    likeness: Likeness = Likeness()
    watch_from: float = 25
    review_from: float = 50
    most_per_signal: float = 70  # no signal gives more, however often it repeats
    half_life: timedelta = timedelta(days=180)  # after it a bad order counts half
    forget_after: timedelta = timedelta(days=1095)  # and after this not at all
    bought_back: float = 0.6  # factor on a bad order for each order paid since
    trusted_orders: int = 3  # this many paid orders, surely theirs, and
    trusted_below: float = 8  # less score than this, and
    trusted_times_usual: float = 3.0  # not more than this times their dearest paid order
    trusted_within: timedelta = timedelta(days=730)  # the last one paid no longer ago
    big_first_times: float = 4.0  # a first order above this times the shop's usual amount
    same_item_within: timedelta = timedelta(hours=48)
    prefix_burst: int = 20  # orders per hour on numbers that differ in the last four digits
    address_burst: int = 5  # orders per day to one address
    redeliveries_from: int = 2  # orders that took the courier more than one visit
    late_refunds_from: int = 2
