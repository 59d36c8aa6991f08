"""What a period's stories add up to. Every figure counts orders placed in the period, with what became of them since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from flows import hours
from flows.numbers.story import Matter, Stories, Story
from flows.numbers.sureness import Share, fewer, known, share

#: Endings that say whether a parcel was taken.
_ENDED = ("delivered", "returned")
#: Endings that are nobody's second thought: the parcel never reached the door by the courier's fault.
_NOT_THEIRS = frozenset({"courier_fault", "damaged", "lost"})


class Baseline(Struct, frozen=True):
    """The share of parcels that came back before: of so many past orders, or as the shop says (`said`)."""

    returned: int = 0
    ended: int = 0
    said: float | None = None

    def share(self) -> Share | None:
        """None: nothing is known of the time before."""
        if self.said is not None:
            return known(self.said)
        return share(self.returned, self.ended) if self.ended else None


class Costs(Struct, frozen=True):
    """What things cost the shop, in minor units of its currency; None: it has not said."""

    currency: str = "EUR"
    sms_segment: float | None = None
    whatsapp_message: float | None = None
    returned_parcel: float | None = None


class Saved(Struct, frozen=True, gc=False):
    """Parcels that did not come back compared with before, and what that is worth. Never without its interval."""

    parcels: float
    low: float
    high: float
    money: float | None = None
    money_low: float | None = None
    money_high: float | None = None

    @property
    def proven(self) -> bool:
        """Whether the whole interval lies on the good side."""
        return self.low > 0


class Minutes(Struct, frozen=True, gc=False):
    """Times in minutes: how many, the median, and what nine of ten did not exceed."""

    n: int = 0
    median: float = 0.0
    ninth: float = 0.0


class Report(Struct, frozen=True, gc=False, kw_only=True):
    """One shop, one period. Counts are orders unless their name says otherwise."""

    shop: str
    since: datetime
    until: datetime
    orders: int
    ignored: int
    states: dict[str, int]
    confirmed: int
    confirmed_by: dict[str, int]  # customer | staff | owner | shop | rule
    confirmed_via: dict[str, int]
    confirmed_after: dict[str, int]  # questions that had gone out: "0", "1" …; a customer's yes only
    answered_at_hour: dict[str, int]  # "00" … "23" in the shop's zone: customers' decisions
    by_language: dict[str, tuple[int, int]]  # orders, confirmed
    by_day: dict[str, tuple[int, int]]  # ISO date in the shop's zone -> orders, confirmed
    time_to_answer: Minutes
    staff_minutes: float
    staff_acts: int
    cancelled: int
    cancelled_why: dict[str, int]
    failed_attempts: int
    returned: Share  # of confirmed orders that have ended
    returned_why: dict[str, int]
    complaints: int  # opened in the period
    complaint_answers: Minutes
    promises_kept: int
    promises_broken: int
    poll: dict[str, int]  # score "1" … "5" -> answers in the period
    deals: dict[str, int]  # offered | accepted | refused …: how many in the period
    messages: dict[str, int]
    segments: dict[str, int]
    spent: float | None  # minor units
    before: Share | None
    saved: Saved | None
    currency: str


def report(
    stories: Stories,
    *,
    shop: str,
    since: datetime,
    until: datetime,
    zone: str,
    costs: Costs,
    baseline: Baseline,
) -> Report:
    """The period [since, until) of one shop. `zone`: whose hours and days are counted in."""
    placed = [s for s in stories.orders.values() if s.placed_at is not None and since <= s.placed_at < until]
    orders = [s for s in placed if s.state != "ignored"]
    said_yes = [s for s in orders if s.confirmed]
    matters = [m for m in stories.matters if since <= m.at < until]
    local = hours.zone(zone)
    returned = _returned(said_yes)
    before = baseline.share()
    messages, segments = _sent(placed)
    answers = complaint_times(stories.matters, since, until)
    return Report(
        shop=shop,
        since=since,
        until=until,
        orders=len(orders),
        ignored=len(placed) - len(orders),
        states=_counted(s.state or "pending" for s in orders),
        confirmed=len(said_yes),
        confirmed_by=_counted(s.confirmed[1] for s in said_yes if s.confirmed),
        confirmed_via=_counted(s.confirmed[2] for s in said_yes if s.confirmed),
        confirmed_after=_counted(
            str(s.questions_before_answer) for s in said_yes if s.confirmed and s.confirmed[1] == "customer"
        ),
        answered_at_hour=_counted(f"{s.by_customer[0].astimezone(local):%H}" for s in orders if s.by_customer),
        by_language=_pairs((s.language or "?", s.confirmed is not None) for s in orders),
        by_day=_pairs(
            (f"{s.placed_at.astimezone(local):%Y-%m-%d}", s.confirmed is not None) for s in orders if s.placed_at
        ),
        time_to_answer=minutes([s.time_to_answer for s in orders]),
        staff_minutes=sum((s.at_work for s in orders), timedelta()).total_seconds() / 60,
        staff_acts=sum(len(s.taken) for s in orders),
        cancelled=sum(1 for s in orders if s.state == "cancelled"),
        cancelled_why=_counted(why_cancelled(s) for s in orders if s.state == "cancelled"),
        failed_attempts=sum(s.attempts_failed for s in orders),
        returned=returned,
        returned_why=_counted(s.returned_why or "other" for s in said_yes if s.state == "returned"),
        complaints=len({(m.conversation, m.data.get("n", "")) for m in matters if m.what == "complaint.open"}),
        complaint_answers=minutes(answers),
        promises_kept=sum(1 for m in matters if m.what == "promise.kept"),
        promises_broken=sum(1 for m in matters if m.what == "promise.broken"),
        poll=_counted(m.data.get("score", "?") for m in matters if m.what == "poll.scored"),
        deals=_counted(m.what.removeprefix("deal.") for m in matters if m.what.startswith("deal.")),
        messages=messages,
        segments=segments,
        spent=_spent(messages, segments, costs),
        before=before,
        saved=_saved(before, returned, costs),
        currency=costs.currency,
    )


def why_cancelled(story: Story) -> str:
    """The customer's reason, else who cancelled."""
    if story.reason:
        return story.reason
    last = max(((at, by) for at, by, _, state in story.decided if state == "cancelled"), default=None)
    return f"by_{last[1]}" if last else "by_shop"


