"""A thousand marked names, phones, mailboxes, streets, words and tokens go in by every door; nothing that is written shows one."""

from __future__ import annotations

import hmac
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
from sandbox.imap import PretendImap
from sandbox.meta import MetaRules
from sandbox.samples import SAMPLES
from sandbox.shop_bodies import shopify_order, woocommerce_order
from sandbox.world import World
from storage.sqlite_backup import back_up
from tests.faults.suites.providers import behind_gateway
from tests.town import ANA, API_TOKEN, BOT_TOKEN, ENV, SMS_FROM, START, TOKEN, Town, town
from tests.town_meta import META_ENV
from tests.town_settings import SHOPIFY_SECRET, WOO_SECRET

pytestmark = [pytest.mark.timeout(600), pytest.mark.long]

OPEN = "risk: {enabled: false}\nlimits: {first_sms_per_number_day: null, first_sms_per_prefix_hour: null, first_sms_per_hour: null}"
PEOPLE = 100
#: People of the other doors: the mailbox, the gateway, Meta.
OTHERS = 36
MAIL_FIRST = (
    "confirmation: {ladder: [{channel: email, wait: 1h}, {channel: sms, wait: 4h}, {channel: staff, wait: 24h}]}\n"
)
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


async def _written(t: Town, tmp_path: Path, answers: list[str]) -> dict[str, bytes]:
    """All that the service has written by now: its files, a new backup, and what it says of itself."""
    await t.house.look_around()
    back_up(str(tmp_path / "town.db"), (bytes(range(32)),), str(tmp_path / "copy.db"), t.clock.now())
    for path in ("/metrics", "/healthz", "/readyz?verbose", "/docs"):
        async with t.http.get(t.url + path) as answer:
            answers.append(await answer.text())
    files = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert {"town.db", "town.db-wal", "copy.db"} <= set(files)
    return files | {"answers": "\n".join(answers).encode()}


def _none_of(plant: Planted, written: dict[str, bytes], log: io.StringIO, capfd: pytest.CaptureFixture[str]) -> None:
    """Not one canary, no secret and no number in anything of that, nor in the log or on standard error."""
    assert len(set(plant.marks)) == len(plant.marks)
    logged, (out, err) = log.getvalue(), capfd.readouterr()
    assert "event.handled" in logged
    written |= {"log": logged.encode(), "stderr": (out + err).encode()}
    assert {name: found for name, raw in written.items() if (found := plant.found_in(raw))} == {}
    for secret in SECRETS:
        assert [name for name, raw in written.items() if secret.encode() in raw] == []
    # a number as it would stand in a line; the ids of messages are 32 hexadecimal places, among which eleven digits turn up
    assert not re.search(r"(?<![0-9A-Za-z])\+?34[67]\d{8}(?![0-9A-Za-z])", logged)


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
        written = await _written(t, tmp_path, answers)
    assert len(plant.marks) >= 1000
    _none_of(plant, written, log, capfd)


async def _posted(t: Town, path: str, body: bytes, **headers: str) -> str:
    async with t.http.post(t.url + path, data=body, headers={"Content-Type": "application/json"} | headers) as answer:
        return f"{answer.status} {await answer.text()}"


