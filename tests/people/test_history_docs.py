"""docs/history.md says what the program does."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from flows.risk.assessment import Verdict
from flows.risk.policy import Weights
from flows.risk.words import REASONS, signals_table

PAGE = (Path(__file__).parents[2] / "docs" / "history.md").read_text(encoding="utf-8")


def test_the_signals_and_their_points_are_those_of_the_program() -> None:
    """The table is what signals_table prints; a changed weight shows here."""
    assert signals_table() in PAGE
    assert set(REASONS) == set(Weights.__struct_fields__)


def test_every_verdict_has_its_row() -> None:
    """A verdict that nobody explains would be a secret."""
    assert [v for v in get_args(Verdict) if f"\n| {v} | " not in PAGE] == []
