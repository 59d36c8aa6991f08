"""The commands as a stranger meets them: the names and options that are promised, one example each, and errors in one line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import run
from flows.understand import INTENTS, TONES

#: Command -> options that the public face promises.
PROMISED = {
    "serve": (),
    "sandbox": ("--port",),
    "check": ("--online",),
    "import-history": (),
    "import-orders": (),
    "assess": ("--phone", "--email", "--address", "--total", "--shop", "--backtest"),
    "understand": (),
    "preview": ("--all", "--lang"),
    "send-test": ("--to",),
    "orders": ("--state",),
    "order": (),
    "report": ("--since", "--until", "--out"),
    "export-customer": ("--phone", "--email", "--whatsapp-id"),
    "erase-customer": ("--phone", "--email", "--whatsapp-id"),
    "backup": (),
    "restore": (),
    "migrate": ("--to",),
}
ENV = {"DOORSTEP_KEY": "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="}
SETTINGS = """
public_url: http://127.0.0.1:8080
storage: {{url: "sqlite:///{folder}/here.db", encryption_key: "${{DOORSTEP_KEY}}"}}
shops:
  - {{id: one, name: One, language: es, country: ES, currency: EUR, timezone: Europe/Madrid}}
  - {{id: two, name: Two, language: es, country: MX, currency: MXN, timezone: America/Mexico_City}}
channels: {{sms: null, whatsapp: null, email: null}}
"""
#: What is typed wrongly -> what the one line has to say.
MISTAKES = {
    "nosuch": "No such command",
    "--bogus": "No such option",
    "order": "ORDER_ID",
    "order 999": "No order 999 is known",
    "orders 999": "No order 999 is known",
    "orders --state nosuch": "'flagged'",
    "orders --shop nosuch": "one, two",
    "preview": "confirm_words",
    "preview nosuch": "confirm_words",
    "preview confirm_words --lang xx": "Languages: en",
    "send-test --to +34600000000": "--shop",
    "send-test --to nonsense --shop one": "no phone number",
    "send-test --to +34600000000 --shop one": "channels in config.yaml",
    "send-test --to +34600000000 --shop one --channel pigeon": "'whatsapp'",
    "assess --shop one": "Say who",
    "assess --phone +34600000000": "--shop",
    "assess --phone +34600000000 --shop one --total much": "no amount",
    "report": "--shop",
    "report --shop one --since yesterday": "2026-11-21",
    "export-customer": "--phone",
    "restore nosuch.db": "nosuch.db",
    "import-history nosuch.csv --shop one": "nosuch.csv",
    "import-orders nosuch.csv --shop one": "nosuch.csv",
    "migrate": "--to",
    "sandbox --port ninety": "'--port'",
    "--config nosuch.yaml orders": "nosuch.yaml",
}


@pytest.fixture
def typed(tmp_path: Path):
    """Runs one line as it is typed, with settings of two shops whose channels are off."""
    config = tmp_path / "config.yaml"
    config.write_text(SETTINGS.format(folder=tmp_path), "utf-8")

    def run_it(line: str, given: str = "") -> Result:
        return CliRunner().invoke(run.main, ["--config", str(config), *line.split()], input=given, env=ENV)

    return run_it


@pytest.mark.parametrize("command", PROMISED)
def test_a_promised_command_is_there_with_an_example(command):
    """Each command knows the options that are promised, and its help shows one way to use it."""
    told = CliRunner().invoke(run.main, [command, "--help"])
    assert told.exit_code == 0
    assert "Example: " in told.output
    example = told.output.partition("Example: ")[2].partition("Options:")[0].split()
    assert {"run.py", command} <= set(example)
    assert all(option in told.output for option in PROMISED[command])


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_told_in_one_plain_line(typed, line):
    """What was typed wrongly ends with a code other than 0 and one line that says what would be right."""
    told = typed(line)
    assert told.exit_code in (1, 2), told.output
    assert MISTAKES[line] in told.output
    assert told.output.count("\n") == 1, told.output
    assert "Traceback" not in told.output


def test_an_empty_list_says_what_is_empty(typed):
    """No orders at all, and none in a state, are two answers and no faults."""
    for line, said in (("orders", "No orders yet."), ("orders --state held", "No order is held.")):
        told = typed(line)
        assert (told.exit_code, told.output) == (0, said + "\n")


def test_a_line_in_is_a_line_out(tmp_path: Path):
    """`understand` answers each JSON line with all promised keys, a bad line with an error, and goes on."""
    asked = [
        {"text": "sí, pero mañana por la tarde", "lang": "es", "prompt": "confirm", "country": "ES"},
        {"text": "CANCEL", "prompt": "confirm"},
        {"text": "do you take cards?"},
    ]
    given = tmp_path / "lines"
    given.write_text(
        "\n".join(json.dumps(line) for line in asked) + "\nno json\n" + json.dumps({"text": "yes"}) + "\n", "utf-8"
    )
    with given.open("rb") as lines:
        done = subprocess.run(
            [sys.executable, str(Path(run.__file__)), "understand"], stdin=lines, capture_output=True, check=True
        )
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(said) == len(asked) + 2
    assert set(said.pop(3)) == {"error"}
    for one in said:
        assert set(one) == {"intent", "sure", "confidence", "lang", "tone", "slots", "parts"}
        assert one["intent"] in INTENTS
        assert one["tone"] in TONES
    assert [one["intent"] for one in said] == ["yes", "cancel", "question", "yes"]
    assert [part["intent"] for part in said[0]["parts"]] == ["change_time"]
