"""How well verdicts predicted returns: the tables of a backtest."""

from itertools import pairwise
from math import sqrt

from msgspec import Struct

from flows.risk.assessment import Verdict

_LADDER: tuple[Verdict, ...] = ("review", "watch", "normal", "trusted")  # worst first; blocked is a person's word
_BINS = (0, 5, 10, 25, 40, 50, 70, 100)


class Costs(Struct, frozen=True):
    """What a shop pays, in minor units: for a parcel that comes back, and for each order that staff look into."""

    return_minor: int = 900
    review_minor: int = 120
    caught: float = 0.7  # share of bad orders that a look by staff stops


DEFAULT_COSTS = Costs()


class Judged(Struct, frozen=True):
    """One shipped order: what would have been said of it, and whether it came back through the customer."""

    verdict: Verdict
    score: float
    codes: tuple[str, ...]
    bad: bool
    amount_minor: int


class VerdictRow(Struct, frozen=True):
    """`precision` and `recall` are of this verdict or a worse one, as predictions of a return."""

    verdict: Verdict
    orders: int
    bad: int
    precision: float
    recall: float
    interval: tuple[float, float]  # Wilson 95 % of the precision


class Bin(Struct, frozen=True):
    """Orders with a score from `low` up to `high`, and the share that came back."""

    low: int
    high: int
    orders: int
    bad: int
    share: float


class SignalRow(Struct, frozen=True):
    """Orders on which a signal fired. `lift`: how much oftener they came back than the average order."""

    code: str
    orders: int
    bad: int
    precision: float
    recall: float
    lift: float


class Report(Struct, frozen=True):
    """What the replay found. Money is in minor units under the given `Costs`, and may be negative."""

    orders: int
    bad: int
    verdicts: tuple[VerdictRow, ...]
    calibration: tuple[Bin, ...]
    signals: tuple[SignalRow, ...]
    good_bothered: int  # good orders that staff would have looked into
    good_trusted: int  # good orders that would have gone out without a question
    saved_minor: int


def wilson(hits: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a share, honest for small numbers. (0, 1) where nothing was counted."""
    if not of:
        return 0.0, 1.0
    share = hits / of
    centre = share + z * z / (2 * of)
    spread = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    below = 1 + z * z / of
    return max(0.0, (centre - spread) / below), min(1.0, (centre + spread) / below)


def report(judged: list[Judged], costs: Costs) -> Report:
    """The tables over `judged`."""
    bad = sum(j.bad for j in judged)
    reviewed = [j for j in judged if j.verdict in {"review", "blocked"}]
    caught = sum(j.bad for j in reviewed)
    return Report(
        orders=len(judged),
        bad=bad,
        verdicts=_verdicts(judged, bad),
        calibration=_calibration(judged),
        signals=_signals(judged, bad),
        good_bothered=len(reviewed) - caught,
        good_trusted=sum(not j.bad for j in judged if j.verdict == "trusted"),
        saved_minor=round(caught * costs.caught * costs.return_minor) - len(reviewed) * costs.review_minor,
    )


def _verdicts(judged: list[Judged], bad: int) -> tuple[VerdictRow, ...]:
    rows: list[VerdictRow] = []
    orders = hits = 0
    for verdict in _LADDER:
        here = [j for j in judged if j.verdict == verdict]
        bad_here = sum(j.bad for j in here)
        orders, hits = orders + len(here), hits + bad_here
        rows.append(
            VerdictRow(verdict, len(here), bad_here, _share(hits, orders), _share(hits, bad), wilson(hits, orders))
        )
    return tuple(rows)


def _calibration(judged: list[Judged]) -> tuple[Bin, ...]:
    bins: list[Bin] = []
    for low, high in pairwise(_BINS):
        here = [j for j in judged if low <= j.score < high or (j.score == high == _BINS[-1])]
        bad = sum(j.bad for j in here)
        bins.append(Bin(low, high, len(here), bad, _share(bad, len(here))))
    return tuple(bins)


def _signals(judged: list[Judged], bad: int) -> tuple[SignalRow, ...]:
    usual = _share(bad, len(judged))
    rows: list[SignalRow] = []
    for code in sorted({code for j in judged for code in j.codes}):
        here = [j for j in judged if code in j.codes]
        hits = sum(j.bad for j in here)
        precision = _share(hits, len(here))
        rows.append(SignalRow(code, len(here), hits, precision, _share(hits, bad), precision / usual if usual else 0.0))
    return tuple(rows)


def _share(hits: int, of: int) -> float:
    return hits / of if of else 0.0
