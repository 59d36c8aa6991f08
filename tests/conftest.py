"""Hypothesis profiles: "quick" for every run, "long" for the fault suites (HYPOTHESIS_PROFILE=long)."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

_SLOW_MACHINES = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)

#: Not `explain`: it traces every line, which below Python 3.12 takes minutes for one failing machine.
_PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)

settings.register_profile(
    "quick",
    deadline=None,
    phases=_PHASES,
    max_examples=60,
    stateful_step_count=40,
    suppress_health_check=_SLOW_MACHINES,
)
settings.register_profile(
    "long",
    deadline=None,
    phases=_PHASES,
    max_examples=3000,
    stateful_step_count=80,
    suppress_health_check=_SLOW_MACHINES,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
