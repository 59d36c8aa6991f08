"""A thousand marked names, phones, mailboxes, streets, words and tokens go in by every door; nothing that is written shows one."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.journal_log import JsonLines
from engine.people_data import Named, erased
from sandbox.samples import SAMPLES
from sandbox.shop_bodies import shopify_order, woocommerce_order
from storage.sqlite_backup import back_up
from tests.town import ANA, API_TOKEN, BOT_TOKEN, SMS_FROM, TOKEN, Town, town
from tests.town_settings import SHOPIFY_SECRET, WOO_SECRET

OPEN = "risk: {enabled: false}\nlimits: {first_sms_per_number_day: null, first_sms_per_prefix_hour: null, first_sms_per_hour: null}"
PEOPLE = 100
SECRETS = (API_TOKEN, BOT_TOKEN, TOKEN, SHOPIFY_SECRET, WOO_SECRET)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that the service logs, down to INFO and of every library, as it is written to standard error."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


class Planted:
    """The canaries, each told to exactly one door."""

    def __init__(self) -> None:
        self.marks: list[str] = []

    def __call__(self, kind: str, n: int) -> str:
        made = f"Zq{kind}{n:03d}xv"
        self.marks.append(made)
        return made

    def phone(self, n: int) -> str:
        self.marks.append(f"6717{n:05d}")
        return f"+346717{n:05d}"

    def found_in(self, raw: bytes) -> list[str]:
        """Canaries in these bytes, in whatever case, as UTF-8 or UTF-16."""
        seen = raw.lower()
        both = seen + b"\0" + raw.decode("utf-16-le", "ignore").encode("utf-8", "ignore").lower()
        return [mark for mark in self.marks if mark.lower().encode() in both]


async def _lives(t: Town, plant: Planted, n: int) -> None:
    """One person: an order by one of three doors, words by SMS and WhatsApp, the page, staff's words."""
    phone, name = plant.phone(n), plant("name", n)
    mail, street, note = f"{plant('mail', n)}@example.com", plant("street", n), plant("note", n)
    kind = n % 3
    if kind == 0:
        body = t.an_order(
            id=f"A{n}", phone=phone, name=name, email=mail, note=note,
            address={"line1": street, "city": "Madrid", "postcode": "28013", "country": "ES"},
            items=[{"sku": "S", "title": plant("item", n), "quantity": 1, "price": "9.90"}],
        )  # fmt: skip
        assert (await t.api("POST", "/orders", body))[0] == 202
        await t.settle()
    else:
        make: Any = shopify_order if kind == 1 else woocommerce_order
        raw = make(SAMPLES["good-spain"].basket, 7000 + n, t.clock.now())
        text = json.dumps(raw).replace("Calle de la Luna 14, 3º B", street).replace("Ruiz", name)
        text = text.replace("Calle de la Luna 14, 3\\u00ba B", street).replace("ana.ruiz@example.com", mail)
        text = re.sub(r'"phone": ("[^"]*"|null)', f'"phone": "{phone}"', text).replace(
            '"note": null', f'"note": "{note}"'
        )
        assert await (t.shopify if kind == 1 else t.woo)(json.loads(text)) == 200
    await t.sms(f"I have a question {plant('sms', n)}", phone)
    await t.whatsapp(f"my new street is {plant('wa', n)}", phone, profile=plant("profile", n))
    for text in t.got("sms", phone):
        plant.marks += re.findall(r"/c/([\w-]{22})", text)


async def _strange(t: Town, plant: Planted, n: int) -> list[str]:
    """What has to be refused or kept: bad orders, forged hooks, torn bodies, tokens that were guessed. Gives the answers."""
    said = []
    bad = t.an_order(
        id=f"B{n}", phone=plant("badphone", n), name=plant("badname", n), total="x", currency=plant("cur", n)
    )
    said.append(str((await t.api("POST", "/orders", bad))[1]))
    said.append(str((await t.api("POST", "/orders", [plant("list", n)]))[1]))
    async with t.http.post(f"{t.url}/hooks/twilio/message", data={"Body": plant("forged", n)}) as answer:
        said.append(await answer.text())
    async with t.http.get(f"{t.url}/c/{plant('token', n)}") as answer:
        said.append(await answer.text())
    async with t.http.get(
        f"{t.url}/orders/{plant('order', n)}", headers={"Authorization": f"Bearer {API_TOKEN}"}
    ) as answer:
        said.append(await answer.text())
    async with t.http.post(
        f"{t.url}/orders", data=b"{torn", headers={"Authorization": f"Bearer {plant('bearer', n)}"}
    ) as answer:
        said.append(await answer.text())
    await t.shopify({"name": "#1", "order_number": 1, "line_items": plant("torn", n), "total_price": plant("price", n)})
    await t.twilio.reply(f"+3467189{n:04d}", plant("stranger", n), SMS_FROM, "sms")
    await t.settle()
    return said


