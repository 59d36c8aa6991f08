"""A report as tables of labels and figures. A label is a staff text key, so that the desk says it in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from flows.money import Money
from flows.numbers.report import Report
from flows.numbers.sureness import Share, share

Cell = str | int | float | Share | Money


class Row(Struct, frozen=True):
    """One line: `label` is a staff text key ("numbers.orders", "via.sms"), or `plain` a word of no language (a date, "es")."""

    figure: Cell
    label: str = ""
    plain: str = ""
    beside: str = ""  # how much of the whole, already as text: "62 % (59-65)"


class Table(Struct, frozen=True):
    """`title` is a staff text key."""

    title: str
    rows: tuple[Row, ...]


def percent(of: Share) -> str:
    """A share with its interval, as digits only: "62 % (59-65)"; "-" of nothing."""
    if not of.whole:
        return "-"
    return f"{100 * of.value:.0f} % ({100 * of.low:.0f}-{100 * of.high:.0f})"


def tables(report: Report) -> tuple[Table, ...]:
    """Everything, in the order in which it is read. Empty tables are left out."""
    found = (
        Table("numbers.overview", _overview(report)),
        Table("numbers.by_state", _counts("state", report.states, report.orders)),
        Table("numbers.confirmed_by", _counts("who", report.confirmed_by, report.confirmed)),
        Table("numbers.confirmed_via", _counts("via", report.confirmed_via, report.confirmed)),
        Table("numbers.confirmed_after", _plain(report.confirmed_after, sum(report.confirmed_after.values()))),
        Table("numbers.by_language", _pairs(report.by_language)),
        Table("numbers.answered_at", _plain(report.answered_at_hour, sum(report.answered_at_hour.values()))),
        Table("numbers.cancelled_why", _counts("cancelled", report.cancelled_why, report.cancelled)),
        Table("numbers.returned_why", _counts("returned", report.returned_why, report.returned.part)),
        Table("numbers.poll", _plain(report.poll, sum(report.poll.values()))),
        Table("numbers.deals", _counts("deal", report.deals, 0)),
        Table("numbers.messages", _counts("channel", report.messages, 0)),
        Table("numbers.money", _money(report)),
    )
    return tuple(table for table in found if table.rows)


def _overview(report: Report) -> tuple[Row, ...]:
    rows = [
        Row(report.orders, "numbers.orders"),
        Row(report.confirmed, "numbers.confirmed", beside=percent(share(report.confirmed, report.orders))),
        Row(report.cancelled, "numbers.cancelled", beside=percent(share(report.cancelled, report.orders))),
        Row(report.returned.part, "numbers.returned", beside=percent(report.returned)),
        Row(round(report.time_to_answer.median, 1), "numbers.answer_median"),
        Row(round(report.time_to_answer.ninth, 1), "numbers.answer_ninth"),
        Row(round(report.staff_minutes, 1), "numbers.staff_minutes"),
        Row(report.failed_attempts, "numbers.failed_attempts"),
        Row(report.complaints, "numbers.complaints"),
        Row(round(report.complaint_answers.median, 1), "numbers.complaint_median"),
        Row(report.promises_kept, "numbers.promises_kept"),
        Row(report.promises_broken, "numbers.promises_broken"),
    ]
    if report.ignored:
        rows.insert(1, Row(report.ignored, "numbers.ignored"))
    return tuple(rows)


def _money(report: Report) -> tuple[Row, ...]:
    """What was spent, and what did not come back compared with before: with its interval, or that nothing is known."""
    rows = [Row(count, f"numbers.segments_{channel}") for channel, count in report.segments.items()]
    if report.spent is not None:
        rows.append(Row(Money(round(report.spent), report.currency), "numbers.spent"))
    if report.before is None:
        return (*rows, Row("", "numbers.no_before"))
    rows.append(Row(percent(report.before), "numbers.before"))
    saved = report.saved
    if saved is None:
        return (*rows, Row("", "numbers.none_ended"))
    rows.append(Row(f"{saved.parcels:.0f} ({saved.low:.0f} … {saved.high:.0f})", "numbers.saved_parcels"))
    if saved.money is not None and saved.money_low is not None and saved.money_high is not None:
        unit = [Money(round(m), report.currency) for m in (saved.money, saved.money_low, saved.money_high)]
        rows += [
            Row(unit[0], "numbers.saved_money"),
            Row(unit[1], "numbers.saved_least"),
            Row(unit[2], "numbers.saved_most"),
        ]
    if not saved.proven:
        rows.append(Row("", "numbers.not_proven"))
    return tuple(rows)


def _counts(family: str, counts: dict[str, int], whole: int) -> tuple[Row, ...]:
    ordered = sorted(counts.items(), key=lambda c: (-c[1], c[0]))
    return tuple(Row(n, f"{family}.{code}", beside=percent(share(n, whole)) if whole else "") for code, n in ordered)


def _plain(counts: dict[str, int], whole: int) -> tuple[Row, ...]:
    return tuple(Row(n, plain=code, beside=percent(share(n, whole)) if whole else "") for code, n in counts.items())


def _pairs(pairs: dict[str, tuple[int, int]]) -> tuple[Row, ...]:
    ordered: Iterable[tuple[str, tuple[int, int]]] = sorted(pairs.items(), key=lambda p: (-p[1][0], p[0]))
    return tuple(Row(every, plain=code, beside=percent(share(yes, every))) for code, (every, yes) in ordered)
