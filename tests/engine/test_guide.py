"""The guide of `check`: what is left to set up, as long as it is left, and no longer; and the message that tries a provider."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path

import pytest
from click.testing import CliRunner

import run
from engine import trying
from engine.guide import guided
from flows.policy import Hours, Policy, Sender

HOUSE = Path(__file__).parents[2]
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
#: What the samples of examples/ take from the environment.
ENV = {
    "DOORSTEP_KEY": "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=",
    **dict.fromkeys(("SHOPIFY_WEBHOOK_SECRET", "SHOPIFY_TOKEN", "TWILIO_AUTH_TOKEN", "SMTP_PASSWORD"), "from-the-provider"),
    "TELEGRAM_TOKEN": "123456789:from-botfather",
}  # fmt: skip


def own(folder: Path, address: str) -> Path:
    """The sample for Shopify with this address in place of its own."""
    text = (HOUSE / "examples" / "shopify.yaml").read_text("utf-8")
    file = folder / "mine.yaml"
    file.write_text(text.replace("https://orders.lamps.example", address), "utf-8")
    return file


@pytest.mark.parametrize(
    ("address", "done"),
    [
        ("https://orders.lamps.example", False),
        ("https://orders.example.com", False),
        ("https://doorstep.lamps.es", True),
        ("https://myexample.net", True),
    ],
)
def test_a_sample_s_address_is_still_to_be_replaced(tmp_path: Path, address: str, done: bool) -> None:
    """Nobody can be reached at a name that is kept for examples, so the step stays open until it is another one."""
    first = guided(own(tmp_path, address), ENV, NOW)[0]
    assert first.done is done
    assert bool(first.missing) is not done


def test_all_is_well_only_when_nothing_is_left(tmp_path: Path) -> None:
    """With a sample's address nothing is wrong, but a step is left, and `check` says so; with one's own all is well."""
    for address, last in (
        ("https://orders.lamps.example", "Nothing is wrong. What is left to set up stands above."),
        ("https://doorstep.lamps.es", "All is well."),
    ):
        told = CliRunner().invoke(run.main, ["--config", str(own(tmp_path, address)), "check"], env=ENV)
        assert told.exit_code == 0, told.output
        assert told.output.splitlines()[-1] == last


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    """The fault is not buried under what would be set up if there were settings."""
    (tmp_path / "broken.yaml").write_text("shops:\n  - id: a\n   name: b\n", "utf-8")
    for name in ("broken.yaml", "missing.yaml"):
        told = CliRunner().invoke(run.main, ["--config", str(tmp_path / name), "check"])
        assert told.exit_code == 1
        assert len(told.output.splitlines()) == 2, told.output


def test_the_test_message_says_who_writes() -> None:
    """Whoever gets it reads the shop's name and its hours, in the shop's language."""
    sender = Sender("sms", "twilio", "+34911234567")
    for week, said in (({0: ((time(9), time(18)),)}, True), ({}, False)):
        policy = Policy(shop="demo", name="Casa Marisol", language="es", country="ES", hours=Hours(week), sms=sender)
        text = trying.test_message(policy, "600 000 000", None, NOW).text
        assert text.startswith("Casa Marisol:")
        assert ("09:00-18:00" in text) is said
