"""What a mail that came in means: whose it is, what was written in it, and what machines write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mail_in import Incoming, answer_of, read
from engine.tokens import Tokens, from_mail, mailable

REPLY_TO = "reply+{token}@example.com"
TOKEN = "a" * 26


def mail(body: str, *headers: str, to: str = f"reply+{TOKEN}@example.com") -> bytes:
    head = ["From: Ana <ana@example.com>", f"To: {to}", "Subject: Re: order", "Message-ID: <1@mail.example>", *headers]
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("yes", "yes"),
        ("cancel it\n\nOn Mon, 23 Nov 2026 Shop <a@b.example> wrote:\n> Reply YES to confirm", "cancel it"),
        ("cancela\n\nEl lun, 23 nov 2026, Shop\n<a@b.example> escribió:\n> Responde SÍ", "cancela"),
        ("ألغ الطلب\n\nفي الاثنين، كتب Shop:\n> أجب نعم", "ألغ الطلب"),
        ("no\n-----Original Message-----\nFrom: Shop\nyes", "no"),
        ("nein\n\nVon: Shop <a@b.example>\nGesendet: Montag\nJa", "nein"),
        ("my number changed +34600000009\n\nOn Mon 2026, Shop wrote:\n> x", "my number changed +34600000009"),
        ("no\n-- \nAna\n+34 600 000 001", "no"),
        ("> yes\n> yes\n", ""),
        ("no\n\nreply+abc@example.com wrote something\nyes", "no"),
        ("", ""),
    ],
)
def test_only_the_customers_own_words_are_read(text: str, answer: str) -> None:
    """What is quoted beneath the answer, in any mail program's way, is none of it."""
    assert answer_of(text, "reply+") == answer


def test_the_token_is_read_from_the_address_alone() -> None:
    """A token in the text, in From or in the subject is none; two different ones in the address are none."""
    assert read(mail("yes"), REPLY_TO).token == TOKEN
    assert read(mail(f"reply+{TOKEN}@example.com", to="orders@example.com"), REPLY_TO).token == ""
    two = f"reply+{TOKEN}@example.com, reply+{'b' * 26}@example.com"
    assert read(mail("yes", to=two), REPLY_TO).token == ""
    assert read(mail("yes", to=f"Shop <REPLY+{TOKEN.upper()}@EXAMPLE.COM>"), REPLY_TO).token == TOKEN


@pytest.mark.parametrize(
    "header",
    ["Auto-Submitted: auto-replied", "Precedence: bulk", "X-Autoreply: yes", "List-Id: <x.example>", "Return-Path: <>"],
)
def test_machines_are_told_by_their_headers(header: str) -> None:
    """What a machine wrote is no answer, whatever it says."""
    assert read(mail("yes", header), REPLY_TO).kind == "machine"


def test_html_alone_is_read_without_its_markup_and_quotation() -> None:
    """A mail without a plain part is read from its HTML."""
    html = "<style>p{}</style><p>cancel &amp; stop</p><blockquote>yes</blockquote>"
    raw = mail(html, "MIME-Version: 1.0", "Content-Type: text/html; charset=utf-8")
    assert read(raw, REPLY_TO).text == "cancel & stop"


@given(st.binary(max_size=2000))
def test_any_bytes_give_a_reading(raw: bytes) -> None:
    """Total: broken mails are read as far as they go, and none of them has a token of ours by chance."""
    assert isinstance(read(raw, REPLY_TO), Incoming)


@given(st.text(max_size=60))
def test_a_token_survives_the_mail_address(text: str) -> None:
    """Written in small letters and read again it is the same token; any other text is none or a token of 22 characters."""
    token = Tokens(b"k" * 32).make("c" * 16, text, 1, "email")
    assert from_mail(mailable(token)) == token == from_mail(mailable(token).upper())
    assert len(from_mail(text)) in (0, 22)
