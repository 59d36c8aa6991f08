"""The pretend mail server, spoken to by aiosmtplib."""

from __future__ import annotations

import asyncio
from email.message import EmailMessage

import aiosmtplib
import pytest

from sandbox.smtp import PretendSmtp
from sandbox.world import Fault, World

ANA = "ana@example.com"


def mail(to: str = ANA) -> EmailMessage:
    letter = EmailMessage()
    letter["From"] = "Demo Shop <orders@example.com>"
    letter["To"] = to
    letter["Subject"] = "Pedido 1001 – ¿correcto?"
    letter["Message-ID"] = "<1001.email@example.com>"
    letter["List-Unsubscribe"] = "<https://example.com/u>"
    letter.set_content("Hola Ana\n.punto al principio\n")
    letter.add_alternative("<p>Hola <b>Ana</b></p>", subtype="html")
    return letter


async def post(
    smtp: PretendSmtp,
    letter: EmailMessage | None = None,
    timeout: float = 5,
    username: str | None = None,
    password: str | None = None,
) -> str:
    """The server's last word. Raises what aiosmtplib raises."""
    client = aiosmtplib.SMTP(
        hostname=smtp.host, port=smtp.port, timeout=timeout, start_tls=False, username=username, password=password
    )
    async with client:
        return (await client.send_message(letter or mail()))[1]


async def test_a_mail_is_in_the_ledger_as_a_person_would_see_it() -> None:
    """Subject, text, html, headers and Message-ID come out decoded, once per recipient."""
    async with PretendSmtp(World()) as smtp:
        await post(smtp, mail(f"{ANA}, Bo <bo@example.com>"))
        got, other = smtp.world.ledger
        assert (got.provider, got.channel, got.sender, got.to) == ("smtp", "email", "orders@example.com", ANA)
        assert other.to == "bo@example.com"
        assert got.text == "Hola Ana\n.punto al principio\n"
        assert got.provider_id == "<1001.email@example.com>"
        assert got.extra["subject"] == "Pedido 1001 – ¿correcto?"
        assert got.extra["html"].strip() == "<p>Hola <b>Ana</b></p>"
        assert got.extra["headers"]["List-Unsubscribe"] == "<https://example.com/u>"
        assert (smtp.counts.connections, smtp.counts.mails, smtp.counts.refused) == (1, 1, 0)


@pytest.mark.parametrize(
    ("fact", "code", "word"), [("no_mailbox", 550, "5.1.1"), ("mailbox_full", 452, "4.2.2"), ("", 550, "5.1.1")]
)
async def test_a_mailbox_is_refused_with_its_code(fact: str, code: int, word: str) -> None:
    """Refused mailboxes, by name or by a fact of the world, get nothing and are counted."""
    async with PretendSmtp(World()) as smtp:
        if fact:
            smtp.world.phones[ANA] = {fact}
        else:
            smtp.refuse(ANA.upper())
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
            await post(smtp)
        (why,) = refused.value.recipients
        assert (why.code, why.message[:5]) == (code, word)
        assert (smtp.world.ledger, smtp.counts.refused) == ([], 1)


async def test_greylisting_takes_the_second_try() -> None:
    """The first try of a pair is put off with 451, the second is taken."""
    async with PretendSmtp(World(), greylist=True) as smtp:
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
            await post(smtp)
        assert refused.value.recipients[0].code == 451
        await post(smtp)
        assert len(smtp.world.ledger) == 1


async def test_auth_is_wanted_where_a_user_is_set() -> None:
    """Without or with wrong credentials nothing is taken; with the right ones it is."""
    async with PretendSmtp(World(), username="shop", password="pass word") as smtp:
        with pytest.raises(aiosmtplib.SMTPSenderRefused) as refused:
            await post(smtp)
        assert refused.value.code == 530
        with pytest.raises(aiosmtplib.SMTPAuthenticationError):
            await post(smtp, username="shop", password="wrong")
        assert smtp.world.ledger == []
        await post(smtp, username="shop", password="pass word")
        assert len(smtp.world.ledger) == 1


@pytest.mark.parametrize("method", ["login", "plain"])
async def test_both_auth_methods_work(method: str) -> None:
    """AUTH PLAIN and AUTH LOGIN both let the right user in."""
    async with PretendSmtp(World(), username="shop", password="pw") as smtp:
        client = aiosmtplib.SMTP(hostname=smtp.host, port=smtp.port, start_tls=False)
        async with client:
            await getattr(client, f"auth_{method}")("shop", "pw")
            await client.send_message(mail())
        assert len(smtp.world.ledger) == 1


@pytest.mark.parametrize(
    ("kind", "taken"),
    [
        ("cut", 0),
        ("accept_cut", 1),
        ("timeout", 0),
        ("accept_timeout", 1),
        ("garbage", 0),
        ("empty", 0),
        ("accept_garbage", 1),
    ],
)
async def test_a_broken_answer_after_data_tells_the_client_nothing(kind: str, taken: int) -> None:
    """The client sees an error either way; only the ledger says whether the mail was taken. The next one passes."""
    async with PretendSmtp(World()) as smtp:
        smtp.world.break_it("smtp", Fault(kind, match=ANA))
        with pytest.raises((aiosmtplib.SMTPException, OSError)):
            await post(smtp, timeout=0.2)
        assert len(smtp.world.ledger) == taken
        await post(smtp)
        assert len(smtp.world.ledger) == taken + 1


@pytest.mark.parametrize(("kind", "taken"), [("status", 0), ("accept_status", 1)])
async def test_a_status_after_data_is_said(kind: str, taken: int) -> None:
    """A 4xx after the text reaches the client, whether or not the mail was taken."""
    async with PretendSmtp(World()) as smtp:
        smtp.world.break_it("smtp", Fault(kind, status=451, body="4.3.0 Try later"))
        with pytest.raises(aiosmtplib.SMTPDataError) as refused:
            await post(smtp)
        assert (refused.value.code, refused.value.message) == (451, "4.3.0 Try later")
        assert len(smtp.world.ledger) == taken


@pytest.mark.parametrize(
    ("stage", "error"),
    [
        ("connect", aiosmtplib.SMTPConnectError),
        ("mail", aiosmtplib.SMTPSenderRefused),
        ("rcpt", aiosmtplib.SMTPRecipientsRefused),
        ("data", aiosmtplib.SMTPDataError),
    ],
)
async def test_a_fault_can_strike_at_each_stage(stage: str, error: type[Exception]) -> None:
    """A fault that names a stage is answered there, and used up."""
    async with PretendSmtp(World()) as smtp:
        smtp.world.break_it("smtp", Fault("status", match=f"stage:{stage}", status=421))
        with pytest.raises((error, aiosmtplib.SMTPServerDisconnected)):
            await post(smtp)
        assert smtp.world.ledger == []
        await post(smtp)
        assert len(smtp.world.ledger) == 1


async def test_delay_answers_late_but_well() -> None:
    """A delayed answer is a good one for a patient client."""
    async with PretendSmtp(World()) as smtp:
        smtp.world.break_it("smtp", Fault("delay", delay_s=0.05))
        started = asyncio.get_running_loop().time()
        await post(smtp)
        assert asyncio.get_running_loop().time() - started >= 0.05
        assert len(smtp.world.ledger) == 1
