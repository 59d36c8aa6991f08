"""E-mail addresses: one key per mailbox, slips suggested and never mended in silence."""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from flows.emails import is_disposable, match_emails, read_email, suggested_domain
from tests.flows.matching import email_pairs
from tests.flows.matching.measured import measured


def test_labelled_pairs_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    """Writings of one mailbox are one; a relative, a colleague or another provider is not."""
    with capsys.disabled():
        result = measured("e-mails", email_pairs.pairs(), lambda a, b: match_emails(a, b).same)
    assert result.pairs >= 300
    assert result.near_misses >= result.pairs * 0.45
    assert result.precision >= 0.98, result.wrong
    assert result.recall >= 0.9, result.wrong


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ("Ana.Ruiz+shop@Gmail.com", "anaruiz@gmail.com"),
        ("ana.ruiz@googlemail.com", "anaruiz@gmail.com"),
        ("ana.ruiz@example.com", "ana.ruiz@example.com"),
        ("ana+x@example.com", "ana+x@example.com"),
        ("ana-ruiz@ya.ru", "ana-ruiz@yandex.ru"),
        ("ana.ruiz@yandex.com", "ana-ruiz@yandex.ru"),
        ("a.n_a@pm.me", "ana@proton.me"),
        ("mailto:ana@example.com", "ana@example.com"),
        ("ana@müller.example", "ana@müller.example"),
        ("ana@xn--mller-kva.example", "ana@müller.example"),
    ],
)
def test_keys(raw: str, key: str) -> None:
    """The key drops exactly what the provider of that domain says it ignores."""
    email = read_email(raw)
    assert email is not None
    assert email.key == key


@pytest.mark.parametrize(
    "raw",
    ["", "@", "ana", "ana@", "@gmail.com", "ana@@x.com", "ana@x", "a b@x.com", "ana@x..com", "a" * 300 + "@x.com"],
)
def test_what_cannot_be_delivered_is_refused(raw: str) -> None:
    """Broken syntax is no address."""
    assert read_email(raw) is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gmial.com", "gmail.com"), ("gmail.con", "gmail.com"), ("gmai.com", "gmail.com"), ("gmail.es", "gmail.com"),
        ("hotmial.com", "hotmail.com"), ("hotmail.co", "hotmail.com"), ("yaho.com", "yahoo.com"), ("outlok.com", "outlook.com"),
        ("iclod.com", "icloud.com"), ("mial.ru", "mail.ru"), ("yandex.ur", "yandex.ru"), ("rediffmial.com", "rediffmail.com"),
        ("gmail.com", ""), ("ymail.com", ""), ("mail.com", ""), ("gmx.de", ""), ("hotmail.es", ""), ("wp.pl", ""),
        ("company.com", ""), ("example.com", ""), ("web.de", ""), ("me.com", ""), ("inbox.com", ""),
    ],
)  # fmt: skip
def test_suggestions(typed: str, meant: str) -> None:
    """A slip of a big provider's name is named; a domain that exists is left alone."""
    assert suggested_domain(typed) == meant


def test_a_suggestion_changes_nothing() -> None:
    """The address stays what was typed, with its own key: only a question comes of it."""
    email = read_email("ana@gmial.com")
    assert email is not None
    assert (email.address, email.key, email.suggestion) == ("ana@gmial.com", "ana@gmial.com", "ana@gmail.com")


def test_disposable_domains_and_what_stands_below_them() -> None:
    """A throw-away domain is known with its subdomains; its letters inside another name are not."""
    names = frozenset({"trash.example"})
    hits = [
        is_disposable(e, names)
        for raw in ("a@trash.example", "a@x.trash.example", "a@nottrash.example")
        if (e := read_email(raw))
    ]
    assert hits == [True, True, False]


ADDRESS = st.builds(
    lambda local, domain: f"{local}@{domain}",
    st.from_regex(r"[a-zA-Z0-9]([a-zA-Z0-9.+_-]{0,8}[a-zA-Z0-9])?", fullmatch=True),
    st.sampled_from(
        ["gmail.com", "googlemail.com", "gmial.com", "yandex.ru", "ya.ru", "hotmail.com", "pm.me", "x.example"]
    ),
)


@given(st.one_of(st.text(max_size=60), ADDRESS))
def test_reading_is_total_and_settled(raw: str) -> None:
    """Any text gives an address or None, and the key of a key's mailbox is the key."""
    email = read_email(raw)
    if email is not None:
        again = read_email(email.key)
        assert again is not None
        assert again.key == email.key


@given(ADDRESS, ADDRESS)
def test_matching_is_symmetric_and_reflexive(a: str, b: str) -> None:
    """Who is the same does not depend on who asks."""
    assert match_emails(a, b) == match_emails(b, a)
    assert match_emails(a, a).same == (read_email(a) is not None)


@given(st.from_regex(r"[A-Za-z0-9_.+-]{1,70}", fullmatch=True))
def test_the_short_way_agrees_with_the_library(local: str) -> None:
    """A known provider's addresses are read without the library, and exactly those that it would take."""
    try:
        validate_email(f"{local}@gmail.com", check_deliverability=False)
        valid = True
    except EmailNotValidError:
        valid = False
    assert (read_email(f"{local}@gmail.com") is not None) == valid
