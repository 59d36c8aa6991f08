"""docs/operations.md: every alarm that the owner can hear has its paragraph, and no paragraph is about one that is gone."""

from __future__ import annotations

import re
from pathlib import Path

from bot.texts import CATALOGUES

PAGE = Path(__file__).parents[1] / "docs" / "operations.md"


def _sections() -> dict[str, str]:
    """Alarm -> what its paragraph says."""
    text = PAGE.read_text(encoding="utf-8").partition("## When the owner hears")[2]
    found: dict[str, str] = {}
    for part in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        heads, _, body = part.partition("\n")
        found |= dict.fromkeys((head.strip() for head in heads.split(",")), body.strip())
    return found


def test_every_alarm_says_what_to_do() -> None:
    """A new owner.<kind> text without its paragraph fails here, and a paragraph without its text."""
    alarms = {key.removeprefix("owner.") for key in CATALOGUES["en"] if key.startswith("owner.")}
    assert set(_sections()) == alarms
    assert all(len(body) > 60 for body in _sections().values())


def test_the_page_names_commands_that_exist() -> None:
    """backup, restore, rotate-key, check, preview: as run.py has them."""
    import run

    named = set(re.findall(r"run\.py ([a-z-]+)", PAGE.read_text(encoding="utf-8")))
    assert {"backup", "restore", "rotate-key", "check"} <= named
    assert named <= set(run.main.commands)
