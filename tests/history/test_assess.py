"""`assess`: the verdict with its reasons in words and the orders behind them; the backtest; neither changes anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.history.shop import row, write
from tests.history.test_import import command


def said(folder: Path, *words: str) -> Any:
    running = command(folder, *words)
    output, errors = running.communicate(timeout=60)
    assert running.returncode == 0, errors
    return json.loads(output)


def test_a_refuser_is_told_with_the_orders_behind_it(tmp_path: Path) -> None:
    """Two refused parcels of last month give a verdict, a sentence, both orders and what they were matched on; then the backtest
    over the same past, twice the same."""
    refused = [row(n, phone="677204815", status="Refused", **{"order date": f"2026-10-{n + 10}"}) for n in (1, 2, 3)]
    path = write(tmp_path / "orders.csv", [*refused, *(row(n) for n in range(10, 60))])
    assert command(tmp_path, "import-history", str(path), "--yes").wait(60) == 0
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
    _, errors = running.communicate(timeout=30)
    assert running.returncode == 2
    assert "--phone" in errors
