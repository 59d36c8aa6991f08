"""Customers answer by e-mail: read only through the token in the address, never trusted by From; bounces count."""

from __future__ import annotations

import contextlib
import imaplib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters import mail_in
from sandbox.imap import PretendImap
from sandbox.world import Received, World
from tests.town import ENV, OTHER_TOKEN, START, Town, town

IMAP = 'imap: {{url: "imap://orders:${{IMAP}}@127.0.0.1:{port}", reply_to: "reply+{{token}}@example.com"}}'
LADDER = "confirmation: {ladder: [{channel: email, wait: 12h}, {channel: sms, wait: 4h}, {channel: staff, wait: 24h}]}"
MAIL = "ana@example.com"


@contextlib.asynccontextmanager
async def posted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, telegram: bool = False
) -> AsyncIterator[tuple[Town, PretendImap]]:
    """A town whose ladder begins by e-mail, and the mailbox to which the answers go."""
    monkeypatch.setitem(ENV, "IMAP", "town-imap")
    async with PretendImap(World(START), "orders", "town-imap") as box:
        settings = f"{IMAP.replace('{{', '{').replace('}}', '}').replace('{port}', str(box.port))}\n{LADDER}"
        async with town(tmp_path, more=settings, telegram=telegram) as t:
            yield t, box


async def look(t: Town) -> int:
    (mailbox,) = t.house.mailboxes
    found = await mailbox.look()
    await t.skip(seconds=5)
    return int(found)


def asked(t: Town) -> Received:
    return t.mails()[0]


async def test_an_answer_by_mail_cancels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CANCEL above the quoted mail cancels this order, and the acknowledgement comes by mail."""
    async with posted(tmp_path, monkeypatch) as (t, box):
        order = await t.order()
        box.answers(asked(t), "Please cancel it")
        assert await look(t) == 1
        assert await t.state(order) == "cancelled"
        assert f"Order {order} is cancelled, as you asked" in t.mails()[-1].text
        assert box.unread() == 0
        assert await look(t) == 0


async def test_a_yes_by_mail_does_not_confirm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An order is never confirmed by e-mail; the answer says so, with the page."""
    async with posted(tmp_path, monkeypatch) as (t, box):
        order = await t.order()
        box.answers(asked(t), "yes")
        await look(t)
        assert await t.state(order) == "pending"
        assert "We do not take a yes by e-mail" in t.mails()[-1].text
        assert len(t.mails()) == 2


@pytest.mark.parametrize(
    ("words", "heard"),
    [
        ("my address is Calle Luna 4, 28004 Madrid", "Calle Luna 4, 28004, Madrid"),
        ("please bring it tomorrow after 4", "16:00-18:00"),
        ("where is my order?", "is not confirmed yet"),
    ],
)
async def test_changes_by_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, heard: str) -> None:
    """Address and time are noted and echoed by mail as on any channel, and a NO by mail takes them back."""
    async with posted(tmp_path, monkeypatch) as (t, box):
        order = await t.order()
        before = (await t.get(order)).fields
        box.answers(asked(t), words)
        await look(t)
        assert any(heard in mail.text for mail in t.mails()[1:])
        box.answers(t.mails()[1], "no")
        await look(t)
        if heard != "is not confirmed yet":
            assert (await t.get(order)).fields == before


async def test_a_new_number_by_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new number is asked by text; the old one is told."""
    async with posted(tmp_path, monkeypatch) as (t, box):
        await t.order()
        box.answers(asked(t), "my number changed +34600000009")
        await look(t)
        assert any("This number was given for order" in x for x in t.got("sms", "+34600000009"))
        assert any("is now" in x for x in t.got("sms"))


@pytest.mark.parametrize(
    "to", ["reply+aaaaaaaaaaaaaaaaaaaaaaaaaa@example.com", "orders@example.com", "reply+@example.com"]
)
async def test_from_alone_is_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: str) -> None:
    """The right From with no token, or a wrong one: the mail is nobody's, and nothing follows."""
    async with posted(tmp_path, monkeypatch, telegram=True) as (t, box):
        order = await t.order()
        box.answers(asked(t), "cancel it", to=to)
        assert await look(t) == 1
        assert await t.state(order) == "pending"
        assert len(t.mails()) == 1
        assert t.group_texts() == []


