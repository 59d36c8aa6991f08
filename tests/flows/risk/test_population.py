"""The made-up town in small: what the assessment does to phantoms, refusers and good customers stays as it is."""

from bench.population import Tally, run_year, table
from bench.town import Town
from flows.risk import RiskPolicy

ORDERS = 2500


def _years() -> tuple[Tally, Tally]:
    orders = Town(ORDERS).orders()
    return run_year(orders, None), run_year(orders, RiskPolicy())


def test_the_town_behaves_as_before() -> None:
    """Under the stated assumptions: far fewer phantoms and returns, fewer good customers asked twice, no more staff time."""
    before, after = _years()
    assert before.orders == after.orders == ORDERS
    assert after.phantoms_shipped <= 0.5 * before.phantoms_shipped
    assert after.came_back <= 0.85 * before.came_back
    assert after.good_asked_twice <= 0.85 * before.good_asked_twice
    assert after.minutes_per_100 <= 1.1 * before.minutes_per_100
    assert after.good_unasked >= 0.2 * ORDERS


def test_good_customers_and_families_are_left_alone() -> None:
    """Almost no good customer comes under review, and a refuser in the house does not mark the family."""
    _, after = _years()
    for kind, most in (("good", 0.005), ("family", 0.01)):
        seen = sum(count for (who, _), count in after.verdicts.items() if who == kind)
        assert after.verdicts[kind, "review"] <= most * seen


def test_a_year_is_reproducible() -> None:
    """The same seed gives the same town, the same year and the same table."""
    assert table(*_years()) == table(*_years())
    assert Town(200, seed=1).orders() != Town(200, seed=2).orders()
