"""The numbers of one shop, read from its journals: for `run.py report`, and for the owner's chat."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from engine.ports import History, Store
from flows.money import exponent
from flows.numbers import Baseline, Costs, Report, Stories, report
from flows.policy import Policy
from flows.risk.history import CAME_BACK, SHIPPED

#: Conversations read at once: between two pages others get their turn. Reading one takes some tenths of a millisecond.
PAGE = 20
#: A return that was nobody's second thought says nothing of the time before either.
_CUSTOMERS = "customer"


async def stories(
    store: Store, shop: str, progress: Callable[[int], None] | None = None, since: datetime | None = None
) -> Stories:
    """Every journal of the shop, read once; with `since` those with a line from then on. `progress` hears how many there were."""
    read, after, count = Stories(), "", 0
    while True:
        page, after = await store.tales(shop, after, PAGE, since)
        for tale in page:
            read.read(tale.conversation, tale.notes)
        count += len(page)
        if progress is not None and page:
            progress(count)
        if not after:
            return read
        await asyncio.sleep(0)  # noqa: TID251 -- no time, a turn of the loop: a store may answer without waiting for anything


def before(history: History, shop: str, known: Stories, said: float | None) -> Baseline:
    """How many parcels came back before: as the shop says, else in its imported past, of orders that no journal knows."""
    if said is not None:
        return Baseline(said=said)
    returned = ended = 0
    for order in history.replay_history(shop):
        outcome = order.outcome
        if order.fields.id in known.orders or outcome.ended not in SHIPPED:
            continue
        theirs = outcome.ended in CAME_BACK
        if theirs and outcome.fault != _CUSTOMERS:
            continue
        ended += 1
        returned += theirs
    return Baseline(returned=returned, ended=ended)


def costs(currency: str, sms_segment: float | None, whatsapp: float | None, returned: float | None) -> Costs:
    """Prices as the settings have them (49.90) in minor units."""
    unit = 10 ** exponent(currency)
    minor = [None if price is None else price * unit for price in (sms_segment, whatsapp, returned)]
    return Costs(currency, *minor)


async def numbers(
    store: Store, history: History, shop: str, since: datetime, until: datetime, zone: str, prices: Costs,
    said: float | None, progress: Callable[[int], None] | None = None,
) -> Report:  # fmt: skip
    """The report of a period. Raises StoreUnavailable."""
    read = await stories(store, shop, progress)
    return report(
        read,
        shop=shop,
        since=since,
        until=until,
        zone=zone,
        costs=prices,
        baseline=before(history, shop, read, said),
    )


async def lately(store: Store, policy: Policy, since: datetime, until: datetime) -> Report:
    """The same report of a day or week for the owner's chat; of the time before and of money it says nothing.

    Made beside the service's work: what happened before is not read, and between a few conversations others have their turn.
    Raises StoreUnavailable.
    """
    read = await stories(store, policy.shop, since=since)
    return report(
        read,
        shop=policy.shop,
        since=since,
        until=until,
        zone=policy.zone,
        costs=Costs(policy.currency),
        baseline=Baseline(),
    )
