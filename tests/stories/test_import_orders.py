"""Orders from a sheet, through the command line, beside a serving house and without one."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.clock import RunningClock
from run import main
from tests.town import ACCOUNT, ANA_PHONE, ENV, SMS_FROM, WA_FROM, Town, town
from tests.town_settings import SETTINGS

SHEETS = {
    "en": "Order Number,Name,Phone,Address,City,Postcode,Total,Product,Qty,Language\n"
    "A-1,Ana Ruiz,600 000 001,Calle Mayor 1,Madrid,28013,49.90,Lamp,2,en\n",
    "es": "Número de pedido;Nombre;Teléfono;Dirección;Ciudad;Código postal;Total;Producto;Cantidad;Idioma\n"
    "A-1;Ana Ruiz;600 000 001;Calle Mayor 1;Madrid;28013;49,90;Lámpara;2;es\n",
}


def config_of(tmp_path: Path) -> Path:
    """The town's own settings as a file: same storage, same senders; the providers' addresses are of no use to a command."""
    nowhere = "http://127.0.0.1:9"
    here = {
        "port": 9, "path": tmp_path / "town.db", "account": ACCOUNT, "twilio": nowhere, "sms_from": SMS_FROM, "wa_from": WA_FROM,
        "smtp": "smtp://127.0.0.1:9", "telegram": "null", "countries": "{ES: {two_way_sms: true}}",
    }  # fmt: skip
    text = SETTINGS.format_map(defaultdict(str, here))
    path = tmp_path / "shop.yaml"
    path.write_text(text, "utf-8")
    return path


def brought(tmp_path: Path, sheet: Path, *more: str) -> Result:
    config = str(config_of(tmp_path))
    return CliRunner().invoke(main, ["--config", config, "import-orders", str(sheet), "--yes", *more], env=ENV)


async def beside(t: Town, tmp_path: Path, sheet: Path) -> Result:
    """The command in a thread of its own, while the house serves; then the house looks what others have written."""
    result = await asyncio.to_thread(brought, tmp_path, sheet)
    await t.house.outbox.glance()
    await t.settle()
    return result


@pytest.mark.parametrize(("lang", "asks"), [("en", "order A-1, 49.90 EUR"), ("es", "pedido A-1, 49,90 EUR")])
async def test_a_sheet_is_asked_about_while_the_service_runs(tmp_path: Path, lang: str, asks: str) -> None:
    """The customer is asked like any other, the answer counts, and the same file again asks nobody."""
    sheet = tmp_path / "today.csv"
    sheet.write_text(SHEETS[lang], "utf-8")
    async with town(tmp_path, start=RunningClock().now() + timedelta(minutes=2)) as t:
        result = await beside(t, tmp_path, sheet)
        assert result.exit_code == 0, result.output
        assert asks in t.last("sms"), t.read_aloud()
        await t.sms("1")
        order = await t.get("A-1")
        assert (order.state, order.source, order.fields.items[0].quantity) == ("confirmed", "csv", 2)
        again = await beside(t, tmp_path, sheet)
        assert "known already" in again.output, again.output
        assert sum(asks in text for text in t.got("sms")) == 1


async def test_what_is_imported_before_the_start_is_asked_at_the_start(tmp_path: Path) -> None:
    """Nothing is lost where no service runs: it finds the orders when it starts."""
    sheet = tmp_path / "today.csv"
    sheet.write_text(SHEETS["en"], "utf-8")
    result = await asyncio.to_thread(brought, tmp_path, sheet)
    assert result.exit_code == 0, result.output
    async with town(tmp_path, start=RunningClock().now() + timedelta(minutes=2)) as t:
        await t.settle()
        assert "order A-1" in t.last("sms", ANA_PHONE)


async def test_rows_of_one_order_are_its_items_and_bad_rows_come_back_with_the_reason(tmp_path: Path) -> None:
    """Further rows with the same number are items; what is no order stands in the rejects with line and reason, and is mended there."""
    sheet = tmp_path / "today.csv"
    sheet.write_text(
        "order;phone;total;product;payment\n"
        "B-1;600 000 001;49,90;Lamp;cod\nB-1;600 000 001;49,90;Bulb;cod\n"
        ";600 000 001;10,00;Lamp;cod\nB-2;600 000 001;ten;Lamp;cod\nB-3;;10,00;Lamp;cod\nB-4;600 000 002;10,00;Lamp;card\n",
        "utf-8",
    )
    async with town(tmp_path, start=RunningClock().now() + timedelta(minutes=2)) as t:
        result = await beside(t, tmp_path, sheet)
        assert result.exit_code == 0, result.output
        assert [item.title for item in (await t.get("B-1")).fields.items] == ["Lamp", "Bulb"]
        assert await t.state("B-4") == "ignored"
        rejects = (tmp_path / "today.rejects.csv").read_text("utf-8-sig").splitlines()
        assert len(rejects) == 4, rejects
        assert "no order number" in rejects[1]
        assert "ten" in rejects[2]
        assert "nobody to ask" in rejects[3]
        sheet.write_text(sheet.read_text("utf-8").replace("49,90", "59,90"), "utf-8")
        result = await beside(t, tmp_path, sheet)
        assert "another order has this number" in (tmp_path / "today.rejects.csv").read_text("utf-8-sig")
        assert (await t.get("B-1")).fields.total.minor == 4990


def test_a_file_that_says_too_little_is_refused_in_one_line(tmp_path: Path) -> None:
    """Plain words with the mend; nothing is written."""
    sheet = tmp_path / "today.csv"
    sheet.write_text("name,product\nAna,Lamp\n", "utf-8")
    result = brought(tmp_path, sheet)
    assert result.exit_code == 1
    assert "the file does not say the order's number, nor the total, nor how to reach the customer" in result.output
    assert "--map" in result.output
    sheet.write_text("nr x,fono x,importe x\nC-1,600000001,5\n", "utf-8")
    result = brought(tmp_path, sheet, "--map", "id=nr x", "--map", "phone=fono x", "--map", "total=importe x")
    assert result.exit_code == 0, result.output
    assert "new orders" in result.output
