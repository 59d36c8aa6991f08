"""A shop's memory for a replay: every order so far, found by its keys, with nothing known before its time.

The running service looks its history up in storage; this one is for backtests and generated populations.
"""

from bisect import insort
from collections import defaultdict, deque
from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec.structs import replace

from flows.orders import OrderFields
from flows.phones import prefix
from flows.risk.assessment import Assessment, assess
from flows.risk.history import Matched, PastOrder
from flows.risk.identity import Identity, found_by, identity
from flows.risk.policy import RiskPolicy
from flows.risk.subject import Around, OpenOrder, describe

#: Orders looked at under one key, latest first: a pick-up point's address may hold thousands.
MOST_CANDIDATES = 200
#: Fewer orders say nothing about what is usual in a shop.
_ENOUGH = 30


class Memory:
    """Orders are told in the order of placing: `assess` one, then `keep` it with how it ended."""

    def __init__(self, policy: RiskPolicy, disposable: frozenset[str] = frozenset()) -> None:
        self.policy, self.disposable = policy, disposable
        self.seen: list[tuple[Identity, OrderFields, PastOrder]] = []
        self.by_key: dict[str, list[int]] = defaultdict(list)
        self.amounts: dict[str, list[int]] = defaultdict(list)
        self.latest: tuple[OrderFields, Identity] | None = None  # read once, for `assess` and then `keep`
        self.lines: dict[str, deque[tuple[datetime, str]]] = defaultdict(lambda: deque(maxlen=MOST_CANDIDATES))

    def assess(self, fields: OrderFields) -> Assessment:
        """What would have been said of the order when it was placed."""
        here, now = self._identity(fields), fields.placed_at
        past: list[PastOrder] = []
        waiting: list[OpenOrder] = []
        for outcome, other, matched in self._found(here):
            if outcome.closed_at <= now:
                past.append(replace(outcome, matched=matched))
            elif matched[0].means == "phone":
                confirmed = outcome.confirmed_at is not None and outcome.confirmed_at <= now
                skus = tuple(item.sku or item.title for item in other.items)
                waiting.append(OpenOrder(outcome.order_id, other.placed_at, confirmed, skus))
        number, door = prefix(here.phone) if here.phone else "", _door(here)
        around = Around(
            open_orders=tuple(waiting),
            on_prefix_hour=self._recent(number, fields, timedelta(hours=1)),
            on_address_day=self._recent(door, fields, timedelta(days=1)),
            usual_minor=self._usual(fields.total.currency),
        )
        return assess(describe(fields, around, self.disposable, here.address), tuple(past), self.policy, now)

    def keep(self, fields: OrderFields, outcome: PastOrder) -> None:
        """The order becomes part of the past; what happened after a later order's placing stays unknown to that one."""
        here = self._identity(fields)
        for key in here.keys:
            self.by_key[key].append(len(self.seen))
        self.seen.append((here, fields, outcome))
        insort(self.amounts[fields.total.currency], fields.total.minor)

    def _identity(self, fields: OrderFields) -> Identity:
        if self.latest is None or self.latest[0] is not fields:
            self.latest = fields, identity(fields)
        return self.latest[1]

    def _found(self, here: Identity) -> Iterable[tuple[PastOrder, OrderFields, tuple[Matched, ...]]]:
        for at in sorted({at for key in here.keys for at in self.by_key[key][-MOST_CANDIDATES:]}):
            there, fields, outcome = self.seen[at]
            if matched := found_by(here, there):
                yield outcome, fields, matched

    def _recent(self, key: str, fields: OrderFields, within: timedelta) -> int:
        """How many phones ordered under `key` within the time up to this order, which joins the line."""
        if not key:
            return 1
        line = self.lines[key]
        while line and fields.placed_at - line[0][0] > within:
            line.popleft()
        line.append((fields.placed_at, fields.phone or fields.phone_raw))
        return len({phone for _, phone in line})

    def _usual(self, currency: str) -> int:
        amounts = self.amounts[currency]
        return amounts[len(amounts) // 2] if len(amounts) >= _ENOUGH else 0


def _door(here: Identity) -> str:
    address = here.address
    if not address.house or not (address.postcode or address.city):
        return ""
    parts = (address.country, address.postcode or "".join(address.city), *address.words, address.house)
    return "|".join((*parts, *(value for _, value in address.unit), *address.loose))
