"""A made-up town with known truth, and what the assessment changes in it:  python -m bench.population [--orders 100000]

    good        orders now and then, takes and pays nearly always
    family      two to four phones behind one door, of whom one refuses parcels
    refuser     a real person who says yes and then does not take more than half of the parcels
    shopaholic  orders the same thing twice within hours and sends the second one back
    phantom     made up: invented details, one-offs or a machine on one prefix; nobody takes the parcel

Each order goes through the shop twice: as before (everybody is asked by text, who does not answer is called) and with the
assessment (trusted go out unasked, review is called by staff). The same dice fall in both. It is a regression test of
behaviour under the assumptions below, not a claim of savings.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from datetime import timedelta

from msgspec import Struct

from bench.town import ASSUMED, SEED, THROWN_AWAY, Placed, Town
from flows.risk import RiskPolicy
from flows.risk.history import PastOrder
from flows.risk.memory import Memory


class Tally(Struct):
    """What a shop's year came to."""

    orders: int = 0
    shipped: int = 0
    phantoms_shipped: int = 0
    came_back: int = 0
    good_asked_twice: int = 0
    good_unasked: int = 0
    good_lost: int = 0
    calls: int = 0
    verdicts: Counter[tuple[str, str]] = Counter()

    @property
    def minutes_per_100(self) -> float:
        """Minutes of staff per 100 orders."""
        return 100 * self.calls * ASSUMED["minutes of a call"] / max(1, self.orders)


def run_year(orders: list[Placed], policy: RiskPolicy | None) -> Tally:
    """The year in a shop with the given policy; None is the shop as before."""
    tally, memory = Tally(verdicts=Counter()), Memory(policy or RiskPolicy(), THROWN_AWAY)
    for placed in orders:
        verdict = memory.assess(placed.fields).verdict if policy else "normal"
        shipped, called = _decided(placed, verdict)
        _count(tally, placed, verdict, shipped=shipped, called=called)
        if policy:
            memory.keep(placed.fields, _outcome(placed, verdict, shipped=shipped))
    return tally


def _decided(placed: Placed, verdict: str) -> tuple[bool, bool]:
    """Whether the parcel left, and whether staff called."""
    if verdict == "trusted":
        return True, False
    if verdict == "review":
        stops = {
            "phantom": "a phantom is caught by a call with the reasons on the card",
            "refuser": "a refuser is talked out of it by a call with the reasons",
            "shopaholic twice": "a shopaholic gives the second one up in such a call",
        }
        return placed.call >= ASSUMED[stops.get(placed.kind, "a good customer is lost by such a call")], True
    if placed.answers:
        return True, False
    caught = placed.kind == "phantom" and placed.call < ASSUMED["a phantom is caught by a call without a warning"]
    return not caught, True


def _outcome(placed: Placed, verdict: str, *, shipped: bool) -> PastOrder:
    at = placed.fields.placed_at
    delivered = at + timedelta(days=ASSUMED["days from order to delivery"])
    return PastOrder(
        order_id=placed.fields.id,
        placed_at=at,
        closed_at=delivered if shipped else at + timedelta(days=1),
        ended=("paid" if placed.takes else "refused") if shipped else "cancelled_by_shop",
        fault="customer" if shipped and not placed.takes else "none",
        amount_minor=placed.fields.total.minor,
        currency="EUR",
        confirmed_at=at if verdict == "trusted" or placed.answers else None,
        unreachable=not shipped and not placed.answers,
    )


def _count(tally: Tally, placed: Placed, verdict: str, *, shipped: bool, called: bool) -> None:
    good = placed.kind in {"good", "family", "shopaholic"}
    tally.orders += 1
    tally.shipped += shipped
    tally.phantoms_shipped += shipped and placed.kind == "phantom"
    tally.came_back += shipped and not placed.takes
    tally.good_asked_twice += good and called
    tally.good_unasked += good and verdict == "trusted"
    tally.good_lost += good and not shipped
    tally.calls += called
    tally.verdicts[placed.kind, verdict] += 1


def table(before: Tally, after: Tally) -> str:
    """Both years side by side, the verdicts by kind of customer, and what was assumed."""
    rows = [
        ("orders", before.orders, after.orders),
        ("parcels shipped", before.shipped, after.shipped),
        ("phantoms shipped", before.phantoms_shipped, after.phantoms_shipped),
        ("parcels that came back", before.came_back, after.came_back),
        ("good customers asked twice", before.good_asked_twice, after.good_asked_twice),
        ("good customers not asked at all", before.good_unasked, after.good_unasked),
        ("good customers lost", before.good_lost, after.good_lost),
        ("staff minutes per 100 orders", round(before.minutes_per_100, 1), round(after.minutes_per_100, 1)),
    ]
    lines = [f"{'':34}{'before':>10}{'after':>10}", *(f"{name:34}{a:>10}{b:>10}" for name, a, b in rows), ""]
    verdicts = ("trusted", "normal", "watch", "review")
    lines.append(f"{'verdicts by kind':34}" + "".join(f"{verdict:>10}" for verdict in verdicts))
    for kind in sorted({kind for kind, _ in after.verdicts}):
        lines.append(f"{kind:34}" + "".join(f"{after.verdicts[kind, verdict]:>10}" for verdict in verdicts))
    return "\n".join([*lines, "", "assumed:", *(f"  {name}: {value:g}" for name, value in ASSUMED.items())])


def main() -> None:
    """Prints the table for the asked number of orders."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    orders = Town(asked.orders, asked.seed).orders()
    before, after = run_year(orders, None), run_year(orders, RiskPolicy())
    sys.stdout.write(f"seed {asked.seed}\n{table(before, after)}\n")


if __name__ == "__main__":
    main()
