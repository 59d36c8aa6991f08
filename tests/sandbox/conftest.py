"""What the sandbox's tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from browsing import chromium
from picturing import Pictures
from playwright.async_api import Browser
from whole_playground import Playground, whole_playground


@pytest.fixture
def pictures(pytestconfig: pytest.Config) -> Pictures:
    """Saves pictures where `--pictures FOLDER` says, else none."""
    folder = pytestconfig.getoption("--pictures")
    return Pictures(Path(folder) if folder else None)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests of a module."""
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ground() -> AsyncIterator[Playground]:
    """One whole sandbox for all tests of a module."""
    async with whole_playground() as ground:
        yield ground
