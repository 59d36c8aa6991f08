"""Every language says everything, in bounds, and offers nothing that would silence it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from flows.wording import (
    MissingValue,
    check,
    languages,
    offered,
    preview,
    proactive_templates,
    render,
    template_names,
    variables,
    wa_template,
)
from flows.wording.catalogue import LANGUAGES, LATIN, load
from flows.wording.notation import Plural
from flows.wording.pattern import parse
from flows.wording.sample import SAMPLE
from flows.wording.spec import PIECES, SPECS
from flows.wording.values import plural_of

pytestmark = pytest.mark.long

FIRST = ["en", "ar", "fr", "hi", "ur", "bn", "es", "pt", "id", "tr", "ru"]
SECOND = ["it", "de", "nl", "pl", "ro", "el", "uk", "fa", "ms", "vi", "th", "fil", "sw"]
ONE_SEGMENT = [
    "en",
    "fr",
    "es",
    "pt",
    "id",
    "tr",
    "it",
    "de",
    "nl",
    "pl",
    "ro",
    "ms",
    "vi",
    "fil",
    "sw",
    "hi_latn",
    "ur_latn",
    "bn_latn",
]
#: Source: twilio.com/docs/messaging/tutorials/advanced-opt-out, read 2026-10; AWS and Telnyx lists, PLATFORMS facts.
OPT_OUT = [
    "STOP",
    "UNSUBSCRIBE",
    "END",
    "QUIT",
    "STOPALL",
    "REVOKE",
    "OPTOUT",
    "CANCEL",
    "ARRET",
    "ARRETE",
    "REMOVE",
    "TD",
]


@dataclass(frozen=True)
class Form:
    """A catalogue by its module name, as a caller asks for it."""

    name: str

    @property
    def lang(self) -> str:
        return self.name.partition("_")[0]

    @property
    def script(self) -> str:
        return "latin" if self.name in LATIN else "own"


FORMS = [Form(name) for name in (*LANGUAGES, *LATIN)]
forms = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)


def test_the_languages_are_those_of_the_promise() -> None:
    """Eleven languages of the first rank, thirteen of the second, three also in Latin letters."""
    ranks = languages()
    assert {lang for lang, rank in ranks.items() if rank == "first"} == set(FIRST)
    assert {lang for lang, rank in ranks.items() if rank == "second"} == set(SECOND)
    assert set(LATIN) == {"hi_latn", "ur_latn", "bn_latn"}


def test_check_finds_no_fault_in_our_own_texts() -> None:
    """The shipped catalogues are complete and inside every bound; only the missing reviews are warned of."""
    found = check()
    assert [fault for fault in found if fault.kind == "fault"] == []
    assert {fault.where for fault in found} == set(SECOND)


@forms
def test_no_language_has_a_text_that_english_lacks(form: Form) -> None:
    """The catalogues have the same keys, so a mistyped key cannot hide."""
    assert set(load(form.name).texts) == set(SPECS) | set(PIECES)


@forms
def test_every_text_of_english_is_translated(form: Form) -> None:
    """No sentence of another language is still the English one."""
    english = load("en").texts
    same = {key for key, text in load(form.name).texts.items() if text == english[key]}
    allowed = {"subject", "email_greeting", "page_intro", "faq_answer", "staff_message"}
    words = {key for key in same if key.startswith(("word_", "button_", "page_label_"))}
    assert form.name == "en" or same - words <= allowed


@forms
def test_sms_keep_to_their_segments(form: Form) -> None:
    """With the fixed sample an SMS is one GSM-7 segment, or two UCS-2 segments where GSM-7 cannot write the language."""
    gsm = form.name in ONE_SEGMENT
    for template, spec in SPECS.items():
        if "sms" in spec.channels and spec.bounded:
            shown = render(template, "sms", form.lang, SAMPLE, script=form.script)
            assert shown.segments <= (1 if gsm else 2), (template, len(shown.text), shown.text)
            assert not gsm or shown.encoding == "GSM-7", (template, shown.text)


def test_the_sample_is_the_fixed_one() -> None:
    """Name of 12 letters, amount of 9 characters, link of 51."""
    assert len(str(SAMPLE["name"])) == len(str(SAMPLE["shop"])) == 12
    assert len(str(SAMPLE["link"])) == 51
    assert "49.90 EUR" in render("confirm_words", "sms", "en", SAMPLE).text


@forms
def test_confirmations_name_shop_order_and_amount(form: Form) -> None:
    """Each form of the ladder's question says who asks, about which order, for how much."""
    for prefix in ("confirm", "reconfirm"):
        for template in (f"{prefix}_words", f"{prefix}_digits", f"{prefix}_link", prefix, f"{prefix}_email"):
            for _, shown in preview(template, form.lang, script=form.script):
                assert "Casa Marisol" in shown.text
                assert "#10001" in shown.text
                assert re.search(r"49[.,٫]90", shown.text)


