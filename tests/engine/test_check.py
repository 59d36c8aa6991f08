"""`check`: everything that is wrong, seen without the network, and the probes that ask the providers."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

import run
from engine import check as checking
from engine.check import check, check_online, check_settings, people_differences, refuses_start
from engine.decide import Decider
from engine.lanes import Lanes
from engine.rates import rates
from engine.settings import Fault, Settings, load
from flows import pointers
from flows.desk import Person
from flows.desk_events import PeopleTold
from flows.policy import Policy
from storage.sqlite import SqliteStore

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ENV = {"KEY": base64.b64encode(bytes(32)).decode(), "TOKEN": "123456:t0k3n"}
HEAD = """
public_url: https://orders.example.com
storage: {url: "sqlite:///@DIR/doorstep.db", encryption_key: "${KEY}"}
shops:
  - {id: demo, name: Demo, language: en, country: ES, currency: EUR, timezone: Europe/Madrid@SHOP}
"""
QUIET = """
channels: {sms: null, whatsapp: null, email: null}
telegram: {token: "${TOKEN}", staff_group: -1}
people: [{telegram: 1, name: Olga, role: owner}]
"""
TWILIO = """
channels: {whatsapp: @WA, email: null}
telegram: {token: "${TOKEN}", staff_group: -1}
people: [{telegram: 1, name: Olga, role: owner}]
twilio: {account_sid: AC11111111111111111111111111111111, auth_token: "${TOKEN}",
  sms_from: "+14155550100", whatsapp_from: "+14155550100"@MORE}
"""


def write(folder: Path, more: str = QUIET, shop: str = "") -> Path:
    file = folder / "config.yaml"
    file.write_text(
        HEAD.replace("@DIR", str(folder)).replace("@SHOP", f", {shop}" if shop else "") + more, encoding="utf-8"
    )
    os.utime(file, (NOW.timestamp(), NOW.timestamp()))
    return file


def found(folder: Path, more: str = QUIET, shop: str = "", now: datetime = NOW) -> list[Fault]:
    """Faults, without remarks on the built-in texts: those have tests of their own."""
    return _own(check(write(folder, more, shop), ENV, now))


def _own(faults: list[Fault]) -> list[Fault]:
    return [fault for fault in faults if not fault.where.endswith(".language")]


def test_settings_that_are_right_have_no_fault(tmp_path: Path) -> None:
    """A complete file on a healthy machine is told nothing."""
    assert found(tmp_path) == []


def test_check_changes_nothing(tmp_path: Path) -> None:
    """Looking leaves no file behind, not even the database's folder."""
    file = write(tmp_path)
    file.write_text(file.read_text().replace("doorstep.db", "deep/below/doorstep.db"))
    check(file, ENV, NOW)
    assert [entry.name for entry in tmp_path.iterdir()] == ["config.yaml"]


def test_faults_and_unset_variables_come_in_one_run(tmp_path: Path) -> None:
    """A file with a wrong value still says which variables are missing, so that one run is enough."""
    file = write(tmp_path, "listen: nowhere\n" + QUIET)
    assert {fault.where for fault in check(file, {}, NOW)} >= {"listen", "storage.encryption_key", "telegram.token"}


def test_an_unset_variable_of_right_settings_is_an_error(tmp_path: Path) -> None:
    """What serve needs is asked for with the place where it is found."""
    faults = [fault for fault in check(write(tmp_path), {"KEY": ENV["KEY"]}, NOW) if fault.level == "error"]
    assert [fault.where for fault in faults] == ["telegram.token"]
    assert "@BotFather" in faults[0].mend


def test_steps_without_a_provider_are_told(tmp_path: Path) -> None:
    """A ladder step that will be skipped is a warning; channels: null says that it is meant."""
    faults = found(tmp_path, "telegram: null\n")
    assert [fault.level for fault in faults] == ["warning"] * 5
    assert {word for fault in faults for word in ("sms", "whatsapp", "email", "telegram") if word in fault.what} == {
        "sms",
        "whatsapp",
        "email",
        "telegram",
    }


def test_a_ladder_that_reaches_nobody_is_told(tmp_path: Path) -> None:
    """Channels may be null on purpose, with people who call; without people no order would ever be looked at."""
    alone = "channels: {sms: null, whatsapp: null, email: null}\ntelegram: null\nconfirmation: {ladder: [{channel: email, wait: 2h}]}\n"
    (fault,) = found(tmp_path, alone)
    assert "no customer of shop demo is asked anything" in fault.what
    assert found(tmp_path, QUIET) == []


def test_a_shop_without_an_owner_is_told(tmp_path: Path) -> None:
    """Complaints need somebody to go to."""
    (fault,) = found(tmp_path, QUIET.replace("role: owner", "role: staff"))
    assert (fault.where, fault.level) == ("people", "warning")


def test_a_person_named_twice_is_an_error(tmp_path: Path) -> None:
    """One Telegram user has one role."""
    twice = QUIET.replace("role: owner}", "role: owner}, {telegram: 1, name: Ana, role: staff}")
    (fault,) = found(tmp_path, twice)
    assert (fault.where, fault.level) == ("people[1]", "error")


