"""The bodies of forms that we send."""

from __future__ import annotations

from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st

from adapters.exchange import form_encoded

WORDS = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.dictionaries(WORDS, WORDS))
def test_a_form_is_written_as_the_standard_library_writes_it(fields: dict[str, str]) -> None:
    """Any names and values, in any script, give the bytes that urllib gives."""
    assert form_encoded(fields) == urlencode(fields).encode()
