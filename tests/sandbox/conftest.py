"""What the sandbox's tests share."""

from __future__ import annotations

from pathlib import Path

import pytest
from picturing import Pictures


@pytest.fixture
def pictures(pytestconfig: pytest.Config) -> Pictures:
    """Saves pictures where `--pictures FOLDER` says, else none."""
    folder = pytestconfig.getoption("--pictures")
    return Pictures(Path(folder) if folder else None)
