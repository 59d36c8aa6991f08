"""Among the orders from one house: the customer's own are found, the neighbours' are not, and the work stays bounded."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from itertools import islice

import pytest

from engine.history_door import Recognised
from engine.history_record import closed
from flows.addresses import address_keys, match
from flows.money import Money
from flows.orders import OrderFields
from flows.postal import PostalAddress
from flows.risk import PastOrder
from flows.risk.backtest import Replayed
from flows.risk.identity import found_by, identity
from flows.risk.report import wilson
from tests.flows.matching import address_pairs
from tests.flows.matching.measured import Pair
from tests.flows.matching.test_addresses import _by_hand

AT = datetime(2026, 5, 1, tzinfo=UTC)
NEIGHBOURS, COMPARED = 11, 6


def order(name: str, address: PostalAddress) -> Replayed:
    """A paid order to this address, of which nothing else is known."""
    fields = OrderFields(id=name, total=Money(4990, "EUR"), placed_at=AT, address=address)
    ended = PastOrder(order_id=name, placed_at=AT, closed_at=AT, ended="paid", amount_minor=4990, currency="EUR")
    return Replayed(fields, ended)


def payload(name: str, address: PostalAddress) -> bytes:
    return closed(order(name, address), "service").payload


PAIRS: tuple[Pair, ...] = (*address_pairs.pairs(), *_by_hand())
ONE_DOOR = [pair for pair in PAIRS if pair.same and match(pair.a, pair.b).same]
STRANGERS: dict[str, list[PostalAddress]] = {}
for pair in PAIRS:
    if not pair.same:
        STRANGERS.setdefault(pair.b.country, []).append(pair.b)


def neighbours(pair: Pair) -> list[PostalAddress]:
    """Addresses of others that share a key with the customer's; those that share most keys first."""
    keys = set(address_keys(pair.a))
    near = sorted(STRANGERS.get(pair.a.country, ()), key=lambda other: -len(keys & set(address_keys(other))))
    return [other for other in islice(near, NEIGHBOURS) if not match(pair.a, other).same]


def test_a_door_is_found_among_its_neighbours(capsys: pytest.CaptureFixture[str]) -> None:
    """What two full readings call one door is found among eleven other doors' orders as well: recall at least 0.97."""
    found = 0
    for pair in ONE_DOOR:
        known = Recognised(identity(order("here", pair.a).fields))
        rows = [payload(str(at), other) for at, other in enumerate(neighbours(pair))]
        rows.insert(len(rows) // 2, payload("mine", pair.b))
        orders = {past.order_id for past in known.at_door(rows, COMPARED)}
        assert orders <= {"mine"}, pair
        found += bool(orders)
    with capsys.disabled():
        low, high = wilson(found, len(ONE_DOOR))
        recall = found / len(ONE_DOOR)
        sys.stdout.write(
            f"\ndoors among neighbours: n={len(ONE_DOOR)}, recall {recall:.3f} (95 %: {low:.3f} to {high:.3f})\n"
        )
    assert found >= 0.97 * len(ONE_DOOR)


@pytest.mark.parametrize("pair", ONE_DOOR[::7], ids=lambda pair: pair.a.line1)
def test_what_is_found_is_what_full_readings_say(pair: Pair) -> None:
    """Each match says on what, how surely and with which score, exactly as the two identities compared by themselves."""
    here, there = order("here", pair.a).fields, order("mine", pair.b).fields
    (past,) = Recognised(identity(here)).at_door([payload("mine", pair.b)], COMPARED)
    assert past.matched == found_by(identity(here), identity(there))


def test_equal_writings_are_judged_once_and_differ_in_nothing_else() -> None:
    """Ten orders typed alike come back as ten orders, each with its own end."""
    address = PostalAddress("Calle Mayor 5, 3º B", city="Madrid", postcode="28013", country="ES")
    known = Recognised(identity(order("here", address).fields))
    rows = [payload(str(n), address) for n in range(10)]
    found = [past for row in rows if (past := known.past(row)) is not None]
    assert [past.order_id for past in found] == [str(n) for n in range(10)]
    assert len({past.matched for past in found}) == 1


@pytest.mark.source_only  # it replaces a method of Recognised
def test_the_work_at_a_door_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a hundred flats of one house the one that is asked for is read in full, and one other."""
    read: list[str] = []
    original = Recognised._past

    def counted(self: Recognised, packed):  # type: ignore[no-untyped-def]
        read.append(packed.line1)
        return original(self, packed)

    monkeypatch.setattr(Recognised, "_past", counted)
    house = [PostalAddress(f"Calle Mayor 77, {floor}º {door}", city="Madrid", postcode="28013", country="ES")
             for floor in range(1, 26) for door in "ABCD"]  # fmt: skip
    here = identity(order("here", house[9]).fields)
    found = Recognised(here).at_door([payload(str(n), address) for n, address in enumerate(house)], COMPARED)
    assert [past.order_id for past in found] == ["9"]
    assert len(read) == 2
