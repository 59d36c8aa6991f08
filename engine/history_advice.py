"""A backtest for somebody who runs a shop: tables to read, and what they say about the settings.

`advice` is drawn from the tables alone. It says nothing where the numbers are too few to tell, and it changes nothing.
"""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from flows.money import Money, decimal_text
from flows.risk.report import Costs, Report, wilson

#: With fewer returns every share is a guess.
FEW_RETURNS = 30
#: Orders behind a verdict or a signal from which something is said of it.
ENOUGH = 30


def advice(found: Report, costs: Costs) -> list[str]:
    """What the tables say about the settings, in sentences; the strongest first."""
    if found.bad < FEW_RETURNS:
        return [
            f"Only {found.bad} of {found.orders:,} shipped orders came back: too few to say anything of the settings. "
            "Import more of the past, or come back later."
        ]
    return [*_looks(found, costs), *_trusted(found), *_signals(found)] or ["Nothing here speaks for other settings."]


def _looks(found: Report, costs: Costs) -> list[str]:
    """Whether staff's look at an order is worth what it costs, by verdict."""
    pays = costs.review_minor / (costs.caught * costs.return_minor) if costs.caught * costs.return_minor else 1.0
    at = {row.verdict: (row.orders, *wilson(row.bad, row.orders)) for row in found.verdicts}
    told = []
    orders, low, high = at["review"]
    if not orders:
        told.append(
            "No order would have been reviewed: the past seldom holds the same customer twice, or risk.review_from is high."
        )
    elif orders >= ENOUGH and high < pays:
        told.append(f"A look pays from {pays:.0%} that come back, and fewer at review do: raise risk.review_from.")
    elif orders >= ENOUGH and low > pays:
        told.append(f"A look pays from {pays:.0%} that come back, and more at review do: reviewing pays.")
    orders, low, _ = at["watch"]
    if orders >= ENOUGH and low > pays:
        told.append("Orders at watch come back often enough to pay for a look, too: lower risk.review_from.")
    return told


def _trusted(found: Report) -> list[str]:
    usual = found.bad / found.orders
    row = next(row for row in found.verdicts if row.verdict == "trusted")
    if row.orders >= ENOUGH and wilson(row.bad, row.orders)[0] > usual:
        return ["Trusted customers send back more than others: ask more paid orders of them (risk.trusted_orders)."]
    return []


def _signals(found: Report) -> list[str]:
    usual = found.bad / found.orders
    rows = [(row.code, wilson(row.bad, row.orders)) for row in found.signals if row.orders >= ENOUGH]
    idle = [code for code, (_, high) in rows if high < usual]
    strong = [code for code, (low, _) in rows if low > 2 * usual]
    told = [f"These foretell returns well here: {', '.join(strong)}."] if strong else []
    if idle:
        told.append(f"These foretell none here: {', '.join(idle)}. Lower them in risk.weights.")
    return told


def show(found: Report, costs: Costs, currency: str, console: Console) -> None:
    """The tables and the advice."""
    console.print(
        f"{found.orders:,} orders were shipped, {found.bad:,} came back through the customer "
        f"({_percent(found.bad, found.orders)}). Each is judged with what was known when it was placed.",
        highlight=False,
    )
    table = Table("verdict", "orders", "came back", "95 % sure", title="Verdicts", title_justify="left")
    for row in found.verdicts:
        low, high = wilson(row.bad, row.orders)
        sure = f"{low:.0%} to {high:.0%}" if row.orders else ""
        table.add_row(row.verdict, f"{row.orders:,}", _of(row.bad, row.orders), sure)
    console.print(table)
    console.print("Scores: the higher, the more should come back", style="italic")
    table = Table("score", "orders", "came back")
    for each in found.calibration:
        if each.orders:
            table.add_row(f"{each.low} to {each.high}", f"{each.orders:,}", _of(each.bad, each.orders))
    console.print(table)
    if found.signals:
        _signal_table(found, console)
    console.print(
        f"Looking at every order at review would have saved {_money(found.saved_minor, currency)}, if a return costs "
        f"{_money(costs.return_minor, currency)} (--return-cost), a look {_money(costs.review_minor, currency)} (--look-cost) and "
        f"{costs.caught:.0%} of the bad ones are stopped. Good customers looked at: {found.good_bothered:,}; "
        f"sent without a question: {found.good_trusted:,}.",
        highlight=False,
    )
    for line in advice(found, costs):
        console.print(f"- {line}", highlight=False)


def _signal_table(found: Report, console: Console) -> None:
    table = Table(
        "signal",
        "orders",
        "came back",
        "of all returns",
        "times as often as usual",
        title="Signals",
        title_justify="left",
    )
    for row in sorted(found.signals, key=lambda row: (-row.lift, row.code)):
        few = "" if row.orders >= ENOUGH else " (few)"
        table.add_row(
            row.code, f"{row.orders:,}{few}", _of(row.bad, row.orders), f"{row.recall:.1%}", f"{row.lift:.1f}"
        )
    console.print(table)


def _of(part: int, of: int) -> str:
    return f"{part:,} ({_percent(part, of)})" if of else ""


def _percent(part: int, of: int) -> str:
    return f"{part / of:.1%}" if of else "0 %"


def _money(minor: int, currency: str) -> str:
    return f"{decimal_text(Money(minor, currency))} {currency}"