async def test_the_mailbox_and_the_gateway_leave_no_trace(
    tmp_path: Path, log: io.StringIO, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers by mail and through a local gateway, bounces, strangers' mails, torn mails, forged and torn hooks."""
    plant, answers = Planted(), list[str]()
    monkeypatch.setitem(ENV, "IMAP", "town-imap")
    async with PretendImap(World(START), "orders", "town-imap") as box:
        imap = (
            f'imap: {{url: "imap://orders:${{IMAP}}@127.0.0.1:{box.port}", reply_to: "reply+{{token}}@example.com"}}\n'
        )
        async with behind_gateway(tmp_path, f"{imap}{MAIL_FIRST}{OPEN}", telegram=True) as (t, gateway):
            for n in range(OTHERS):
                phone, mail = plant.phone(n), f"{plant('mail', n)}@example.com".lower()
                await t.order(phone=phone, email=mail, name=f"Ana {plant('name', n)}", note=plant("note", n))
                await t.skip(seconds=3)  # the mail server's pace
                ours = t.mails(mail)[0]
                if n % 3:
                    box.answers(
                        ours, f"question {plant('words', n)}", from_=f"{plant('from', n)}@example.net", html=n % 2 == 0
                    )
                else:
                    box.bounces(ours, "4.4.7" if n % 2 else "5.1.1")
                await gateway.reply(phone, f"where is {plant('sms', n)}", "+34600000099")
                await t.settle()
            for n in range(OTHERS // 2):
                box.deliver(f"From: {plant('stranger', n)}@example.org\r\nTo: {plant('nobody', n)}@example.com\r\n"
                            f"Subject: {plant('subject', n)}\r\n\r\n{plant('letter', n)}\r\n".encode())  # fmt: skip
                box.deliver(b"\xff\xfe " + plant("tornmail", n).encode())
                body = json.dumps({"id": plant("id", n), "from": plant("sender", n), "text": plant("torn", n)}).encode()
                good = {"X-Gateway-Secret": "gateway-secret"}
                answers.append(await _posted(t, "/hooks/sms/local", body))
                answers.append(await _posted(t, "/hooks/sms/local", body[:-9], **good))
                answers.append(await _posted(t, "/hooks/sms/local", json.dumps([plant("odd", n)]).encode(), **good))
            for mailbox in t.house.mailboxes:
                assert await mailbox.look() >= OTHERS
            await t.skip(minutes=2)
            assert t.cards(), "their words lie before a person"
            written = await _written(t, tmp_path, answers)
            assert gateway.taken, "the acknowledgements went through the gateway"
    assert len(plant.marks) >= 300
    assert all(b"town-imap" not in raw and b"gateway-secret" not in raw for raw in written.values())
    _none_of(plant, written, log, capfd)


async def test_meta_leaves_no_trace(tmp_path: Path, log: io.StringIO, capfd: pytest.CaptureFixture[str]) -> None:
    """Words, profile names and captions through the Cloud API; forged, torn and odd batches; the handshake with a wrong token."""
    plant, answers = Planted(), list[str]()
    async with town(tmp_path, more=OPEN, meta=MetaRules(), telegram=True) as t:
        for n in range(OTHERS):
            phone = plant.phone(n)
            await t.order(phone=phone, email=None, name=f"Ana {plant('name', n)}", note=plant("note", n))
            await t.meta.reply(phone, f"my street is {plant('words', n)}", profile=plant("profile", n))
            await t.meta.attach(phone, "image", caption=plant("caption", n))
            await t.meta.reply(f"+3467188{n:04d}", plant("stranger", n), profile=plant("who", n))
            await t.settle()
            batch: Any = {"object": "whatsapp_business_account", "entry": plant("entry", n)}
            if n % 2:
                value = {
                    "messages": [
                        {"id": plant("wamid", n), "from": plant("sender", n), "type": "text", "text": [plant("odd", n)]}
                    ]
                }
                batch["entry"] = [{"changes": [{"field": "messages", "value": value}]}]
            body = json.dumps(batch).encode()
            signed = hmac.digest(META_ENV["META_APP"].encode(), body, "sha256").hex()
            answers.append(await _posted(t, "/hooks/meta", body, **{"X-Hub-Signature-256": f"sha256={signed}"}))
            answers.append(await _posted(t, "/hooks/meta", body, **{"X-Hub-Signature-256": f"sha256={signed[::-1]}"}))
            asked = {
                "hub.mode": "subscribe",
                "hub.verify_token": plant("verify", n),
                "hub.challenge": plant("challenge", n),
            }
            async with t.http.get(f"{t.url}/hooks/meta", params=asked) as answer:
                answers.append(await answer.text())
        await t.skip(minutes=2)
        written = await _written(t, tmp_path, answers)
    assert len(plant.marks) >= 350
    for secret in META_ENV.values():
        assert [name for name, raw in written.items() if secret.encode() in raw] == []
    _none_of(plant, written, log, capfd)


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
