"""Markup, keyboards and limits of the pretend Telegram, without HTTP."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.telegram_html import parse_text, utf16_len
from sandbox.telegram_keyboards import read_markup
from sandbox.telegram_limits import Limits, Pacing
from sandbox.telegram_params import Params, Refused

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("<b>Order</b> 1 &amp; 2", "Order 1 & 2", [("bold", 0, 5)]),
        ("😀 <i>é</i>", "😀 é", [("italic", 3, 1)]),
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ('<a href="https://shop.example/?a=1&amp;b=2">here</a>', "here", [("text_link", 0, 4)]),
        ("&copy; &#169; &lt;b&gt;", "&copy; © <b>", []),
        ('<span class="tg-spoiler">no</span>', "no", [("spoiler", 0, 2)]),
        ("  <b> x</b>\n", "x", [("bold", 0, 1)]),
        ("1 > 0 and &", "1 > 0 and &", []),
        ("<b></b>text", "text", []),
        ('<pre><code class="language-python">x</code></pre>', "x", [("pre", 0, 1)]),
        ("try /next@doorstep_bot", "try /next@doorstep_bot", [("bot_command", 4, 18)]),
    ],
)
def test_html_becomes_text_and_entities_counted_in_utf16(
    source: str, text: str, entities: list[tuple[str, int, int]]
) -> None:
    """Good markup disappears from the text and stays as entities with offsets in UTF-16 units."""
    shown, found, html = parse_text(source, "HTML")
    assert shown == text
    assert [(e["type"], e["offset"], e["length"]) for e in found] == entities
    assert html == source.strip()


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("é<foo>x</foo>", 'Unsupported start tag "foo" at byte offset 2'),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("total < 5", "Unclosed start tag at byte offset 6"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("a < b > c", 'Unsupported start tag "" at byte offset 2'),
    ],
)
def test_bad_html_is_refused_in_telegrams_words(source: str, why: str) -> None:
    """Markup that Telegram cannot parse is 400 with the reason and the byte offset."""
    with pytest.raises(Refused) as refused:
        parse_text(source, "HTML")
    assert (refused.value.code, refused.value.description) == (400, f"Bad Request: can't parse entities: {why}")


def test_text_without_a_mode_is_taken_as_it_stands() -> None:
    """Without parse_mode angle brackets are text, and the HTML of it is escaped."""
    assert parse_text("a <b> & c", None) == ("a <b> & c", [], "a &lt;b&gt; &amp; c")


def test_given_entities_move_with_the_stripped_text() -> None:
    """Entities given by offset still mark the same words after leading blanks are cut."""
    text, entities, _ = parse_text("  bold", None, [{"type": "bold", "offset": 2, "length": 4}])
    assert (text, entities) == ("bold", [{"type": "bold", "offset": 0, "length": 4}])


def test_lengths_are_utf16_units() -> None:
    """An emoji outside the basic plane counts two."""
    assert utf16_len("a😀é") == 4


@pytest.mark.parametrize(
    ("data", "taken"), [("x" * 64, True), ("x" * 65, False), ("é" * 32, True), ("é" * 33, False), ("", False)]
)
def test_callback_data_is_1_to_64_bytes_not_characters(data: str, taken: bool) -> None:
    """callback_data is measured in bytes of UTF-8; outside 1 to 64 the keyboard is refused."""
    params = Params({"reply_markup": {"inline_keyboard": [[{"text": "Go", "callback_data": data}]]}})
    if taken:
        assert read_markup(params) is not None
        return
    with pytest.raises(Refused, match="BUTTON_DATA_INVALID"):
        read_markup(params)


@pytest.mark.parametrize(
    "markup",
    [
        {"inline_keyboard": [[{"text": "no action"}]]},
        {"inline_keyboard": [[{"callback_data": "no text"}]]},
        {"inline_keyboard": "rows"},
        {"inline_keyboard": [[{"text": "Go", "url": "nowhere"}]]},
        {"keyboard": [[{"text": ""}]]},
        {"unknown": True},
    ],
)
def test_broken_keyboards_are_refused(markup: dict[str, object]) -> None:
    """A keyboard that Telegram cannot show is 400, not silently dropped."""
    with pytest.raises(Refused) as refused:
        read_markup(Params({"reply_markup": markup}))
    assert refused.value.code == 400


def test_a_group_takes_twenty_a_minute_and_then_says_how_long_to_wait() -> None:
    """The 21st message in a minute waits until the first leaves the window; what was refused does not count."""
    pacing = Pacing(Limits(per_group_minute=20))
    for n in range(20):
        assert pacing.spend(-5, True, NOON + timedelta(seconds=n)) == 0
    assert pacing.spend(-5, True, NOON + timedelta(seconds=20)) == 40
    assert pacing.spend(-6, True, NOON + timedelta(seconds=20)) == 0
    assert pacing.spend(-5, True, NOON + timedelta(seconds=60)) == 0
    assert pacing.spend(-5, True, NOON + timedelta(seconds=60)) == 1


def test_strict_limits_hold_per_chat_and_over_all_chats() -> None:
    """One a second in a chat, thirty a second over all."""
    pacing = Pacing(Limits.strict())
    assert pacing.spend(1, False, NOON) == 0
    assert pacing.spend(1, False, NOON) == 1
    assert [pacing.spend(n, False, NOON) for n in range(2, 32)] == [0] * 29 + [1]


def test_a_limit_can_close_every_chat() -> None:
    """With `everywhere`, one refused chat refuses the others until its time is over."""
    pacing = Pacing(Limits(per_group_minute=1, everywhere=True))
    assert pacing.spend(-5, True, NOON) == 0
    assert pacing.spend(7, False, NOON) == 0
    assert pacing.spend(-5, True, NOON) == 60
    assert pacing.spend(7, False, NOON + timedelta(seconds=30)) == 30
    assert pacing.spend(7, False, NOON + timedelta(seconds=60)) == 0


def test_edits_count_like_messages() -> None:
    """A group takes twenty a minute, messages and edits together; thirty a second go to all chats."""
    pacing = Pacing(Limits.strict())
    at = [NOON + timedelta(seconds=3 * n) for n in range(21)]
    assert [pacing.spend(-7, True, moment) for moment in at[:20]] == [0] * 20
    assert pacing.spend(-7, True, at[19] + timedelta(seconds=1)) > 0
    many = Pacing(Limits.strict())
    assert [many.spend(n, False, NOON) for n in range(31)] == [0] * 30 + [1]