def test_missing_and_misnamed_templates_are_told(tmp_path: Path) -> None:
    """A template that WhatsApp lacks in the shop's language, and a name that is none of ours."""
    more = TWILIO.replace("@WA", "twilio").replace(
        "@MORE", ", content_sids: {confirm: {en: HX1}, mised_call: {en: HX2}}"
    )
    faults = {fault.where: fault for fault in found(tmp_path, more)}
    assert set(faults) == {"twilio.content_sids", "twilio.content_sids.mised_call"}
    assert "missed_call" in faults["twilio.content_sids"].what
    assert " confirm," not in faults["twilio.content_sids"].what
    assert faults["twilio.content_sids.mised_call"].mend == "Did you mean missed_call?"


def test_a_text_that_offers_an_opt_out_word_is_an_error(tmp_path: Path) -> None:
    """At Twilio CANCEL opts out: a shop's own text may not ask for it, unless its list says otherwise."""
    shop = 'texts: {en: {unclear: "Order {order}, {total}: reply YES or CANCEL"}}'
    more = TWILIO.replace("@WA", "null")
    faults = [f for f in found(tmp_path, more.replace("@MORE", ""), shop) if f.where.endswith("unclear")]
    assert [fault.level for fault in faults] == ["error"]
    assert "CANCEL" in faults[0].what
    freed = [
        f
        for f in found(tmp_path, more.replace("@MORE", ", opt_out_words: [STOP]"), shop)
        if f.where.endswith("unclear")
    ]
    assert freed == []


def test_a_shop_s_broken_text_is_an_error(tmp_path: Path) -> None:
    """A text with a name that nobody fills is found before a customer reads it."""
    faults = found(tmp_path, shop='texts: {en: {unclear: "Order {ordr}?"}}')
    assert any(fault.level == "error" and fault.where == "shops[0].texts.en.unclear" for fault in faults)


def test_a_text_that_is_none_of_ours_is_an_error(tmp_path: Path) -> None:
    """A misspelled template or language under texts would never be sent."""
    faults = found(tmp_path, shop="texts: {en: {thank_reply: Hi}}")
    assert [(fault.where, fault.level) for fault in faults] == [("shops[0].texts.en.thank_reply", "error")]


def test_people_who_differ_from_the_table_are_named(tmp_path: Path) -> None:
    """The table holds after the first start; what the file says otherwise is shown and changes nothing."""
    settings = load(write(tmp_path), ENV)
    shop = settings.shops[0]
    olga, ana = Person(1, "Olga", "owner"), Person(2, "Ana", "staff")
    assert people_differences(settings, shop, [olga]) == []
    assert [f.where for f in people_differences(settings, shop, [])] == ["people[0]"]
    assert "role" in people_differences(settings, shop, [Person(1, "Olga", "staff")])[0].what
    assert [f.what for f in people_differences(settings, shop, [olga, ana])] == [
        "Ana is in the table and not in the file"
    ]


async def test_check_shows_who_is_in_the_table_alone(tmp_path: Path) -> None:
    """The command reads the table of the file that is being served, says who differs, and writes nothing to it."""
    file, store = write(tmp_path), SqliteStore(str(tmp_path / "doorstep.db"), bytes(32))
    told = await asyncio.to_thread(CliRunner().invoke, run.main, ["--config", str(file), "check"], env=ENV)
    assert "table" not in told.output
    assert not (tmp_path / "doorstep.db").exists()
    store.open()
    people = PeopleTold(
        event_id="start", to=(pointers.desk("demo"),), at=NOW, opens=True,
        people=(Person(1, "Olga", "owner"), Person(2, "Ana", "staff")),
    )  # fmt: skip
    policies = {"demo": Policy(shop="demo", name="Demo")}
    await store.transact(people, Decider(policies, Lanes(rates(policies)), "p"), NOW)
    before = (tmp_path / "doorstep.db-wal").read_bytes()
    told = await asyncio.to_thread(CliRunner().invoke, run.main, ["--config", str(file), "check"], env=ENV)
    assert "people: Ana is in the table and not in the file. Nothing needs to be done; the table holds." in told.output
    assert "Olga" not in told.output
    assert (tmp_path / "doorstep.db-wal").read_bytes() == before
    await store.close()


def test_a_name_that_takes_replies_is_doubted(tmp_path: Path) -> None:
    """A gateway that sends under a name says two_way only by mistake."""
    more = (
        QUIET.replace("sms: null", "sms: gateway")
        + 'sms_gateway: {from: DEMO, send: {url: "https://g.example.com?to={to}&text={text}"}}\n'
    )
    (fault,) = found(tmp_path, more)
    assert (fault.where, fault.level) == ("sms_gateway.two_way", "warning")


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """A store whose folder is a file cannot be opened, and check says so first."""
    (tmp_path / "taken").write_text("")
    file = write(tmp_path)
    file.write_text(file.read_text().replace("doorstep.db", "taken/doorstep.db"))
    faults = [fault for fault in check(file, ENV, NOW) if fault.where == "storage.url"]
    assert [fault.level for fault in faults] == ["error"]


