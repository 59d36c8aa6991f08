"""Hypothesis profiles: "quick" for every run, "long" for the fault suites (HYPOTHESIS_PROFILE=long)."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_SLOW_MACHINES = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)

settings.register_profile(
    "quick", deadline=None, max_examples=60, stateful_step_count=40, suppress_health_check=_SLOW_MACHINES
)
settings.register_profile(
    "long", deadline=None, max_examples=3000, stateful_step_count=80, suppress_health_check=_SLOW_MACHINES
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