async def test_answers_go_to_the_orders_own_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A forwarded mail answered from elsewhere: what becomes of it is told to the customer's own address, never to From."""
    async with posted(tmp_path, monkeypatch) as (t, box):
        order = await t.order()
        box.answers(asked(t), "cancel it", from_="mallory@example.net")
        await look(t)
        assert await t.state(order) == "cancelled"
        assert t.world.texts("mallory@example.net", "email") == []
        assert "is cancelled" in t.mails()[-1].text


async def test_machines_are_not_customers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A holiday notice that says yes decides nothing, gets no answer and makes no card."""
    async with posted(tmp_path, monkeypatch, telegram=True) as (t, box):
        order = await t.order()
        box.on_holiday(asked(t))
        assert await look(t) == 1
        assert (await t.state(order), len(t.mails()), t.group_texts()) == ("pending", 1, [])


@pytest.mark.parametrize(("status", "dead"), [("5.1.1", True), ("5.2.2", False), ("4.4.7", False), ("5.7.1", False)])
async def test_a_bounce_moves_on_within_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: str, dead: bool
) -> None:
    """A report of non-delivery is a hard failure: the next channel is asked at once; what is full, late or filtered
    does not mark the address."""
    async with posted(tmp_path, monkeypatch) as (t, box):
        order = await t.order()
        assert t.got("sms") == []
        box.bounces(asked(t), status)
        await look(t)
        assert len(t.got("sms")) == 1
        contact = (await t.conversation(order)).contact("email", MAIL)
        assert contact is not None
        assert bool(contact.dead) is dead


async def test_a_delay_is_no_bounce(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ "A report of "not yet delivered" changes nothing."""
    async with posted(tmp_path, monkeypatch) as (t, box):
        await t.order()
        box.bounces(asked(t), "4.4.1", "delayed")
        await look(t)
        assert t.got("sms") == []


async def test_the_same_mail_twice_is_one_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash before the mark leaves the mail unread: read again, it is known."""
    async with posted(tmp_path, monkeypatch) as (t, box):
        order = await t.order()
        mail = box.answers(asked(t), "cancel it")
        for _ in range(3):
            mail.seen = False
            await look(t)
        assert (await t.story(order)).count("decided") == 1
        assert len(t.mails()) == 2


async def test_the_mailbox_may_be_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that breaks is opened anew at the next look."""
    async with posted(tmp_path, monkeypatch) as (t, box):
        await t.order()
        await look(t)
        box.cut()
        box.answers(asked(t), "cancel it")
        with pytest.raises((imaplib.IMAP4.error, OSError)):
            await look(t)
        assert await look(t) == 1
        assert box.logins == 2


async def test_the_mails_page_has_the_way_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancelled by themselves, the mail's link still offers the order again: a person reads that, as no mail confirms."""
    async with posted(tmp_path, monkeypatch, telegram=True) as (t, _):
        order = await t.order()
        await t.skip(seconds=5)
        path = t.link_in_mail()
        await t.page(path, "cancel")
        await t.page(path, "cancel_surely")
        assert await t.state(order) == "cancelled"
        status, html = await t.page(path)
        assert (status, "I want it after all" in html) == (200, True)
        status, html = await t.page(path, "again")
        assert (status, "A person at Demo Shop will read this" in html) == (200, True)
        await t.skip(seconds=5)
        assert await t.state(order) == "cancelled"
        assert f"The customer wants the cancelled order {order} after all." in t.group_texts()


async def test_who_has_no_phone_is_not_sent_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mail names the number whose answer counts; where there is none, it speaks of no text and no WhatsApp."""
    async with posted(tmp_path, monkeypatch) as (t, _):
        await t.order()
        await t.order(phone=None)
        await t.skip(seconds=5)
        first, second = sorted(t.mails(), key=lambda mail: "WhatsApp" in mail.text, reverse=True)
        assert "please answer our text or WhatsApp message (+34•••••" in first.text
        assert "WhatsApp" not in second.text
        assert "We do not take a yes by e-mail. Another phone number" in second.text


async def test_a_signatures_number_is_no_new_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cancel above a signature with a telephone number cancels, and changes no number."""
    async with posted(tmp_path, monkeypatch) as (t, box):
        order = await t.order()
        box.answers(
            asked(t), "Please cancel it\n\nBest regards,\nAna Ruiz\nTel. +34 600 000 009\n\nSent from my iPhone"
        )
        await look(t)
        assert await t.state(order) == "cancelled"
        assert t.got("sms", "+34600000009") == []


