"""The past in storage: one row for each order, found by any of its keys, sealed, erasable, and small."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.history_record import Closed, closed, opened
from engine.ports import Appended
from flows.money import Money
from flows.orders import Item, OrderFields
from flows.postal import PostalAddress
from flows.risk import PastOrder, Ruling
from flows.risk.backtest import Replayed
from storage.sqlite import SqliteStore
from tests.history import shop
from tests.history.shop import NOW, who

HOME = PostalAddress("Calle Mayor 5, 3º B", city="Madrid", postcode="28013", country="ES")


def order(n: int, origin: Any = "service", address: PostalAddress = HOME, **outcome: Any) -> Closed:
    placed = NOW - timedelta(days=100 - n % 50)
    fields = OrderFields(
        id=str(n), total=Money(4990, "EUR"), placed_at=placed, name="Ana Ruiz", phone=f"+346000{n:05d}", email=f"ana{n}@gmail.com",
        address=address, items=(Item("Lamp", sku="L1"),),
    )  # fmt: skip
    told = {"ended": "paid", **outcome}
    past = PastOrder(
        order_id=fields.id, placed_at=placed, closed_at=placed + timedelta(days=4), amount_minor=4990, currency="EUR",
        confirmed_at=placed + timedelta(hours=1), skus=("L1",), **told,
    )  # fmt: skip
    return closed(Replayed(fields, past), origin, "no estaba en casa")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened_store = shop.opened(tmp_path)
    yield opened_store
    await opened_store.close()


async def test_an_order_is_found_by_each_of_its_keys(store: SqliteStore) -> None:
    """Phone, mailbox or address alone find it, each says what matched, and nothing else does."""
    await store.append_history(
        "demo",
        [order(1), order(2, address=PostalAddress("Calle Luna 9", city="Madrid", postcode="28004", country="ES"))],
    )
    for asked, means in (
        (who(phone="600 000 001"), "phone"),
        (who(email="A.n.a1+x@googlemail.com"), "email"),
        (who(line1="C/ Mayor, 5 - 3B"), "address"),
    ):
        found = await store.history("demo", asked)
        assert [o.order_id for o in found] == ["1"]
        assert [m.means for m in found[0].matched] == [means]
    assert await store.history("demo", who(phone="600999999", email="x@y.es", line1="Calle Sol 1")) == ()
    assert await store.history("other", who(phone="600 000 001")) == ()


async def test_what_is_kept_comes_back_whole(store: SqliteStore) -> None:
    """Every fact of the order survives the row, to the second."""
    kept = order(
        3,
        ended="refused",
        fault="customer",
        attempts=3,
        unreachable=True,
        complaints=1,
        refunds=2,
        late_refunds=1,
        threats=1,
    )
    await store.append_history("demo", [kept])
    (back,) = await store.export_history("demo", who(phone="+34600000003"))
    assert back == opened(kept.payload)
    assert back.order.outcome.attempts == 3
    assert back.order.outcome.confirmed_at == back.order.fields.placed_at + timedelta(hours=1)
    assert (back.origin, back.said) == ("service", "no estaba en casa")


async def test_the_same_order_twice_is_one_row(store: SqliteStore) -> None:
    """In one call, in the next, and at once from many callers: one row; a new ending replaces the old one and its counts."""
    assert await store.append_history("demo", [order(1), order(1)]) == Appended(new=1, same=1)
    many = await asyncio.gather(*(store.append_history("demo", [order(2)]) for _ in range(20)))
    assert sum(done.new for done in many) == 1
    assert sum(done.same for done in many) == 19
    assert await store.append_history("demo", [order(1, ended="returned", fault="customer")]) == Appended(changed=1)
    assert await store.history_counts("demo") == {"paid": 1, "returned": 1}
    assert len(await store.history("demo", who(phone="+34600000001"))) == 1


async def test_a_file_never_overwrites_what_the_service_saw(store: SqliteStore) -> None:
    """An import that says otherwise of a live order changes nothing; the service changes an imported one."""
    await store.append_history("demo", [order(1), order(2, "import")])
    assert await store.append_history("demo", [order(1, "import", ended="refused", fault="customer")]) == Appended(
        same=1
    )
    assert await store.append_history("demo", [order(2, "service", ended="refused", fault="customer")]) == Appended(
        changed=1
    )


async def test_what_staff_struck_off_stays_struck_off(store: SqliteStore) -> None:
    """A cleared order is cleared after any later import of it."""
    await store.append_history("demo", [order(1, "import", ended="refused", fault="customer")])
    assert await store.clear_history("demo", ["1", "99"]) == 1
    await store.append_history("demo", [order(1, "import", ended="returned", fault="customer")])
    (found,) = await store.history("demo", who(phone="+34600000001"))
    assert (found.cleared, found.ended) == (True, "returned")


async def test_an_erased_customer_is_gone_for_good(store: SqliteStore, tmp_path: Path) -> None:
    """After the erasure no file of the store holds a sealed byte of it, the household keeps its own, and no import brings it back."""
    mine, brother = order(1), order(2)
    await store.append_history("demo", [mine, brother])
    (sealed,) = next(store._reader.execute("SELECT sealed FROM history WHERE n = 1"))
    assert await store.erase_history("demo", who(phone="+34600000001", line1="Calle Mayor 5, 3º B")) == 1
    assert await store.history("demo", who(phone="+34600000001")) == ()
    assert [o.order_id for o in await store.history("demo", who(line1="Calle Mayor 5, 3º B"))] == ["2"]
    assert await store.append_history("demo", [mine]) == Appended(erased=1)
    assert await store.history_counts("demo") == {"paid": 1}
    await store.close()
    assert all(bytes(sealed) not in file.read_bytes() for file in tmp_path.iterdir())
    store.open()


async def test_nothing_telling_stands_in_the_file(store: SqliteStore, tmp_path: Path) -> None:
    """Phone, e-mail, street and name of an order are nowhere in the database's bytes."""
    await store.append_history("demo", [order(n) for n in range(50)])
    await store.close()
    raw = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for telling in ("600000", "@gmail", "Mayor", "28013", "Ruiz", "estaba"):
        assert telling.encode() not in raw
    store.open()


