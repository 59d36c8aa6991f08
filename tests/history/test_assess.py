"""`assess`: the verdict with its reasons in words and the orders behind them; the backtest; neither changes anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.history_advice import advice
from flows.risk.assessment import Verdict
from flows.risk.report import Costs, Judged, report
from tests.history.shop import row, write
from tests.history.test_import import command


def said(folder: Path, *words: str) -> Any:
    running = command(folder, *words)
    output, errors = running.communicate(timeout=180)
    assert running.returncode == 0, errors
    return json.loads(output)


def test_a_refuser_is_told_with_the_orders_behind_it(tmp_path: Path) -> None:
    """Two refused parcels of last month give a verdict, a sentence, both orders and what they were matched on; then the backtest
    over the same past, twice the same."""
    refused = [row(n, phone="677204815", status="Refused", **{"order date": f"2026-10-{n + 10}"}) for n in (1, 2, 3)]
    path = write(tmp_path / "orders.csv", [*refused, *(row(n) for n in range(10, 60))])
    assert command(tmp_path, "import-history", str(path), "--yes").wait(180) == 0
    found = said(tmp_path, "assess", "--phone", "+34 677 20 48 15", "--total", "49.90")
    assert found["verdict"] in {"watch", "review"}
    (reason,) = [r for r in found["reasons"] if r["code"] == "refused"]
    assert "refused at the door" in reason["words"]
    assert {o["id"] for o in reason["orders"]} == {"1", "2", "3"}
    assert reason["matched_on"][0] == "phone"
    nobody = said(tmp_path, "assess", "--email", "new@example.org")
    assert (nobody["verdict"], nobody["orders_found"]) == ("normal", 0)
    first, second = (said(tmp_path, "assess", "--backtest") for _ in range(2))
    assert first == second
    assert (first["orders_shipped"], first["came_back"]) == (53, 3)
    assert {line["signal"] for line in first["signals"]} >= {"refused"}
    assert sum(line["orders"] for line in first["verdicts"]) == 53
    assert set(first["money"]) >= {"saved", "good_customers_bothered"}


def test_assess_needs_somebody(tmp_path: Path) -> None:
    """Without a phone, an e-mail or an address it says what to tell it."""
    running = command(tmp_path, "assess")
    _, errors = running.communicate(timeout=180)
    assert running.returncode == 2
    assert "--phone" in errors


def test_the_backtest_can_be_read(tmp_path: Path) -> None:
    """As tables: the sentence with the shares, no JSON, and where returns are few it is said that they prove nothing."""
    path = write(tmp_path / "orders.csv", [row(1, status="Refused"), *(row(n) for n in range(10, 60))])
    assert command(tmp_path, "import-history", str(path), "--yes").wait(180) == 0
    running = command(tmp_path, "assess", "--backtest", "--table")
    output, errors = running.communicate(timeout=180)
    assert running.returncode == 0, errors
    assert "51 orders were shipped, 1 came back through the customer (2.0%)" in output
    assert "Only 1 of 51 shipped orders came back: too few to say anything" in output
    assert "{" not in output


def judged(verdict: Verdict, orders: int, bad: int, code: str = "") -> list[Judged]:
    codes = (code,) if code else ()
    return [Judged(verdict, 10, codes, n < bad, 5000) for n in range(orders)]


def test_the_advice_follows_from_the_tables() -> None:
    """Reviewing that does not pay, watching that would, trust that is not earned, a signal that says nothing: each is told, and
    only where there are enough orders behind it."""
    costs = Costs()  # a look pays from 19 %
    plain = judged("normal", 1000, 60)
    pays = advice(report([*plain, *judged("review", 100, 60, "refused")], costs), costs)
    assert any("reviewing pays" in line for line in pays)
    assert any(line.startswith("These foretell returns well here: refused") for line in pays)
    idle = advice(report([*plain, *judged("review", 200, 4, "odd_phone")], costs), costs)
    assert any("raise risk.review_from" in line for line in idle)
    assert any("foretell none here: odd_phone" in line for line in idle)
    assert any(
        "lower risk.review_from" in line for line in advice(report([*plain, *judged("watch", 100, 50)], costs), costs)
    )
    assert any(
        "Trusted customers send back" in line
        for line in advice(report([*plain, *judged("trusted", 100, 40)], costs), costs)
    )
    few = advice(report([*plain, *judged("review", 5, 5, "refused")], costs), costs)
    assert few == ["Nothing here speaks for other settings."]
    assert advice(report(judged("normal", 50, 3), costs), costs)[0].startswith("Only 3 of 50")