async def test_a_mail_that_cannot_be_used_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The step for one mail fails: that mail is kept for a repair, the one behind it is read, and the repair carries it out."""
    async with posted(tmp_path, monkeypatch) as (t, box):
        first, second = await t.order(), await t.order(phone="600 000 002", email="ben@example.com")
        await t.skip(seconds=5)
        box.answers(asked(t), "cancel it")
        box.answers(t.mails("ben@example.com")[0], "cancel it")
        events, once = mail_in.events, iter([True])

        def broken(*args: Any) -> Any:
            if next(once, False):
                raise RuntimeError("nobody foresaw this")
            return events(*args)

        monkeypatch.setattr(mail_in, "events", broken)
        assert await look(t) == 2
        assert (await t.state(first), await t.state(second), box.unread()) == ("pending", "cancelled", 0)
        assert len(await t.house.store.kept(limit=9)) == 1
        assert "nobody foresaw this" not in caplog.text
        await t.close_house()
        await t.open_house()
        assert (await t.state(first), await t.house.store.kept(limit=9)) == ("cancelled", [])


async def test_a_report_in_words_is_a_bounce_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exim tells in a letter, with the recipient in a header: the address is dead, and the next channel is asked at once."""
    async with posted(tmp_path, monkeypatch) as (t, box):
        order = await t.order()
        head = [
            "From: Mail Delivery System <Mailer-Daemon@relay.example>",
            f"To: {asked(t).extra['envelope_from']}",
            "Subject: Mail delivery failed: returning message to sender",
            f"X-Failed-Recipients: {MAIL}",
            "Auto-Submitted: auto-replied",
            "Message-ID: <e1@relay.example>",
            "",
            "A message that you sent could not be delivered to one or more of its recipients.",
            f"  {MAIL}",
            "    host mx.example.com: 550 5.1.1 no such user",
            "------ This is a copy of the message, including all the headers. ------",
            f"Message-ID: {asked(t).provider_id}",
        ]
        box.deliver("\r\n".join(head).encode())
        await look(t)
        contact = (await t.conversation(order)).contact("email", MAIL)
        assert contact is not None
        assert contact.dead
        assert len(t.got("sms")) == 1


async def test_two_shops_may_share_a_mailbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has a reply address of its own, and both lead into one mailbox: every answer finds its order."""
    monkeypatch.setitem(ENV, "IMAP", "town-imap")
    async with PretendImap(World(START), "orders", "town-imap") as box:
        ours = IMAP.replace("{{", "{").replace("}}", "}").replace("{port}", str(box.port))
        other = "share: true\n  - {id: other, name: Other Shop, language: en, country: ES, currency: EUR, timezone: Europe/Madrid,"
        other += f' share: true, api_token: "${{OTHER}}", {ours.replace("reply+", "other+")}}}\n'
        async with town(tmp_path, more=f"{ours}\n{LADDER}", in_shop=other, telegram=False) as t:
            first = await t.order()
            body = t.an_order(phone="600 000 002", email="ben@example.com")
            assert (await t.api("POST", "/orders", body, token=OTHER_TOKEN))[0] == 202
            await t.skip(seconds=5)
            theirs = t.mails("ben@example.com")[0]
            assert [str(mail.extra["envelope_from"])[:6] for mail in (asked(t), theirs)] == ["reply+", "other+"]
            box.answers(theirs, "cancel it")
            box.answers(asked(t), "cancel it")
            assert await look(t) == 2
            assert await t.state(first) == "cancelled"
            _, shown = await t.api("GET", f"/orders/{body['id']}", token=OTHER_TOKEN)
            assert shown["state"] == "cancelled"
