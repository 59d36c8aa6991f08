"""A courier without an API: its file is told to the running service, and customers are asked in the same minute."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from adapters.own_api import OwnApi
from commands.courier import import_events as command
from engine.courier_file import NoCourierFile, Told, read, survey
from engine.courier_import import NotHeard, Tally, import_events
from tests.ports import free_port
from tests.stories.couriers import delivery, shipped
from tests.town import ANA_PHONE, API_TOKEN, Town, town

HEAD = "Pedido;Estado;Motivo;Fecha;Seguimiento\n"


def told(t: Town, **more: object) -> Told:
    return Told(zone="Europe/Madrid", now=t.clock.now(), language="es", **more)  # type: ignore[arg-type]


async def bring(t: Town, path: Path, *, agreed: bool = True, **more: object) -> tuple[Tally | None, str]:
    """Import the file as the command does; what it became, and what was shown."""
    shown = Console(file=StringIO(), width=160)
    async with OwnApi(t.url, API_TOKEN) as service:
        tally = await import_events(path, told(t, **more), service, shown, lambda: agreed)
    await t.settle()
    return tally, shown.file.getvalue()  # type: ignore[attr-defined]


def a_file(tmp_path: Path, *rows: str, head: str = HEAD) -> Path:
    path = tmp_path / "courier.csv"
    path.write_text(head + "".join(f"{row}\n" for row in rows), "utf-8")
    return path


async def test_a_file_starts_the_talk(tmp_path: Path) -> None:
    """A failed attempt in the file: the customer is asked within a minute; the same file again tells nothing twice."""
    async with town(tmp_path, more=delivery()) as t:
        order = await shipped(t)
        path = a_file(
            tmp_path, f"#{order};No entregado;Ausente;23/11/2026 10:59;ZZ1", f"{order};en reparto;;23/11/2026 09:00;ZZ1"
        )
        tally, _ = await bring(t, path)
        assert tally == Tally(told=2)
        asked = t.world.texts(ANA_PHONE)[-1]
        assert "could not hand over" in asked.text
        assert t.clock.now() - asked.at <= timedelta(minutes=1)
        assert (await t.get(order)).attempts_failed == 1
        assert (await t.get(order)).tracking == "ZZ1"
        got = len(t.got())
        tally, shown = await bring(t, path)
        assert tally == Tally(before=2)
        assert "known already" in shown
        assert len(t.got()) == got


async def test_broken_off_and_made_again(tmp_path: Path) -> None:
    """The first half was told before the import was stopped: the whole file again tells only the rest."""
    async with town(tmp_path, more=delivery("news: []")) as t:
        orders = []
        for n in range(6):
            orders.append(await t.order(phone=f"+3460000020{n}"))
            await t.report(orders[-1], "shipped")
        rows = [f"{order};delivered;;2026-11-23 10:0{n};" for n, order in enumerate(orders)]
        await bring(t, a_file(tmp_path, *rows[:3]))
        tally, _ = await bring(t, a_file(tmp_path, *rows))
        assert tally == Tally(told=3, before=3)
        assert [await t.state(order) for order in orders] == ["delivered"] * 6


async def test_what_cannot_be_told_is_written_down(tmp_path: Path) -> None:
    """Rows that say nothing we know, and orders that nobody knows, are in FILE.rejects.csv, each with its reason."""
    async with town(tmp_path, more=delivery()) as t:
        order = await shipped(t)
        path = a_file(
            tmp_path,
            "9999;delivered;;2026-11-23;",
            f"{order};flew away;;2026-11-23;",
            f"{order};delivered;;;",
            ";delivered;;2026-11-23;",
            f"{order};delivered;;31/31/2026;",
            f"{order};entregado;;2026-11-23 11:00;",
        )
        tally, shown = await bring(t, path)
        assert tally == Tally(told=1, rejected=5)
        assert "not known: refused" in shown
        rows = list(csv.DictReader((tmp_path / "courier.rejects.csv").read_text("utf-8-sig").splitlines()))
        why = {int(row["line"]): row["why"] for row in rows}
        assert "no event that is known" in why[3]
        assert "no time is told" in why[4]
        assert "no order is named" in why[5]
        assert "is no date" in why[6]
        assert why[2] == "no order 9999 is known"
        assert await t.state(order) == "delivered"


async def test_the_couriers_own_words(tmp_path: Path) -> None:
    """Words and columns that nobody could guess are told by whoever imports; a no to the preview tells nothing."""
    async with town(tmp_path, more=delivery()) as t:
        order = await shipped(t)
        path = a_file(tmp_path, f"{order},NE-1,2026-11-23 11:00", head="Box,Code,When\n")
        with pytest.raises(NoCourierFile, match="no column tells the order"):
            survey(path, told(t))
        named = {
            "map": {"order": "Box", "event": "Code", "at": "When"},
            "events": {"ne-1": "attempt_failed:wrong_address"},
        }
        tally, shown = await bring(t, path, agreed=False, **named)
        assert tally is None
        assert "attempt_failed, wrong_address" in shown
        assert (await t.get(order)).attempts_failed == 0
        await bring(t, path, **named)
        assert "did not find the address" in t.last("sms")


async def test_a_day_is_the_same_fact_whenever_it_is_read(tmp_path: Path) -> None:
    """A row with a day alone is told for its noon, in the order of the file where the day is the same."""
    async with town(tmp_path, more=delivery()) as t:
        path = a_file(tmp_path, "7;en reparto;;23/11/2026;", "7;ausente;;23/11/2026;", "7;enviado;;22/11/2026;")
        lines = read(survey(path, told(t))).good
        assert [line.body["type"] for line in lines] == ["shipped", "out_for_delivery", "attempt_failed"]
        assert lines[0].body["at"] == "2026-11-22T11:00:00+00:00"
        assert lines[2].body["reason"] == "not_home"


async def test_nobody_there(tmp_path: Path) -> None:
    """Where the service does not run, one plain line says so, and nothing is half told."""
    async with town(tmp_path, more=delivery()) as t:
        order = await shipped(t)
        path = a_file(tmp_path, f"{order};delivered;;2026-11-23;")
        nowhere = f"http://127.0.0.1:{free_port()}"
        async with OwnApi(nowhere, API_TOKEN) as service:
            with pytest.raises(NotHeard, match="does not answer"):
                await import_events(path, told(t), service, Console(file=StringIO()), lambda: True)
        async with OwnApi(t.url, "wrong") as service:
            with pytest.raises(NotHeard, match="does not know the shop's api_token"):
                await import_events(path, told(t), service, Console(file=StringIO()), lambda: True)


def test_the_command_says_what_it_needs() -> None:
    """--help has an example; a file that is not there is one plain line."""
    shown = CliRunner().invoke(command, ["--help"])
    assert "Example: python run.py import-events" in shown.output
    assert CliRunner().invoke(command, ["nowhere.csv"]).exit_code == 2
