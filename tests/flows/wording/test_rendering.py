"""One road from template to text: languages, values, directions, overrides, and hostile values."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.wording import (
    MissingValue,
    Moment,
    Money,
    UnknownTemplate,
    Value,
    answer_words,
    is_rtl,
    numbered,
    offered,
    preview,
    render,
    template_names,
    variables,
    wa_template,
)
from flows.wording.sample import SAMPLE

ORDER: dict[str, Value] = {"shop": "Demo Shop", "order": "#1001", "total": Money(4990, "EUR")}
BIDI = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def text(template: str, lang: str, channel: str = "sms", **values: Value) -> str:
    return render(template, channel, lang, ORDER | values).text


@pytest.mark.parametrize(
    ("tag", "script", "lang", "word"),
    [("es-MX", None, "es", "Responde"), ("xx", None, "en", "Reply"), ("hi", None, "hi", "लिखें"), ("hi", "latin", "hi", "likhein"),
     ("hi-Latn", None, "hi", "likhein"), ("es", "latin", "es", "Responde"), ("tl", None, "fil", "Sagutin"), ("", None, "en", "Reply")],
)  # fmt: skip
def test_the_nearest_language_is_used(tag: str, script: str | None, lang: str, word: str) -> None:
    """Region falls back to language, an unknown language to English; Latin letters only where the language has them."""
    shown = render("confirm_words", "sms", tag, ORDER, script=script)
    assert shown.lang == lang
    assert word in shown.text


def test_money_in_the_customers_form() -> None:
    """Separators by locale, a sign or code by channel, no cents where nobody writes them, none lost where there are some."""
    page = {tag: render("page_amount", "page", tag, ORDER).text for tag in ("en", "de", "es-MX")}
    assert page["en"].startswith("€49.90")
    assert page["de"].startswith("49,90 €")
    assert page["es-MX"].startswith("49.90 EUR")
    assert "49,90 EUR" in text("confirm_words", "de")
    assert "Rs 1,299," in text("confirm_words", "en", total=Money(129900, "INR"))
    assert "Rs 1,299.50," in text("confirm_words", "en", total=Money(129950, "INR"))
    assert "Rp129.900," in text("confirm_words", "id", total=Money(12990000, "IDR"))
    assert "49.90 EUR" in text("confirm_words", "is")
    assert "12.345 KWD" in text("confirm_words", "en", total=Money(12345, "KWD"))


def test_moments_on_the_customers_clock() -> None:
    """A moment is shown in its zone, across a DST change, in the language's own form, without odd spaces."""
    winter, summer = (datetime(2026, month, 2, 14, 0, tzinfo=UTC) for month in (1, 7))
    assert "15:00" in text("time_ok", "es", when=Moment(winter, "Europe/Madrid"))
    assert "16:00" in text("time_ok", "es", when=Moment(summer, "Europe/Madrid"))
    assert "3:00 PM" in text("time_ok", "en", when=Moment(winter, "Europe/Madrid"))
    assert "vie, 2 ene" in text("time_ok", "es", when=Moment(winter, "Europe/Madrid", "day"))
    assert "ven. 2 janv., 15:00" in text("time_ok", "fr", when=Moment(winter, "Europe/Madrid", "daytime"))


def test_hours_speak_the_customers_weekdays() -> None:
    """The shop's hours keep their figures; only the names of the days change language."""
    assert "lun-vie 09:00-18:00; sáb 10:00-14:00" in text(
        "handed_over", "es", "whatsapp", hours="mon-fri 09:00-18:00; sat 10:00-14:00"
    )


def test_plural_forms() -> None:
    """Russian two and five, Arabic two: each in its own form."""
    rows = numbered([("#1", Money(100, "EUR")), ("#2", Money(200, "EUR"))], "ru")
    assert rows == "1) #1, 1,00 EUR\n2) #2, 2,00 EUR"
    assert "2 открытых заказа" in text("which_order", "ru", count=2, list=rows)
    assert "5 открытых заказов" in text("which_order", "ru", count=5, list=rows)
    assert "طلبان مفتوحان" in text("which_order", "ar", count=2, list=rows)


def test_right_to_left_texts_start_right_and_keep_numbers_readable() -> None:
    """An Arabic SMS that begins with a Latin name says its direction; numbers are led by a left-to-right mark; the link is
    bare, so that no phone takes a mark into the address."""
    link = "https://orders.example.com/c/abc123"
    shown = text("confirm_link", "ar", link=link)
    assert shown.startswith("\u200f")
    assert "\u200e#1001\u200f" in shown
    assert "\u200e49.90 EUR\u200f" in shown
    assert shown.endswith(f" {link}")
    assert is_rtl("ar")
    assert is_rtl("fa-IR")
    assert not is_rtl("ur", "latin")
    assert is_rtl("ur")


def test_gsm_texts_hold_no_direction_marks() -> None:
    """No isolate or mark ever turns a GSM-7 text into UCS-2; a right-to-left name is left out of it instead."""
    shown = render("confirmed", "sms", "es", ORDER | {"name": "أحمد"})
    assert shown.encoding == "GSM-7"
    assert "أحمد" not in shown.text
    assert not set(shown.text) & set(BIDI)
    assert "\u2068أحمد\u2069" in render("confirmed", "whatsapp", "es", ORDER | {"name": "أحمد"}).text


def test_a_name_that_costs_a_segment_is_left_out() -> None:
    """The customer's name is a courtesy; it never makes an SMS longer than one segment when the text fits without."""
    values = ORDER | {"name": "Maximiliana Konstantinopolitanskaya", "link": "https://x.example/" + "a" * 42}
    long = render("confirmed", "sms", "en", values)
    assert long.segments == 1
    assert "Maximiliana" not in long.text
    assert "Ana" in text("confirmed", "en", name="Ana")


