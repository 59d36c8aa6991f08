"""Mail: what a mailbox gets, that nobody can inject into it, and what becomes of the one connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mail import UnusableAddress, as_html, compose, message_id_of
from adapters.smtp import SmtpChannel, SmtpSettings, smtp_settings
from engine.ports import Message
from flows.effects import Accepted, Refused, TryAgain, Unknown
from sandbox.smtp import PretendSmtp
from sandbox.world import Fault, World
from tests.adapters.stand_in import NOW
from tests.servers import until

SENDER = "Demo Shop <orders@example.com>"


def say(**more: Any) -> Message:
    fields: dict[str, Any] = {
        "effect_id": "order:demo:1001:1/0",
        "conversation": "cv_1",
        "shop": "demo",
        "channel": "email",
        "to": "ana@example.net",
        "sender": "orders@example.com",
        "text": "Hello Ana,\n\nOrder 1001: https://orders.example.com/c/abc?x=1&y=2.\n.\n<b>10 €</b>",
        "lang": "en",
        "subject": "Your order 1001 – 10 €",
    }
    return Message(**{**fields, **more})


Made = tuple[World, PretendSmtp, SmtpChannel]


@pytest.fixture
async def bench() -> AsyncIterator[Made]:
    world = World(NOW)
    async with PretendSmtp(world) as server:
        channel = SmtpChannel(
            SmtpSettings(
                host="127.0.0.1", port=server.port, sender=SENDER, security="none", timeout_s=0.4, data_timeout_s=0.4
            ),
            lambda: NOW,
        )
        yield world, server, channel
        await channel.close()


async def test_a_mail_arrives_whole(bench: Made) -> None:
    """Text, HTML, subject, From, To, Date and the Message-ID of the effect arrive as they were meant."""
    world, _, channel = bench
    message = say()
    outcome = await channel.send(message)
    [got] = world.ledger
    assert outcome == Accepted(message_id_of(message.effect_id, "example.com")) == Accepted(got.provider_id)
    assert got.text.replace("\r\n", "\n").strip() == message.text
    assert got.extra["subject"] == message.subject
    headers = got.extra["headers"]
    assert (headers["From"], headers["To"]) == (SENDER, "ana@example.net")
    assert (headers["Auto-Submitted"], headers["Content-Language"]) == ("auto-generated", "en")
    assert "21 Nov 2026 10:00:00" in headers["Date"]
    assert '<a href="https://orders.example.com/c/abc?x=1&amp;y=2">' in got.extra["html"]
    assert "&lt;b&gt;10 €&lt;/b&gt;" in got.extra["html"]


async def test_one_connection_carries_one_mail_after_another(bench: Made) -> None:
    """Ten mails at once go over one connection, none lost, none mixed up, and a refused one spoils no other."""
    world, server, channel = bench
    world.phones["no3@example.net"] = {"no_mailbox"}
    mails = [say(effect_id=f"e/{n}", to=f"no{n}@example.net", text=f"text {n}") for n in range(10)]
    outcomes = await asyncio.gather(*(channel.send(mail) for mail in mails))
    assert [type(outcome) for outcome in outcomes] == [Refused if n == 3 else Accepted for n in range(10)]
    assert outcomes[3] == Refused("5.1.1", "550")
    assert {(got.to, got.text.strip()) for got in world.ledger} == {
        (f"no{n}@example.net", f"text {n}") for n in range(10) if n != 3
    }
    assert server.counts.connections == 1


@pytest.mark.parametrize("stage", ["connect", "mail", "rcpt"])
@pytest.mark.parametrize("kind", ["cut", "timeout"])
async def test_a_line_that_breaks_before_data_sent_nothing(bench: Made, stage: str, kind: str) -> None:
    """Until DATA was begun the mail may be tried again, and the next try is on a fresh connection."""
    world, _, channel = bench
    world.break_it("smtp", Fault(kind, match=f"stage:{stage}"))
    assert isinstance(await channel.send(say()), TryAgain)
    assert not world.ledger
    assert isinstance(await channel.send(say()), Accepted)


@pytest.mark.parametrize("kind", ["cut", "timeout", "accept_cut", "accept_timeout", "garbage"])
async def test_a_line_that_breaks_after_data_is_unknown(bench: Made, kind: str) -> None:
    """Once DATA was begun only the server's own word counts; without it nobody knows."""
    world, server, channel = bench
    world.break_it("smtp", Fault(kind))
    assert isinstance(await channel.send(say()), Unknown)
    assert server.counts.mails == len(world.ledger) == kind.startswith("accept_")
    assert isinstance(await channel.send(say(effect_id="e/2")), Accepted)


async def test_a_kept_connection_that_is_gone_is_replaced(bench: Made) -> None:
    """A server that closed the idle line costs nothing: the mail goes once, over a new one."""
    world, server, channel = bench
    await channel.send(say())
    world.break_it("smtp", Fault("cut", match="stage:mail"))
    assert isinstance(await channel.send(say(effect_id="e/2")), Accepted)
    assert (server.counts.mails, server.counts.connections) == (2, 2)