@forms
def test_the_email_has_a_link_and_offers_no_answer_word(form: Form) -> None:
    """E-mail never asks for a yes in reply; it gives the page's link and has a subject of one line."""
    for template in ("confirm_email", "reconfirm_email"):
        shown = render(template, "email", form.lang, SAMPLE, script=form.script)
        assert str(SAMPLE["link"]) in shown.text
        assert offered(template, "email", form.lang, script=form.script) == ()
        assert shown.subject
        assert "\n" not in shown.subject


@forms
def test_links_are_never_glued_to_a_following_sign(form: Form) -> None:
    """After a link comes a space or the end of a line, so that every phone opens the right address."""
    for template in template_names():
        for channel, shown in preview(template, form.lang, script=form.script):
            for link in (SAMPLE["link"], SAMPLE["tracking"]):
                at = shown.text.find(str(link))
                after = shown.text[at + len(str(link)) :][:1]
                assert at < 0 or after in ("", " ", "\n", "\u2069"), (template, channel, shown.text)


@forms
def test_no_text_has_dangling_spaces_or_notation(form: Form) -> None:
    """What a customer reads has no double space, no braces or brackets of the notation, no space at its ends."""
    for template in template_names():
        for _, shown in preview(template, form.lang, script=form.script):
            assert not re.search(r"[{}\[\]]| {2}", shown.text.replace("\u2068", "").replace("\u2069", "")), shown.text
            assert shown.text == shown.text.strip()


@forms
def test_texts_stand_without_their_optional_values(form: Form) -> None:
    """A text with only the values it needs is whole: no gap, no orphaned comma."""
    for template, spec in SPECS.items():
        needed = {name: SAMPLE[name] for name in (*spec.needs, "shop")}
        for channel in spec.channels:
            shown = render(template, channel, form.lang, needed, script=form.script)
            assert not re.search(r" [,،.。!]|[,،] *[.!:]|: *$|\( *\)| {2}", re.sub(" [:!]", "", shown.text)), shown.text


@forms
def test_texts_ask_for_nothing_the_flow_does_not_give(form: Form) -> None:
    """A language needs only the values of the spec; a missing one raises its name."""
    for template, spec in SPECS.items():
        for channel in spec.channels:
            needed = variables(template, channel, form.lang, script=form.script)
            assert set(needed) <= {*spec.needs, "shop"}
            for name in needed:
                values = {key: value for key, value in SAMPLE.items() if key != name}
                with pytest.raises(MissingValue, match=name):
                    render(template, channel, form.lang, values, script=form.script)


@forms
def test_plurals_cover_the_language(form: Form) -> None:
    """which_order has a form for every CLDR category that small counts take in that language."""
    pattern = parse(load(form.name).texts["which_order"])
    plural = next(part for part in pattern if isinstance(part, Plural))
    wanted = {plural_of(count, load(form.name).about.locale or form.lang) for count in range(2, 21)}
    assert wanted <= set(plural.forms)


@forms
def test_whatsapp_buttons_and_templates_keep_metas_limits(form: Form) -> None:
    """Button titles of at most 20 characters, all different and no bare opt-out word; bodies never start or end with a
    variable nor have two side by side, and hold the order's number."""
    for template in proactive_templates():
        made = wa_template(template, form.lang, script=form.script)
        titles = [title for _, title in made.buttons]
        assert all(len(title) <= 20 for title in titles)
        assert len(titles) == len(set(titles)) <= 3
        assert not {title.upper() for title in titles} & set(OPT_OUT)
        assert not re.match(r"\{\{", made.body)
        assert not re.search(r"\}\}$", made.body)
        assert not re.search(r"\}\}\s*\{\{", made.body)
        assert len(made.body) <= 1024
        assert "order" in made.variables
        assert len(made.samples) == len(made.variables)


@forms
def test_what_asks_for_a_word_has_a_form_for_one_way_countries(form: Form) -> None:
    """A text that we begin by SMS and that offers a word to reply with has a twin with the page's link."""
    for template in proactive_templates():
        if "sms" in SPECS[template].channels and offered(template, "sms", form.lang, script=form.script):
            twin = render(f"{template}_link", "sms", form.lang, SAMPLE, script=form.script)
            assert str(SAMPLE["link"]) in twin.text
            assert offered(f"{template}_link", "sms", form.lang, script=form.script) == ()


@forms
def test_answer_words_of_a_language_differ(form: Form) -> None:
    """Yes, no, change and cancel are four different words, also when spelled plain."""
    texts = load(form.name).texts
    assert len({texts[f"word_{word}"].casefold() for word in ("yes", "no", "change", "cancel")}) == 4


@forms
def test_no_fake_apology(form: Form) -> None:
    """The texts do not perform being sorry; they say what happens next."""
    sorry = r"\b(sorry|apolog|regret|lo sentimos|désolé|lamentamos|maaf|üzgün|извин|sayang|scus|leid|spijt|przykro)"
    for key, text in load(form.name).texts.items():
        assert not re.search(sorry, text, re.IGNORECASE), key


def test_only_english_offers_an_opt_out_word_and_only_where_digits_replace_it() -> None:
    """Under the widest opt-out list no text but the words family offers a word of it, so the digits twin is enough."""
    assert [fault for fault in check(opt_out_words=OPT_OUT) if fault.kind == "fault"] == []
