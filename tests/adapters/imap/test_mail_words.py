"""What a customer wrote themselves, whatever their mail program puts around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mail_words import answer_of

SHOP = "Demo Shop <orders@example.com>"


@pytest.mark.parametrize(
    "beneath",
    [
        pytest.param(f"Le dim. 22 nov. 2026 à 10:00, {SHOP}\na écrit :\n\n> Répondez", id="Gmail fr"),
        pytest.param("El dom, 22 nov 2026 a las 10:00, Demo Shop (<orders@example.com>)\nescribió:\n\n> Responde", id="Gmail, Spanish"),
        pytest.param("Am So., 22. Nov. 2026 um 10:00 Uhr schrieb Demo Shop <\norders@example.com>:\n\n> Ja", id="Gmail de"),
        pytest.param("On Sun, Nov 22, 2026 at 10:00 AM Demo Shop with a long name\n<\norders@example.com> wrote:\n\n> 1", id="Gmail long"),
        pytest.param(f"{SHOP}, 22 Kas 2026 Paz, 10:00 tarihinde şunu\nyazdı:\n\n> 1", id="Gmail tr"),
        pytest.param(
            "\u202bבתאריך יום א׳, 22 בנוב׳ 2026 ב-10:00 מאת \u202aDemo Shop\u202c\u200f "
            "<\u202aorders@example.com\u202c\u200f>:\u202c\n\n> hi", id="Gmail he"),
        pytest.param("في الأحد، 22 نوفمبر 2026 في 10:00 ص كتب Demo Shop <\norders@example.com>:\n\n> hi", id="Gmail, Arabic"),
        pytest.param(f"    On Sunday, November 22, 2026 at 10:00 AM, {SHOP} wrote:  \n \n Reply CANCEL, 1 or 2", id="Yahoo"),
        pytest.param(f"Sent from Yahoo Mail on Android\n\n  On Sun, Nov 22, 2026 at 10:00, {SHOP} wrote:   Reply YES", id="Yahoo app"),
        pytest.param("Sent from my iPhone\n\n> On 22 Nov 2026, at 10:00, Demo Shop <orders@example.com> wrote:\n> \n> hi", id="iPhone"),
        pytest.param("Enviado desde mi iPhone", id="iPhone, Spanish"),
        pytest.param("Envoyé de mon iPhone", id="iPhone, French"),
        pytest.param("Von meinem iPhone gesendet", id="iPhone, German: the verb at the end"),
        pytest.param("Отправлено с iPhone", id="iPhone, Russian"),
        pytest.param(f"Get Outlook for iOS<https://aka.ms/o0ukef>\n________________________________\nFrom: {SHOP}\nYES", id="Outlook, iOS"),
        pytest.param(f"Feladó: {SHOP}\nElküldve: vasárnap\n\nIgen", id="Outlook, Hungarian"),
        pytest.param(f"Odesílatel: {SHOP}\nOdesláno: neděle\n\nAno", id="Outlook, Czech"),
        pytest.param(f"Fra: {SHOP}\nSendt: søndag\n\nJa", id="Outlook, Danish"),
        pytest.param(f"Gönderen: {SHOP}\nGönderildi: pazar\n\nEvet", id="Outlook, Turkish"),
        pytest.param(f"De la: {SHOP}\nTrimis: duminică\n\nDa", id="Outlook, Romanian"),
        pytest.param(f"מאת: {SHOP}\n\nכן", id="Outlook, Hebrew"),
        pytest.param("Best regards,\nAna Ruiz\nTel. +34 600 000 777", id="number"),
        pytest.param("Un saludo\nAna\nCalle Luna 4, 28004 Madrid", id="a signature with an address"),
        pytest.param("С уважением,\nАнна", id="a closing in Russian"),
    ],
)  # fmt: skip
def test_only_what_they_wrote_is_left(beneath: str) -> None:
    """Headings however they are wrapped, quotations without marks, lines of the app and signatures are none of it."""
    assert answer_of(f"cancel it\n\n{beneath}", "reply+") == "cancel it"


@pytest.mark.parametrize(
    "text",
    [
        "I sent you an email from my iPhone yesterday",
        "sent from the wrong warehouse, I want another one",
        "please change my address to:\nCalle Luna 4\n28004 Madrid",
        "my new mail is ana@example.org:\nok",
        "cancel\nAna <ana@example.org> is my new mail: ok 2",
        "Regards",
        "thanks\nbut I want the blue one",
        "From tomorrow on: Calle Luna 4",
    ],
)
def test_words_that_look_like_it_stay(text: str) -> None:
    """A line is left out only where it can be nothing else."""
    assert answer_of(text, "reply+") == text


@pytest.mark.parametrize("first", ["cancel", "ja, bitte"])
def test_a_heading_without_a_blank_line_above_takes_no_word_with_it(first: str) -> None:
    """The line above a heading is the customer's, be it ever so near."""
    assert answer_of(f"{first}\nOn Mon, 23 Nov 2026 {SHOP} wrote:\n> x") == first
    assert answer_of(f"{first}\nLe dim. 22 nov. 2026 à 10:00, {SHOP}\na écrit :\n> x") == first


@given(st.text(alphabet="ab:<>@ \n\r12-_/", max_size=200))
def test_it_ends_and_adds_nothing(text: str) -> None:
    """Whatever comes in, each line that is left stood there."""
    stood = [""] + [line.strip() for line in text.replace("\r", "\n").split("\n")]
    assert all(line.strip() in stood for line in answer_of(text).split("\n"))
