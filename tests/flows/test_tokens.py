"""Page tokens: bound to conversation, order, version and channel; guessed by nobody. (engine/tokens.py)"""

from __future__ import annotations

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


parts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
bounds = st.tuples(parts, parts, st.integers(0, 99), st.sampled_from(CHANNELS))


@given(bounds, bounds)
def test_another_binding_is_another_token(a: tuple[str, str, int, str], b: tuple[str, str, int, str]) -> None:
    """Tokens are equal exactly where everything they are bound to is; no part can be moved over into its neighbour."""
    if "\0" in "".join((*a[:2], *b[:2])):
        return  # the mark between the parts; no conversation or channel of ours has one
    assert (TOKENS.make(*a) == TOKENS.make(*b)) == (a == b)


@given(bounds)
def test_the_form(bound: tuple[str, str, int, str]) -> None:
    """22 characters that any address and any phone takes as they are."""
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", TOKENS.make(*bound))


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