def complaint_times(matters: Sequence[Matter], since: datetime, until: datetime) -> list[timedelta]:
    """From each complaint of the period to the promise that was kept on it."""
    opened: dict[tuple[str, str], datetime] = {}
    found = []
    for matter in sorted(matters, key=lambda m: m.at):
        which = (matter.conversation, matter.data.get("n", ""))
        if matter.what == "complaint.open" and since <= matter.at < until:
            opened.setdefault(which, matter.at)
        elif matter.what == "promise.kept" and which in opened:
            found.append(matter.at - opened.pop(which))
    return found


def minutes(times: Iterable[timedelta | None]) -> Minutes:
    known_ = sorted(t.total_seconds() / 60 for t in times if t is not None)
    if not known_:
        return Minutes()
    return Minutes(len(known_), _at(known_, 0.5), _at(known_, 0.9))


def _at(values: list[float], quantile: float) -> float:
    """The smallest value that so large a part of them does not exceed."""
    return values[max(0, -(-len(values) * int(quantile * 100) // 100) - 1)]


def _counted(keys: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(keys).items()))


def _pairs(found: Iterable[tuple[str, bool]]) -> dict[str, tuple[int, int]]:
    every: Counter[str] = Counter()
    yes: Counter[str] = Counter()
    for key, confirmed in found:
        every[key] += 1
        yes[key] += confirmed
    return {key: (every[key], yes[key]) for key in sorted(every)}


def _returned(said_yes: list[Story]) -> Share:
    """Of confirmed orders that have ended, how many came back. The courier's own faults are left out on both sides."""
    ended = [s for s in said_yes if s.state in _ENDED and s.returned_why not in _NOT_THEIRS]
    return share(sum(1 for s in ended if s.state == "returned"), len(ended))


def _sent(placed: list[Story]) -> tuple[dict[str, int], dict[str, int]]:
    messages: Counter[str] = Counter()
    segments: Counter[str] = Counter()
    for story in placed:
        messages.update(story.messages)
        segments.update(story.segments)
    return dict(sorted(messages.items())), dict(sorted(segments.items()))


def _spent(messages: dict[str, int], segments: dict[str, int], costs: Costs) -> float | None:
    if costs.sms_segment is None and costs.whatsapp_message is None:
        return None
    return segments.get("sms", 0) * (costs.sms_segment or 0.0) + messages.get("whatsapp", 0) * (
        costs.whatsapp_message or 0.0
    )


def _saved(before: Share | None, now: Share, costs: Costs) -> Saved | None:
    """None where there is nothing to compare with, or nothing has ended yet."""
    if before is None or now.whole == 0:
        return None
    parcels, low, high = (now.whole * gap for gap in fewer(before, now))
    each = costs.returned_parcel
    worth = (None, None, None) if each is None else (parcels * each, low * each, high * each)
    return Saved(parcels, low, high, *worth)