@pytest.mark.parametrize(("free", "level"), [(1_000_000, "error"), (500_000_000, "warning"), (5_000_000_000, None)])
def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: str | None) -> None:
    """Too little room stops the start, little room is a warning."""

    class Usage(NamedTuple):
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(free))
    assert [fault.level for fault in found(tmp_path)] == ([level] if level else [])


@pytest.mark.parametrize("now", [datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)])
def test_a_clock_that_cannot_be_right_is_an_error(tmp_path: Path, now: datetime) -> None:
    """A machine that lost its clock would send everything at the wrong hour."""
    (fault,) = found(tmp_path, now=now)
    assert (fault.where, fault.level) == ("(clock)", "error")


def test_a_clock_behind_the_file_is_a_warning(tmp_path: Path) -> None:
    """A file from next week means that the clock is slow."""
    (fault,) = found(tmp_path, now=NOW - timedelta(days=7))
    assert (fault.where, fault.level) == ("(clock)", "warning")


class Probing:
    """A probe that answers, hangs or breaks."""

    def __init__(self, name: str, answer: Iterable[Fault] | Exception | None) -> None:
        self.name = name
        self._answer = answer

    async def __call__(self, settings: Settings) -> Iterable[Fault]:
        if isinstance(self._answer, Exception):
            raise self._answer
        if self._answer is None:
            await asyncio.Event().wait()
        return self._answer or ()


async def test_probes_are_asked_together_and_none_hides_another(tmp_path: Path) -> None:
    """A provider that hangs or breaks is a warning; what the others say is shown all the same."""
    settings = load(write(tmp_path), ENV)
    bad = Fault("twilio.auth_token", 9, "Twilio refuses the token", "Look it up in the console.")
    probes = [
        Probing("twilio", [bad]),
        Probing("meta", None),
        Probing("smtp", OSError("refused")),
        Probing("telegram", []),
    ]
    faults = await check_online(settings, probes, timeout_s=0.05)
    assert [(fault.where, fault.level) for fault in faults] == [
        ("twilio.auth_token", "error"),
        ("meta", "warning"),
        ("smtp", "warning"),
    ]
    assert "refused" not in str(faults)


def test_serve_starts_with_warnings_and_not_with_errors(tmp_path: Path) -> None:
    """Errors that show without the network refuse the start, warnings do not."""
    file = write(tmp_path, "telegram: null\n")
    assert refuses_start(file, ENV, NOW) == []
    assert [fault.where for fault in refuses_start(file, {}, NOW)] == ["storage.encryption_key"]
    assert [fault.where for fault in refuses_start(file, ENV, datetime(1980, 1, 1, tzinfo=UTC))] == ["(clock)"]
    assert [fault.where for fault in refuses_start(write(tmp_path, "listen: x\n"), ENV, NOW)] == ["listen"]


def test_a_broken_file_is_one_fault(tmp_path: Path) -> None:
    """No YAML, no further guesses."""
    file = tmp_path / "config.yaml"
    file.write_text("a: [")
    assert [fault.where for fault in check(file, ENV, NOW)] == ["(file)"]
    assert check(tmp_path / "none.yaml", ENV, NOW)[0].level == "error"


def test_settings_that_were_loaded_can_be_checked_alone(tmp_path: Path) -> None:
    """serve looks at the settings that it has, not at the file again."""
    assert _own(check_settings(load(write(tmp_path), ENV))) == []
    assert checking.DISK_LEAST_BYTES < checking.DISK_LOW_BYTES


def test_a_limit_in_money_needs_prices_in_its_currency(tmp_path: Path) -> None:
    """Without a price a channel is not counted, which is a warning; another currency counts nothing, which is a fault."""
    twilio = TWILIO.replace("@WA", "null").replace("@MORE", "")
    limit = "limits: {money_per_day: 20 EUR}\n"
    assert not any("money_per_day" in fault.where for fault in found(tmp_path, twilio))
    (told,) = [fault for fault in found(tmp_path, twilio + limit) if "money_per_day" in fault.where]
    assert told.warning
    assert "sms has no price" in told.what
    priced = twilio + limit + "numbers: {sms_segment: 0.08}\n"
    assert not any("money_per_day" in fault.where for fault in found(tmp_path, priced))
    (wrong,) = [f for f in found(tmp_path, priced.replace("20 EUR", "20 USD")) if "money_per_day" in f.where]
    assert not wrong.warning
    assert "Write the limit in EUR." in wrong.mend


def test_a_voice_step_without_a_number_or_a_voice_is_told(tmp_path: Path) -> None:
    """Without voice_from the step is skipped, and a language that nobody speaks on the phone is named."""
    step = "confirmation: {ladder: [{channel: voice, wait: 1h}, {channel: staff, wait: 24h}]}\n"
    voiceless = [fault for fault in found(tmp_path, QUIET + step) if "ladder" in fault.where]
    assert [fault.level for fault in voiceless] == ["warning"]
    assert "voice_from" in voiceless[0].mend