@pytest.mark.long
async def test_a_thousand_canaries_leave_no_trace(
    tmp_path: Path, log: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    """Log, standard error, database, its log and index, backup, metrics, health and error bodies: not one of them, and no secret."""
    plant = Planted()
    async with town(tmp_path, more=OPEN, telegram=True) as t:
        for n in range(PEOPLE):
            await _lives(t, plant, n)
        answers = [text for n in range(15) for text in await _strange(t, plant, n)]
        await t.skip(minutes=1)  # cards for staff
        for card in t.cards()[:20]:
            await t.tg.says(ANA, t.group, plant("staff", card.message_id), card.message_id)
        await t.settle()
        await t.house.look_around()
        back_up(str(tmp_path / "town.db"), (bytes(range(32)),), str(tmp_path / "copy.db"), t.clock.now())
        for path in ("/metrics", "/healthz", "/readyz?verbose", "/docs"):
            async with t.http.get(t.url + path) as answer:
                answers.append(await answer.text())
        files = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert len(set(plant.marks)) == len(plant.marks)
    assert {"town.db", "town.db-wal", "copy.db"} <= set(files)
    hits = {name: plant.found_in(raw) for name, raw in files.items()}
    logged, (out, err) = log.getvalue(), capfd.readouterr()
    assert "event.handled" in logged
    hits |= {"log": plant.found_in(logged.encode()), "stderr": plant.found_in((out + err).encode())}
    hits["answers"] = plant.found_in("\n".join(answers).encode())
    assert {name: found for name, found in hits.items() if found} == {}
    for secret in SECRETS:
        assert secret not in logged
        assert all(secret.encode() not in raw for raw in files.values())
    assert len(plant.marks) >= 1000
    # a number as it would stand in a line; the ids of messages are 32 hexadecimal places, among which eleven digits turn up
    assert not re.search(r"(?<![0-9A-Za-z])\+?34[67]\d{8}(?![0-9A-Za-z])", logged)


async def test_the_grep_bites(tmp_path: Path) -> None:
    """The same search finds a canary that is in the clear: in a log line, in a file, in upper case, in UTF-16."""
    plant = Planted()
    mark = plant("name", 1)
    phone = plant.phone(1)
    assert plant.found_in(json.dumps({"name": mark}).encode()) == [mark]
    assert plant.found_in(mark.upper().encode()) == [mark]
    assert plant.found_in(mark.encode("utf-16-le")) == [mark]
    assert plant.found_in(f"to {phone}".encode()) == [phone.removeprefix("+34")]
    async with town(tmp_path) as t:
        await t.order(id=mark)  # an order's number is plain by design: it is the shop's own
        assert plant.found_in((tmp_path / "town.db").read_bytes() + (tmp_path / "town.db-wal").read_bytes()) == [mark]


async def test_erasing_leaves_no_plaintext(tmp_path: Path) -> None:
    """Exported before, erased, and neither the file nor its log nor a new backup holds a word of theirs, sealed or not."""
    plant = Planted()
    async with town(tmp_path, more=OPEN) as t:
        phone = plant.phone(0)
        order = await t.order(phone=phone, name=plant("name", 0), email=f"{plant('mail', 0)}@example.com")
        await t.sms("1", phone)
        await t.report(order, "shipped")
        await t.report(order, "delivered")
        await erased(t.house.store, t.house.policies, Named(phone=phone), t.clock.now())  # type: ignore[arg-type]
        back_up(str(tmp_path / "town.db"), (bytes(range(32)),), str(tmp_path / "copy.db"), t.clock.now())
        documents = [await t.house.store.load(pointer) for pointer in _known(t, order)]
    assert documents
    assert plant.found_in(repr(documents).encode()) == []
    assert {f.name: found for f in tmp_path.iterdir() if (found := plant.found_in(f.read_bytes()))} == {}


def _known(t: Town, order: str) -> list[Any]:
    from flows import pointers

    return [pointers.order("demo", order)]
