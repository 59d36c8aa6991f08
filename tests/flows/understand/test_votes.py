"""The table of votes: what is written is found, in the same bytes, and a file that was cut off says so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.understand.votes import VotesTable, written

LABELS = ["cancel", "question", "yes"]
weights = st.dictionaries(
    st.text(min_size=1, max_size=8),
    st.dictionaries(st.integers(0, 2), st.integers(-32_768, 32_767), max_size=3),
    max_size=60,
)


@given(weights)
def test_what_is_written_is_found(given_weights):
    """Every feature's votes come back as they were, a feature without votes as known, the labels in their order."""
    table = VotesTable(written(LABELS, given_weights))
    assert table.labels == tuple(LABELS)
    for feature, votes in given_weights.items():
        assert table.get(feature) == tuple(sorted(votes.items()))


def test_what_was_never_seen_is_nothing():
    """Unseen features give None: they are neither known nor without votes."""
    table = VotesTable(written(LABELS, {"a": {0: 1}, "b": {}}))
    assert table.get("b") == ()
    assert table.get("c") is None


def test_the_order_of_learning_leaves_no_trace():
    """The same weights in another order give the same bytes."""
    some = {"kal": {0: 5, 2: -7}, "haan": {2: 300}, "~bhej": {}}
    assert written(LABELS, some) == written(LABELS, dict(reversed(some.items())))


def test_two_features_with_one_checksum():
    """Of two features with one CRC-32 the one of more weight is kept."""
    table = VotesTable(written(LABELS, {"plumless": {0: 1}, "buckeroo": {2: 900}}))
    assert table.get("plumless") == table.get("buckeroo") == ((2, 900),)


def test_a_file_that_was_cut_off():
    """Half a file is refused with the mend."""
    with pytest.raises(ValueError, match="check the weights out again"):
        VotesTable(written(LABELS, {"a": {0: 1}})[:-1])
