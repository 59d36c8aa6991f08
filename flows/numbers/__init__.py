"""Numbers for the owner, recomputed from journals alone: stories of orders, what they add up to, and how sure that is."""

from flows.numbers.report import Baseline, Costs, Report, report
from flows.numbers.story import Stories, Story

__all__ = ["Baseline", "Costs", "Report", "Stories", "Story", "report"]