@pytest.mark.parametrize(
    "name", ["http://evil.example", "Call +34 600 000 000", "www.evil.example", "x" * 41, "Ana <b>", "a.b/c"]
)
def test_a_name_that_is_no_name_is_left_out(name: str) -> None:
    """A link or phone number typed into the name field does not travel under the shop's name."""
    assert text("confirmed", "en", name=name).startswith("Thank you. ")


@pytest.mark.parametrize(
    "name", ["Ana", "José María", "O'Neil", "Jean-Luc", "Nguyễn Thị Lan", "محمد علي", "सुनीता", "J. R. Smith"]
)
def test_real_names_stay(name: str) -> None:
    """Names in any script, with hyphen, apostrophe or initials, are greeted."""
    assert name in text("confirmed", "en", "whatsapp", name=name)


def test_a_link_is_whole_or_absent() -> None:
    """A long value is cut, but an address never is: too long a tracking link leaves with its sentence."""
    good = "https://track.example.com/" + "a" * 400
    assert good in text("status_shipped", "en", tracking=good)
    assert text("status_shipped", "en", tracking=good * 2) == "Order #1001 is with the courier."
    assert len(text("address_ok", "en", address="x" * 5000)) < 300


def test_values_are_never_notation() -> None:
    """A value that looks like a variable, an option or a plural stays as it is."""
    assert "{total}[x]" in text("confirm_words", "en", order="{total}[x]")


@given(st.text(max_size=300), st.sampled_from(["en", "ar", "hi", "tr"]), st.sampled_from(["sms", "whatsapp", "email"]))
def test_hostile_values_do_no_harm(value: str, lang: str, channel: str) -> None:
    """Whatever a customer typed: no control character, no direction override, no line break in a subject, and the text is
    not longer than the value's bound allows."""
    empty = render("address_ok", channel, lang, ORDER | {"address": "x"})
    try:
        shown = render("address_ok", channel, lang, ORDER | {"address": value})
    except MissingValue:
        return
    assert not any(ord(char) < 32 and char != "\n" for char in shown.text)
    assert not set(shown.text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067")
    assert shown.text.count("\n") == empty.text.count("\n")
    assert len(shown.text) <= len(empty.text) + 3 * 240
    assert shown.subject is None or "\n" not in shown.subject


@given(st.sampled_from(template_names()), st.sampled_from(["en", "ar", "es", "ru", "ur"]))
def test_rendering_is_repeatable(template: str, lang: str) -> None:
    """The same template and values give the same text: nothing is read from a clock or remembered."""
    assert preview(template, lang) == preview(template, lang)


def test_an_override_replaces_our_text() -> None:
    """A shop's text wins for its language and channel, with its own variables checked; other languages keep ours."""
    own = {"es": {"confirmed": "Listo, {order}.", "confirmed.whatsapp": "¡Listo! {order}"}}
    assert render("confirmed", "sms", "es", ORDER, overrides=own).text == "Listo, #1001."
    assert render("confirmed", "whatsapp", "es-MX", ORDER, overrides=own).text == "¡Listo! #1001"
    assert render("confirmed", "sms", "en", ORDER, overrides=own).text.startswith("Thank you")
    assert variables("confirmed", "sms", "es", own) == ("order",)


def test_what_is_missing_or_unknown_is_named() -> None:
    """A missing value and an unknown template or channel are errors that say which."""
    with pytest.raises(MissingValue, match="total"):
        render("confirm_words", "sms", "en", {"shop": "S", "order": "1"})
    for template, channel in (("nonsense", "sms"), ("confirm_words", "whatsapp"), ("page_title", "sms")):
        with pytest.raises(UnknownTemplate):
            render(template, channel, "en", SAMPLE)
    with pytest.raises(UnknownTemplate):
        wa_template("thanks_reply", "en")


def test_buttons_are_whatsapps_alone() -> None:
    """WhatsApp gets the verbs with titles in its language; an SMS offers words and an e-mail neither."""
    assert [button.verb for button in render("confirm", "whatsapp", "ar", ORDER).buttons] == ["yes", "change", "cancel"]
    assert render("no_what", "sms", "ar", ORDER).buttons == ()
    assert offered("confirm_words", "sms", "en") == ("YES", "CHANGE", "CANCEL")
    assert offered("confirm_digits", "sms", "en") == ()
    assert answer_words("fr") == ("OUI", "MODIFIER", "ANNULER")


def test_a_whatsapp_template_as_submitted() -> None:
    """Numbered variables in order of appearance, optional parts left out, a sample for each."""
    made = wa_template("confirm", "en")
    assert made.body.startswith("Hello, this is {{1}}. Your order {{2}}: {{3}}, cash on delivery.")
    assert made.variables == ("shop", "order", "total")
    assert made.samples == ("Casa Marisol", "#10001", "€49.90")
    assert made.buttons == (("yes", "Yes, it is right"), ("change", "Change something"), ("cancel", "Cancel the order"))
    assert made.category == "UTILITY"


def test_a_moment_survives_storage() -> None:
    """Values are stored as tagged structs and come back equal."""
    when = Moment(datetime(2026, 11, 26, 14, 0, tzinfo=UTC), "Asia/Karachi", "day")
    values: dict[str, Value] = {"when": when, "n": 2, "m": Money(1, "EUR"), "s": "x"}
    assert msgspec.json.decode(msgspec.json.encode(values), type=dict[str, Value]) == values
