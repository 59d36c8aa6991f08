"""Signals from what was typed into the order, and from the orders around it."""

from collections.abc import Iterator

from flows.phones import mask
from flows.risk.policy import RiskPolicy
from flows.risk.signals import Reason
from flows.risk.subject import Subject

#: Kinds of number that no private person orders from.
_SERVICE = frozenset({"toll_free", "premium", "other"})


def reasons(subject: Subject, policy: RiskPolicy, *, first: bool, proven: bool = False) -> Iterator[Reason]:
    """Every signal of the order itself that fired. `first`: no paid order of this customer is known; `proven`: one is
    under this very number, which nobody invented, then, however it looks."""
    for code, weight, values, orders in (*_typed(subject), *_around(subject, policy, first=first)):
        if code == "odd_phone" and proven and values["why"] == "made_up":
            continue
        if code == "prefix_burst" and proven:
            continue  # a machine's numbers have not paid before
        points = getattr(policy.weights, code) * weight
        if points > 0:
            yield Reason(code, round(min(points, policy.most_per_signal), 1), values, orders)


_Fired = tuple[str, float, dict[str, str], tuple[str, ...]]


def _typed(subject: Subject) -> Iterator[_Fired]:
    phone, email = subject.phone, subject.email
    if phone is None and subject.phone_given:
        yield "impossible_phone", 1, {}, ()
    elif phone is not None and (why := _odd(subject)):
        yield "odd_phone", 1, {"why": why, "phone": mask(phone.e164)}, ()
    if email is not None and subject.email_disposable:
        yield "disposable_email", 1, {"domain": email.domain}, ()
    if email is not None and email.suggestion:
        yield "mistyped_email", 1, {"domain": email.domain, "meant": email.suggestion.rpartition("@")[2]}, ()
    if subject.address_nonsense:
        yield "nonsense_address", 1, dict(zip(("why", "text"), subject.address_nonsense[0], strict=True)), ()
    elif subject.address_missing:
        yield "missing_parts", len(subject.address_missing), {"parts": ", ".join(subject.address_missing)}, ()
    if subject.name_nonsense:
        yield "nonsense_name", 1, {"text": subject.name_nonsense}, ()


def _odd(subject: Subject) -> str:
    if subject.phone is None:
        return ""
    if subject.phone_made_up:
        return "made_up"
    if not subject.phone.valid:
        return "unassigned"
    return "service" if subject.phone.kind in _SERVICE else ""


def _around(subject: Subject, policy: RiskPolicy, *, first: bool) -> Iterator[_Fired]:
    around = subject.around
    unconfirmed = tuple(o.order_id for o in around.open_orders if not o.confirmed)
    if unconfirmed:
        yield "open_unconfirmed", len(unconfirmed), {"count": str(len(unconfirmed))}, unconfirmed
    skus = {sku for sku in subject.skus if sku}
    twice = tuple(
        o.order_id
        for o in around.open_orders
        if skus.intersection(o.skus) and abs(subject.placed_at - o.placed_at) <= policy.same_item_within
    )
    if twice:
        yield "same_item_twice", 1, {"count": str(len(twice))}, twice
    if around.group_orders:
        yield "group_orders", around.group_orders, {"count": str(around.group_orders)}, ()
    if around.on_prefix_hour >= policy.prefix_burst:
        yield "prefix_burst", 1, {"count": str(around.on_prefix_hour)}, ()
    if around.on_address_day >= policy.address_burst:
        yield "address_burst", 1, {"count": str(around.on_address_day)}, ()
    if around.threats:
        yield "threats", 1, {"count": str(around.threats)}, ()
    usual = around.usual_minor
    if first and usual and subject.amount_minor > policy.big_first_times * usual:
        yield "big_first", 1, {"times": f"{subject.amount_minor / usual:.1f}"}, ()