@pytest.mark.parametrize(
    ("stage", "status", "text", "expected"),
    [
        ("stage:rcpt", 451, "4.7.1 Greylisted", TryAgain(300.0, "4.7.1")),
        ("stage:rcpt", 550, "No such user", Refused("550", "550")),
        ("stage:mail", 553, "5.1.8 Bad sender", Refused("5.1.8", "553")),
        ("stage:data", 554, "5.7.1 Spam", Refused("5.7.1", "554")),
        ("", 552, "5.3.4 Too big", Refused("5.3.4", "552")),
        ("", 451, "4.3.0 Later", TryAgain(300.0, "4.3.0")),
    ],
)
async def test_the_servers_own_no(bench: Made, stage: str, status: int, text: str, expected: object) -> None:
    """4xx is later, 5xx is no, at whatever step it is said, by the enhanced code where there is one."""
    world, _, channel = bench
    world.break_it("smtp", Fault("status", match=stage, status=status, body=text))
    assert await channel.send(say()) == expected
    assert not world.ledger
    assert isinstance(await channel.send(say()), Accepted)


async def test_a_wrong_password_never_sends_unauthenticated() -> None:
    """A refused login is a fault of the set-up, said again at every mail."""
    world = World(NOW)
    async with PretendSmtp(world, username="demo", password="right") as server:
        settings = smtp_settings(server.url.replace("right", "wrong"), SENDER)
        channel = SmtpChannel(settings, lambda: NOW)
        for _ in range(2):
            assert await channel.send(say()) == Refused("5.7.8", "535")
        await channel.close()
    assert not world.ledger


async def test_a_cancelled_send_leaves_no_half_mail_behind(bench: Made) -> None:
    """After a send that was cancelled in the middle the next mail goes over a fresh connection, whole."""
    world, _, channel = bench
    silence = Fault("timeout")
    world.break_it("smtp", silence)
    sending = asyncio.ensure_future(channel.send(say()))
    await until(lambda: silence.times == 0, most_s=30.0)
    sending.cancel()
    await asyncio.wait([sending])
    assert isinstance(await channel.send(say(effect_id="e/2")), Accepted)
    assert len(world.ledger) == 1


@pytest.mark.parametrize(
    "to",
    [
        "",
        "ana",
        "@b.example",
        "a@",
        "a b@c.example",
        "a@b.example\r\nRCPT TO:<x@y>",
        "a@b@c.example",
        "a@b.example,c@d",
    ],
)
async def test_an_unusable_address_is_refused_here(bench: Made, to: str) -> None:
    """What is no address never reaches the server."""
    _, server, channel = bench
    assert await channel.send(say(to=to)) == Refused("bad_address", "recipient")
    assert server.counts.connections == 0


async def test_addresses_in_other_scripts(bench: Made) -> None:
    """A domain goes in its ASCII form; a local part in another script goes where the server takes it."""
    world, _, channel = bench
    assert isinstance(await channel.send(say(to="ana@münchen.example")), Accepted)
    assert isinstance(await channel.send(say(to="андрей@example.net", effect_id="e/2")), Accepted)
    assert [got.to for got in world.ledger] == ["ana@xn--mnchen-3ya.example", "андрей@example.net"]


@given(subject=st.text(max_size=60), text=st.text(max_size=200), name=st.text(max_size=20))
def test_no_text_becomes_a_header(subject: str, text: str, name: str) -> None:
    """Whatever subject, text and shop name hold, the mail has exactly the headers that it should have."""
    try:
        mail = compose(say(subject=subject, text=text), f'"{name}" <orders@example.com>', "", NOW)
    except (UnusableAddress, UnicodeEncodeError):
        return  # a name that breaks the address, or half a surrogate pair: no mail at all
    head = message_from_bytes(mail.content, policy=default)
    expected = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language", "MIME-Version"}
    assert set(head.keys()) == expected | {"Content-Type"}
    assert head["To"] == "ana@example.net"
    assert mail.sender == "orders@example.com"


def test_the_message_id_belongs_to_the_effect() -> None:
    """The same effect has the same Message-ID at every try and every time; another effect has another."""
    first, second = compose(say(), SENDER, "", NOW), compose(say(), SENDER, "", NOW + timedelta(hours=1))
    other = compose(say(effect_id="order:demo:1001:1/1"), SENDER, "", NOW)
    assert first.message_id == second.message_id != other.message_id
    assert "1001" not in first.message_id


def test_html_follows_the_language() -> None:
    """Arabic, Hebrew, Persian and Urdu run from right to left; nothing but links becomes markup."""
    assert 'dir="rtl"' in as_html("مرحبا", "ar")
    assert 'dir="ltr"' in as_html("<script>x</script>", "en")
    assert "<script>" not in as_html('<script>"\'https://a.example/"><img>', "en")
    assert "<img>" not in as_html('https://a.example/"><img>', "en")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://u:p%40ss@mail.example:587", ("mail.example", 587, "u", "p@ss", "starttls")),
        ("smtps://mail.example", ("mail.example", 465, "", "", "tls")),
        ("smtp://127.0.0.1:2525", ("127.0.0.1", 2525, "", "", "none")),
        ("smtp://localhost", ("localhost", 587, "", "", "none")),
    ],
)
def test_the_url_says_how_the_line_is_protected(url: str, expected: tuple[object, ...]) -> None:
    """Away from loopback nothing goes unencrypted: STARTTLS is demanded, or TLS from the first byte."""
    made = smtp_settings(url, SENDER)
    assert (made.host, made.port, made.user, made.password, made.security) == expected


@pytest.mark.parametrize("url", ["mail.example:587", "http://mail.example", "smtp://"])
def test_another_url_is_refused(url: str) -> None:
    """What is no SMTP URL is an error at the start."""
    with pytest.raises(ValueError):
        smtp_settings(url, SENDER)
