"""What a text costs as SMS, and its plain spelling."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.wording.sms import encoding, plain, segments, unwritable


@pytest.mark.parametrize(
    ("text", "kind", "count"),
    [
        ("", "GSM-7", 1),
        ("a" * 160, "GSM-7", 1),
        ("a" * 161, "GSM-7", 2),
        ("a" * 306, "GSM-7", 2),
        ("a" * 307, "GSM-7", 3),
        ("€" * 80, "GSM-7", 1),
        ("€" * 81, "GSM-7", 2),
        (
            "a" * 152 + "€" * 77,
            "GSM-7",
            3,
        ),  # the euro's two places do not fit behind 152, so each part holds 76 or less
        ("é" * 160, "GSM-7", 1),
        ("í" * 70, "UCS-2", 1),
        ("ن" * 70, "UCS-2", 1),
        ("ن" * 71, "UCS-2", 2),
        ("ن" * 134, "UCS-2", 2),
        ("ن" * 135, "UCS-2", 3),
        ("😀" * 35, "UCS-2", 1),
        ("😀" * 36, "UCS-2", 2),
        ("😀" * 67, "UCS-2", 3),  # 33 to a part of 67: a pair is never split
        ("yes’", "UCS-2", 1),
    ],
)
def test_known_sizes(text: str, kind: str, count: int) -> None:
    """160 and 153 places in GSM-7, 70 and 67 in UCS-2, extension characters and pairs count two and stay whole."""
    assert (encoding(text), segments(text)) == (kind, count)


@given(st.text(max_size=400))
def test_segments_lie_between_the_bounds_of_their_encoding(text: str) -> None:
    """The count is never below what the bare length needs, nor above what it needs if every character took two places."""
    part = 153 if encoding(text) == "GSM-7" else 67
    single = 160 if part == 153 else 70
    assert segments(text) >= (1 if len(text) <= single else math.ceil(len(text) / part))
    assert segments(text) <= max(1, math.ceil(2 * len(text) / (part - 1)))


@given(st.text(max_size=200))
def test_plain_spelling_is_idempotent_and_never_costs_an_encoding(text: str) -> None:
    """Spelling plain twice is spelling it once, and what was GSM-7 stays as it was."""
    once = plain(text)
    assert plain(once) == once
    if encoding(text) == "GSM-7":
        assert once == text
    if unwritable(text):
        assert encoding(once) == "UCS-2"


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("Él pagó “aquí” – 5 €…", 'Él pago "aqui" - 5 €...'),
        ("sipariş onaylandı, değişiklik", "siparis onaylandi, degisiklik"),
        ("zamówienie płatne, ŁÓDŹ", "zamowienie platne, LODZ"),
        ("comandă ștearsă țară", "comanda stearsa tara"),
        ("don’t\u00a0wait", "don't wait"),
        ("Đơn hàng", "Don hàng"),
    ],
)
def test_smart_quotes_and_accents_are_spelled_plain(text: str, spelled: str) -> None:
    """Letters that GSM-7 has stay, others lose their accent, typographic signs become plain ones."""
    assert plain(text) == spelled
    assert encoding(plain(text)) == "GSM-7"


def test_what_cannot_be_written_keeps_its_accents() -> None:
    """A text that travels as UCS-2 anyway is not impoverished, and the culprits are named."""
    assert plain("Olá نور") == "Olá نور"
    assert unwritable("Olá نور 😀") == "نور😀"
