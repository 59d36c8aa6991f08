"""What the shop's past says about an order: signals with visible weights, a verdict, and the reasons in order.

history.py      what is remembered of a closed order, and how surely it is this customer's
policy.py       every weight and limit, with its default
subject.py      the order that is judged, and what is known around it
behaviour.py    signals from the customer's past
details.py      signals from what was typed, and from orders around it
rulings.py      what a person decided about a customer, found again by phone, e-mail or address
assessment.py   signals -> score -> verdict
backtest.py     the same over the shop's past, in time order
"""

from flows.risk.assessment import Assessment, Bought, assess
from flows.risk.history import Matched, PastOrder, Ruling
from flows.risk.policy import RiskPolicy, Weights
from flows.risk.signals import Reason
from flows.risk.subject import Around, OpenOrder, Subject, describe

__all__ = [
    "Around",
    "Assessment",
    "Bought",
    "Matched",
    "OpenOrder",
    "PastOrder",
    "Reason",
    "RiskPolicy",
    "Ruling",
    "Subject",
    "Weights",
    "assess",
    "describe",
]
