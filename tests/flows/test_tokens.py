"""Page tokens: bound to conversation, order, version and channel; guessed by nobody. (engine/tokens.py)"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.tokens import CHANNELS, OLD_VERSIONS, Tokens
from flows.conversation import Conversation
from flows.orders import Order
from tests.flows.shop import NOW, SHOP, fields

TOKENS = Tokens(bytes(range(32)))


def holding(*orders: tuple[str, int]) -> Conversation:
    return Conversation(
        id="c" * 16,
        shop=SHOP,
        orders=tuple(
            Order(fields=fields(id_), seq=n, version=version, received_at=NOW)
            for n, (id_, version) in enumerate(orders, start=1)
        ),
    )


ids = st.one_of(st.binary(min_size=12, max_size=12), st.binary(min_size=8, max_size=8)).map(bytes.hex)
parts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
bounds = st.tuples(ids, parts, st.integers(0, 99), st.sampled_from(CHANNELS))


@given(bounds, bounds)
def test_another_binding_is_another_token(a: tuple[str, str, int, str], b: tuple[str, str, int, str]) -> None:
    """Tokens are equal exactly where everything they are bound to is; no part can be moved over into its neighbour."""
    if "\0" in a[1] + b[1]:
        return  # the mark between the parts; no order of ours has one
    assert (TOKENS.make(*a) == TOKENS.make(*b)) == (a == b)


@given(bounds)
def test_the_form(bound: tuple[str, str, int, str]) -> None:
    """22 characters that any address and any phone takes as they are."""
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", TOKENS.make(*bound))


@given(bounds)
def test_the_key_tells_the_conversation(bound: tuple[str, str, int, str]) -> None:
    """Whoever has the key, or had it, reads the conversation out of the token; with another key some other block comes out."""
    token = TOKENS.make(*bound)
    assert bound[0] in set(TOKENS.conversations(token))
    assert bound[0] in set(Tokens(bytes(32), (bytes(range(32)),)).conversations(token))
    assert bound[0] not in set(Tokens(bytes(32)).conversations(token))


@given(bounds, st.integers(0, 127))
def test_a_token_with_one_bit_changed_names_nobody_who_would_know_it(
    bound: tuple[str, str, int, str], bit: int
) -> None:
    """What an attacker makes of a token that was sent to him is no token, whichever conversation is asked."""
    raw = bytearray(base64.urlsafe_b64decode(TOKENS.make(*bound) + "=="))
    raw[bit // 8] ^= 1 << bit % 8
    changed = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    for named in {bound[0], *TOKENS.conversations(changed)}:
        assert TOKENS.find(changed, replace(holding((bound[1], max(bound[2], 1))), id=named)) is None


def test_a_link_that_was_sent_before_is_recognised() -> None:
    """Until tokens told their conversation they were the keyed hash of what they are bound to."""
    conversation = holding(("A1", 2))
    key = hmac.digest(bytes(range(32)), b"doorstep page token v1", hashlib.sha256)
    raw = hmac.digest(key, "\0".join((conversation.id, "A1", "2", "sms")).encode(), hashlib.sha256)[:16]
    older = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    assert TOKENS.find(older, conversation) == (conversation.orders[0], 2, "sms")
    assert TOKENS.find(older, replace(conversation, id="d" * 16)) is None


@pytest.mark.parametrize("conversation", ["", "c", "cc", "not hexadecimal", "c" * 20, "C" * 24])
def test_an_id_that_is_none_of_ours_is_refused(conversation: str) -> None:
    """Only what a store gives has tokens."""
    with pytest.raises(ValueError, match="no conversation's id"):
        TOKENS.make(conversation, "A1", 1, "sms")


@given(st.text(max_size=30))
def test_no_guess_is_an_error(guess: str) -> None:
    """Whatever stands in an address, it names conversations that may be looked for, or none."""
    assert all(len(named) in (16, 24) for named in TOKENS.conversations(guess))


def test_found_again_with_what_it_was_made_for() -> None:
    """Every order, channel and version of the last few leads back; one too old leads nowhere."""
    conversation = holding(("A1", 9), ("A2", 1))
    for order in conversation.orders:
        for channel in CHANNELS:
            for version in range(1, order.version + 1):
                found = TOKENS.find(TOKENS.make(conversation.id, order.id, version, channel), conversation)
                if version > order.version - OLD_VERSIONS:
                    assert found == (order, version, channel)
                else:
                    assert found is None


@given(st.text(max_size=30))
def test_a_guess_finds_nothing(guess: str) -> None:
    """Nothing that was not made with the key leads anywhere, whatever characters it has."""
    assert TOKENS.find(guess, holding(("A1", 3))) is None


def test_of_another_conversation_order_future_or_key() -> None:
    """A token is nobody else's: not another customer's, not another order's, not a later version's, not another installation's."""
    here = holding(("A1", 2))
    mine = TOKENS.make(here.id, "A1", 2, "sms")
    assert TOKENS.find(mine, here) is not None
    assert TOKENS.find(mine, replace(here, id="d" * 16)) is None
    assert TOKENS.find(mine, holding(("A2", 2))) is None
    assert TOKENS.find(TOKENS.make(here.id, "A1", 3, "sms"), here) is None
    assert Tokens(bytes(range(1, 33))).find(mine, here) is None


def test_a_short_key_is_refused() -> None:
    """Less than 32 bytes is no key."""
    with pytest.raises(ValueError, match="32 bytes"):
        Tokens(b"x" * 31)
