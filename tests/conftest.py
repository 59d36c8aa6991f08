"""Hypothesis profiles: "quick" for every run, "long" for the fault suites (HYPOTHESIS_PROFILE=long).

In the gate (CI=true) the quick cases are the same for the same code, as Hypothesis itself has it there: a change is judged by what it
did, not by its luck. New cases are looked for everywhere else.

Tests and the processes that they start run from the sources; with DOORSTEP_COMPILED=1 (`make test-fast`) with the compiled modules,
and not at all where these are not in use.
"""

from __future__ import annotations

import os
import socket

import pytest
from hypothesis import HealthCheck, Phase, settings

if os.environ.setdefault("DOORSTEP_COMPILED", "0") == "1":
    from commands.compiled import use

    if not use():
        raise pytest.UsageError("DOORSTEP_COMPILED=1, and there are no compiled modules of these sources: make fast")

_SLOW_MACHINES = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)

#: Not `explain`: it traces every line, which below Python 3.12 takes minutes for one failing machine.
_PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)

settings.register_profile(
    "quick",
    deadline=None,
    phases=_PHASES,
    max_examples=60,
    stateful_step_count=40,
    derandomize=os.environ.get("CI") == "true",
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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", default="", help="Browser tests also save pictures for the docs in this folder.")


@pytest.fixture
def unused_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