async def test_a_busy_door_does_not_drown_the_customer(store: SqliteStore) -> None:
    """Among a thousand orders to one pick-up point the customer's own orders are all found, and few strangers' come along."""
    point = PostalAddress("Calle Mayor 5, punto de recogida", city="Madrid", postcode="28013", country="ES")
    await store.append_history("demo", [order(n, address=point) for n in range(1000)])
    found = await store.history("demo", who(phone="+34600000007", line1="Calle Mayor 5, punto de recogida"))
    assert "7" in {o.order_id for o in found if any(m.means == "phone" for m in o.matched)}
    assert len(found) < 20


async def test_the_usual_amount_is_the_median(store: SqliteStore) -> None:
    """Unknown for a few orders, then the median within 2 %, and never another currency's."""
    assert await store.usual_amount("demo", "EUR") == 0
    rows = [order(n) for n in range(100)]
    await store.append_history("demo", rows)
    assert await store.usual_amount("demo", "EUR") == pytest.approx(4990, rel=0.02)
    assert await store.usual_amount("demo", "USD") == 0


async def test_the_past_replays_whole(store: SqliteStore) -> None:
    """Every order of the shop comes out of a replay once, another shop's never."""
    await store.append_history("demo", [order(n) for n in range(2500)])
    await store.append_history("other", [order(9)])
    assert sorted(int(replayed.fields.id) for replayed in store.replay_history("demo")) == list(range(2500))


async def test_a_persons_word_is_no_order(store: SqliteStore) -> None:
    """It is found by each key with who said it, and neither counted, replayed nor taken for an order's end."""
    said = order(7, ended="ruled", ruling=Ruling("blocked", "Olga", NOW))
    await store.append_history("demo", [order(n) for n in range(3)])
    await store.append_history("demo", [said])
    for asked in (who(phone="600 000 007"), who(email="ana7@gmail.com")):
        (found,) = await store.history("demo", asked)
        assert found.ruling == Ruling("blocked", "Olga", NOW)
    assert await store.history_counts("demo") == {"paid": 3}
    assert len(list(store.replay_history("demo"))) == 3


async def test_an_order_takes_at_most_400_bytes(store: SqliteStore, tmp_path: Path) -> None:
    """With phone, e-mail, flat and item, indexes and free pages counted."""
    await store.append_history(
        "demo",
        [
            order(n, address=PostalAddress(f"Calle de Alcalá {n}, 3º B", city="Madrid", postcode=f"{28000 + n % 60}", country="ES"))
            for n in range(5000)
        ],
    )  # fmt: skip
    await store.close()
    assert (tmp_path / "history.db").stat().st_size / 5000 <= 400
    store.open()


async def test_an_errand_that_fails_leaves_no_trace(store: SqliteStore) -> None:
    """An append whose rows cannot be written keeps none of them, and the store goes on."""
    good, bad = order(1), order(2)
    broken = Closed(bad.order_id, (None,), bad.ended, 1, "EUR", 1, bad.payload)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        await store.append_history("demo", [good, broken])
    assert await store.history("demo", who(phone="+34600000001")) == ()
    assert await store.append_history("demo", [good]) == Appended(new=1)
