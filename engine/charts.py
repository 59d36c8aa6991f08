"""A report as pictures: PNG, large enough to be read in a chat. matplotlib is imported where one is drawn, never before.

The object API, without pyplot: drawing may run in a thread. Its text layout joins Arabic letters and runs them right to left.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from flows.numbers import Report
from flows.numbers.tables import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Text of a staff key in the reader's language.
Say = Callable[[str], str]

_INK, _SOFT, _YES, _BAD, _OTHER = "#1d2733", "#8a97a6", "#1f9d6b", "#d1495b", "#3d7ea6"
#: In this order letters are looked for; what none of them has is drawn as a box. DejaVu comes with matplotlib.
_FONTS = ["DejaVu Sans", "Noto Sans Devanagari", "Noto Sans Bengali", "Noto Sans Thai", "Noto Sans"]
_WIDE, _HIGH, _DPI = 7.2, 4.4, 150
_DRAWING = threading.Lock()  # matplotlib's fonts and settings are shared by all threads
#: More days than this are told by the week, or the bars become hairs.
_DAYS_MOST = 45


def charts(report: Report, say: Say, *, right_to_left: bool = False) -> dict[str, bytes]:
    """File name -> PNG: overview.png for the chat, and each of its parts alone."""
    drawn = {"overview.png": overview(report, say, right_to_left=right_to_left)}
    for name, draw in _parts(report, say).items():
        figure = _figure(_WIDE, _HIGH)
        _framed(figure.add_subplot(1, 1, 1), draw, right_to_left)
        drawn[f"{name}.png"] = _png(figure)
    return drawn


def overview(report: Report, say: Say, *, right_to_left: bool = False) -> bytes:
    """All parts in one PNG. One is drawn at a time, whichever thread asks."""
    with _DRAWING:
        figure = _figure(_WIDE, 2 * _HIGH + 1.1)
        figure.suptitle(_headline(report, say), fontsize=17, color=_INK, fontweight="bold")
        for at, draw in enumerate(_parts(report, say).values(), 1):
            _framed(figure.add_subplot(4, 1, at), draw, right_to_left)
        return _png(figure)


def _parts(report: Report, say: Say) -> dict[str, Callable[[Axes], None]]:
    return {
        "orders": lambda axes: _orders(axes, report, say),
        "answers": lambda axes: _answers(axes, report, say),
        "hours": lambda axes: _hours(axes, report, say),
        "returns": lambda axes: _returns(axes, report, say),
    }


def drawable(text: str) -> bool:
    """Whether the fonts of this machine have every letter of `text`."""
    from matplotlib import font_manager
    from matplotlib.ft2font import FT2Font

    missing = {letter for letter in text if not letter.isspace()}
    for name in _FONTS:
        try:
            font = FT2Font(font_manager.findfont(name, fallback_to_default=False))
        except ValueError:  # not installed
            continue
        missing -= {letter for letter in missing if font.get_char_index(ord(letter))}
    return not missing


def _headline(report: Report, say: Say) -> str:
    return f"{say('numbers.orders')} {report.orders}   {say('numbers.confirmed')} {report.confirmed}"


def _figure(wide: float, high: float) -> Figure:
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    mpl.rcParams["font.family"] = _FONTS
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # a font that is not there is no news
    figure = Figure(figsize=(wide, high), dpi=_DPI, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _png(figure: Figure) -> bytes:
    import io

    held = io.BytesIO()
    figure.savefig(held, format="png", metadata={"Software": None})
    return held.getvalue()


def _framed(axes: Axes, draw: Callable[[Axes], None], right_to_left: bool) -> None:
    axes.tick_params(colors=_INK, labelsize=11, length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_SOFT)
    draw(axes)
    title = axes.get_title(loc="left")
    if right_to_left:
        axes.set_title("", loc="left")
        axes.set_title(title, loc="right", fontsize=14, color=_INK)


def _titled(axes: Axes, text: str) -> None:
    axes.set_title(text, loc="left", fontsize=14, color=_INK)


def _orders(axes: Axes, report: Report, say: Say) -> None:
    """Orders of each day, and how many of them were confirmed."""
    _titled(axes, f"{say('numbers.orders')} · {say('numbers.confirmed')}")
    days = report.by_day
    if len(days) > _DAYS_MOST:
        weeks: dict[str, tuple[int, int]] = {}
        for day, (every, yes) in days.items():
            year, week, _ = date.fromisoformat(day).isocalendar()
            had = weeks.get(f"{year}-W{week:02d}", (0, 0))
            weeks[f"{year}-W{week:02d}"] = (had[0] + every, had[1] + yes)
        days = weeks
    names = list(days)
    axes.bar(names, [days[d][0] for d in names], color="#d9e0e7", width=0.8)
    axes.bar(names, [days[d][1] for d in names], color=_YES, width=0.8)
    step = max(1, len(names) // 6)
    axes.set_xticks(range(0, len(names), step), [n[5:] for n in names[::step]])
    _whole(axes)


def _answers(axes: Axes, report: Report, say: Say) -> None:
    """Who or what confirmed."""
    _titled(axes, say("numbers.confirmed_via"))
    found = sorted(report.confirmed_via.items(), key=lambda v: v[1])
    _across(axes, [(say(f"via.{code}"), count) for code, count in found], _OTHER)


def _hours(axes: Axes, report: Report, say: Say) -> None:
    """When customers answer."""
    _titled(axes, say("numbers.answered_at"))
    hours = [f"{hour:02d}" for hour in range(24)]
    axes.bar(hours, [report.answered_at_hour.get(hour, 0) for hour in hours], color=_OTHER, width=0.8)
    axes.set_xticks(range(0, 24, 3), hours[::3])
    _whole(axes)


def _returns(axes: Axes, report: Report, say: Say) -> None:
    """The share that came back, before and now, each with the interval that it may truly lie in."""
    _titled(axes, say("numbers.returned"))
    bars = [(say("numbers.now"), report.returned, _YES)]
    if report.before is not None:
        bars.append((say("numbers.before"), report.before, _BAD))
    for at, (_, of, color) in enumerate(bars):
        axes.barh(at, 100 * of.value, color=color, height=0.55)
        if of.whole:
            axes.plot([100 * of.low, 100 * of.high], [at, at], color=_INK, linewidth=2, marker="|", markersize=12)
        axes.text(max(100 * of.high if of.whole else 0, 1) + 1, at, percent(of), va="center", fontsize=12, color=_INK)
    axes.set_yticks(range(len(bars)), [name for name, _, _ in bars])
    axes.set_xlim(0, max(10.0, *(130 * of.high if of.whole else 10.0 for _, of, _ in bars)))


def _across(axes: Axes, rows: list[tuple[str, int]], color: str) -> None:
    axes.barh([name for name, _ in rows], [count for _, count in rows], color=color, height=0.6)
    for at, (_, count) in enumerate(rows):
        axes.text(count, at, f" {count}", va="center", fontsize=12, color=_INK)
    if not rows:
        axes.set_yticks([])
    _whole(axes, across=True)


def _whole(axes: Axes, *, across: bool = False) -> None:
    """Half an order is no tick."""
    from matplotlib.ticker import MaxNLocator

    ticks: Any = axes.xaxis if across else axes.yaxis
    ticks.set_major_locator(MaxNLocator(nbins=4, integer=True, min_n_ticks=1))
