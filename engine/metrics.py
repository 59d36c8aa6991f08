"""What this process counts and measures, as /metrics shows it. One name for one thing.

    doorstep_answers_total{channel, order}        customers' answers by channel, and what their order became ("": nothing new)
    doorstep_order_money_total{state, currency}   amounts of the orders that became confirmed, cancelled …
    doorstep_messages_total{channel, purpose}     messages handed to a provider, answers and questions of ours apart
    doorstep_segments_total{channel}              what those by SMS are billed as
    doorstep_spent_total{channel, currency}       what messages cost, by the prices under `numbers`
    doorstep_provider_errors_total{provider, code}  refused, throttled or unanswered
    doorstep_rung_seconds{channel}                from the moment a ladder's question may leave to its acceptance
    doorstep_outbox_age_seconds{lane}             how long the oldest message waits that may leave
    doorstep_timer_lag_seconds                    how long the earliest due timer has been due
    doorstep_events_total{type, result}           events by kind: handled, duplicate, or nobody's
    doorstep_outcomes_total{provider, effect, outcome}  what became of each effect: accepted, refused, later, unknown
    doorstep_steps_failed_total{event, error}     timers whose step raised: put off, and tried again ever more rarely
    doorstep_kept_total{route}                    bodies that could not be read, kept to be replayed
    doorstep_expired_total{kind}                  what was forgotten by the privacy settings
    doorstep_sweeps_total{sweep, result}          looks at a provider's own list for what a webhook never told
    doorstep_mail_in_total{kind}                  mails that were read from the mailbox
    doorstep_hook_rejected_total{route, why}      webhooks with a bad signature, or of no use: not kept
    doorstep_hook_kept_total{route}               webhooks that were kept since the service could not take them
    doorstep_hook_limited_total                   webhooks that were put off, since one address sent too many bad ones
    doorstep_hook_unavailable_total{route}        webhooks that were told to come again (503)
    doorstep_http_failed_total                    requests on which something of ours broke
    doorstep_api_unauthorised_total               requests to the orders API without a good token
    doorstep_page_shown_total                     visits of a customer's page
    doorstep_page_pressed_total                   decisions made on a customer's page
    doorstep_page_refused_total                   presses that a customer's page did not take
    doorstep_page_wrong_token_total               links that no page belongs to

The storage's own are asked at each look, see adapters/health.py.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from engine.counting import Key
from engine.log_lines import redact

#: The first text is promised within a minute; the rest shows how far a backlog reaches.
WAITS_S = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0)


class Counters(Collector):
    """Reads the engine's counters at each look; counting itself costs one dictionary entry."""

    def __init__(self, counters: Mapping[Key, float]) -> None:
        self._counters = counters

    def collect(self) -> Iterable[Metric]:
        by_name: dict[str, list[tuple[dict[str, str], float]]] = defaultdict(list)
        for (name, labels), count in sorted(self._counters.items()):
            by_name[name].append((dict(labels), count))
        for name, rows in by_name.items():
            names = sorted({label for labels, _ in rows for label in labels})
            family = CounterMetricFamily(f"doorstep_{name}", f"{name.replace('_', ' ')}, counted", labels=names)
            for shown, count in rows:
                family.add_metric([shown.get(label, "") for label in names], count)
            yield family


class Waits(Collector):
    """How long ladder questions took to be accepted, by channel, in buckets."""

    def __init__(self) -> None:
        self._found: dict[str, list[int]] = {}
        self._sums: dict[str, float] = defaultdict(float)

    def observe(self, channel: str, seconds: float) -> None:
        row = self._found.setdefault(channel, [0] * (len(WAITS_S) + 1))
        row[bisect_left(WAITS_S, seconds)] += 1
        self._sums[channel] += seconds

    def collect(self) -> Iterable[Metric]:
        family = HistogramMetricFamily(
            "doorstep_rung_seconds", "from the moment a question may leave to its acceptance", labels=["channel"]
        )
        for channel, row in sorted(self._found.items()):
            so_far = [sum(row[: at + 1]) for at in range(len(row))]
            bounds = [*map(str, WAITS_S), "+Inf"]
            family.add_metric([channel], list(zip(bounds, so_far, strict=True)), self._sums[channel])
        yield family


class Lags(Collector):
    """How late the pumps are, asked at each look: `ages` gives lane -> seconds, `timer` seconds."""

    def __init__(self, ages: Callable[[], Mapping[str, float]], timer: Callable[[], float]) -> None:
        self._ages = ages
        self._timer = timer

    def collect(self) -> Iterable[Metric]:
        outbox = GaugeMetricFamily(
            "doorstep_outbox_age_seconds", "how long the oldest message waits that may leave", labels=["lane"]
        )
        for lane, seconds in sorted(self._ages().items()):
            outbox.add_metric([redact(lane)], seconds)
        yield outbox
        timers = GaugeMetricFamily("doorstep_timer_lag_seconds", "how long the earliest due timer has been due")
        timers.add_metric([], self._timer())
        yield timers


def registry(counters: Mapping[Key, float], *more: Collector) -> CollectorRegistry:
    """A registry of its own: several services in one test process do not meet."""
    made = CollectorRegistry(auto_describe=False)
    for collector in (Counters(counters), *more):
        made.register(collector)
    return made
