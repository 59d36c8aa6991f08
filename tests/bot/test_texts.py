"""Every key that a flow names has its words, in every language of the bot."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import NAMES
from bot.composing import TEXT_MOST, TOAST_MOST, card_html, notice_html, toast, units
from bot.texts import CATALOGUES, find, language_of
from bot.words import Words
from flows.cards import _BUTTONS, CANCEL_CONFIRMED
from flows.effects import Card, Line, Value
from flows.money import Money
from flows.risk.policy import Weights
from flows.saying import ASKS
from flows.understand import INTENTS
from flows.wording import Moment
from flows.wording.pattern import mentioned, parse

ROOT = Path(__file__).parents[2]
#: Where a staff key is given, and as which argument (position, or name).
_CALLS = {
    "Line": (0, "{}"), "tell_staff": (1, "{}"), "ping_owner": (0, "{}"), "Reason": (0, "reason.{}"), "Skipped": (1, "why.{}"),
    "No": (0, "why.{}"), "Never": (0, "why.{}"), "to_staff": (3, "reason.{}"), "PingOwner": ("key", "{}"), "Button": (0, "button.{}"),
    "ping": (2, "{}"), "alarm": (1, "owner.{}"), "_unread": (4, "reason.{}"),
    "_all": (0, "owner.{}"), "Trouble": ("kind", "owner.{}"), "hold": (2, "held.{}"), "_late": (3, "{}"), "_show_late": (2, "kind.{}"),
}  # fmt: skip
#: What a computed key can become: the fixed beginning -> the endings.
_COMPUTED = {
    "risk.": Weights.__struct_fields__,
    "reason.": (),  # a Reason's own key, found where the Reason is made
    "state.": ("confirmed", "shipped"),  # every state has its word: tested below
    "number.": ("pending", "flagged", "held"),
    "wanted.": ("replacement_wanted", "refund_wanted"),
    "again.": (),  # a Reason again: made of reason.* by Words
    "deal.": ("offered", "awaiting", "taken", "left"),
    "held.": (),  # found where hold() is called
    "next.": ("rung", "remind", "call", "ship", "news", "talk", "promise"),
    "owner.": ("complaint", "threat", "discount", "human", "late.not_shipped", "late.no_news"),
    "button.notice_": ("send", "cancel", "stop"),
    "notice.": ("draft", "left", "sending", "stopped", "done"),
    "customer.": ("reaction", "reaction_gone", "deleted", "edited"),
    "reply.": tuple(INTENTS),
    "reason.reply.": tuple(INTENTS),
}


def _sources() -> Iterator[Path]:
    for room in ("flows", "engine", "adapters"):
        yield from sorted((ROOT / room).rglob("*.py"))


def _named(call: ast.Call) -> tuple[ast.expr, str] | None:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name not in _CALLS:
        return None
    where, form = _CALLS[name]
    if isinstance(where, int):
        return (call.args[where], form) if len(call.args) > where else None
    return next(((k.value, form) for k in call.keywords if k.arg == where), None)


def _keys(value: ast.expr, form: str) -> Iterator[str]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield form.format(value.value)
    elif isinstance(value, ast.IfExp):
        yield from _keys(value.body, form)
        yield from _keys(value.orelse, form)
    elif isinstance(value, ast.JoinedStr):
        first = value.values[0]
        fixed = form.format(str(first.value) if isinstance(first, ast.Constant) else "")
        assert fixed in _COMPUTED, f"a computed key begins with {fixed!r}: say in this test what it can become"
        yield from (fixed + ending for ending in _COMPUTED[fixed])


def keys_of_the_flows() -> set[str]:
    found: set[str] = set()
    for path in _sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and (named := _named(node)) is not None:
                found.update(_keys(*named))
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.IfExp) and _is_key(node.targets[0]):
                found.update(_keys(node.value, "{}"))
    return {f"reason.{key}" if key.startswith("reply.") else key for key in found}


def _is_key(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id == "key"


def test_the_scan_finds_the_keys() -> None:
    """The scan sees every way in which a key is named today."""
    found = keys_of_the_flows()
    assert {
        "order",
        "reason.no_answer",
        "reason.reply.media",
        "customer.wrote",
        "customer.address_far",
        "owner.held",
    } <= found
    assert {"why.no_two_way", "held.nobody_acted", "next.rung", "owner.backlog", "late.not_shipped"} <= found


def test_every_key_that_a_flow_names_is_written_in_english() -> None:
    """A new key without words fails here."""
    known = CATALOGUES["en"]
    never_of_a_message = {
        "why.gone",
        "why.no_card",
        "why.on_the_card",
    }  # of cards and replies that are withdrawn: only the journal says so
    assert keys_of_the_flows() - set(known) - never_of_a_message == set()


def test_states_buttons_notices_and_commands_have_words() -> None:
    """What is put together from codes: states, verbs, the notices of flows/staff.py and flows/talk.py."""
    known = CATALOGUES["en"]
    states = re.findall(r'"(\w+)"', re.search(r"State = Literal\[(.*?)\]", _source("orders"), re.S)[1])  # type: ignore[index]
    who = re.findall(r'"(\w+)"', re.search(r"Who = Literal\[(.*?)\]", _source("orders"), re.S)[1])  # type: ignore[index]
    via = re.findall(r'"(\w+)"', re.search(r"Via = Literal\[(.*?)\]", _source("orders"), re.S)[1])  # type: ignore[index]
    verbs = {verb for rows in _BUTTONS.values() for row in rows for verb in row} - {CANCEL_CONFIRMED} | {
        "release",
        "close_talk",
        "let_off",
        "block",
    }
    told = [n for m in ("staff", "taking", "calling", "saying") for n in re.findall(r'notice = f?"(\w+)', _source(m))]
    only_echoed = {"number", "number_bad", "number_same", "noted"}  # what was written is answered, not pressed
    only_pressed = {"unsaid", "too_late_said"}
    echoed = ["gone", "sent", "noted", "unreachable", "window", "unsaid", *sorted(only_echoed), "stale"]
    told = [n for n in told if n not in only_echoed]
    verbs |= {"at", "back", "reply_own", "unsay", *ASKS}
    assert only_pressed <= set(told)
    assert len(states) == 9
    assert {"done", "stale", "gone", "not_allowed", "too_soon", "already"} <= set(told)
    needed = [f"state.{s}" for s in [*states, "talk", "talk_closed", "kept"]]
    needed += [f"who.{w}" for w in who] + [f"via.{v}" for v in via] + [f"button.{v}" for v in verbs]
    needed += [f"toast.{n}" for n in told] + [f"echo.{n}" for n in echoed] + [f"command.{n}" for n in NAMES]
    assert [key for key in needed if key not in known] == []


def _source(module: str) -> str:
    return (ROOT / "flows" / f"{module}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", [code for code in CATALOGUES if code != "en"])
def test_every_language_says_everything(language: str) -> None:
    """The same keys as English, with the same values in them, and no text left in English by mistake."""
    texts, english = CATALOGUES[language], CATALOGUES["en"]
    assert set(texts) == set(english)
    wrong = {k for k in texts if set(mentioned(parse(texts[k]))) != set(mentioned(parse(english[k])))}
    assert wrong == set()
    same = {k for k in texts if texts[k] == english[k] and re.search(r"[a-z]{4}", re.sub(r"\{.*?\}", "", texts[k]))}
    assert same <= {"channel.whatsapp", "channel.email", "shop_place.shopify", "shop_place.woocommerce"}  # names


@pytest.mark.parametrize("language", list(CATALOGUES))
def test_texts_fit_where_telegram_shows_them(language: str) -> None:
    """Toasts, buttons and command descriptions keep Telegram's limits in every language."""
    words = Words(language)
    long: dict[str, Value] = {
        "name": "N" * 40,
        "at": Moment(at=datetime(2026, 11, 26, 12, tzinfo=UTC), zone="Europe/Madrid", style="daytime"),
    }
    for key in CATALOGUES[language]:
        if key.startswith("toast."):
            assert units(words.say(key, long | {"state": "cancelled"})) <= TOAST_MOST, key
        if key.startswith("command."):
            assert 1 <= len(words.say(key)) <= 256, key
    assert {len(words.say(f"button.{verb}")) <= 24 for verb in ("confirm", "cancel", "no_answer", "take", "undo")} == {
        True
    }


def test_values_are_in_the_language_of_the_reader() -> None:
    """Money, moments and codes; in Arabic what comes from outside is isolated, so that it does not turn the line around."""
    at = Moment(at=datetime(2026, 11, 26, 12, tzinfo=UTC), zone="Europe/Madrid", style="daytime")
    total = Money(4990, "EUR")
    line: dict[str, Value] = {"order": "1001", "total": total, "name": "Eva"}
    assert Words("en").say("order", line) == "Order 1001 · €49.90 · Eva"
    assert Words("es-MX").say("order", line).startswith("Pedido 1001 · ")
    assert Words("ar").say("order", {"order": "1001", "total": total}).startswith("الطلب \u20681001\u2069 · ")
    asked: dict[str, Value] = {"channel": "email", "status": "failed", "code": "opted_out", "at": at}
    assert Words("fr").say("tried", asked).startswith("E-mail : échec (le client y a dit stop) · jeu")
    assert Words("ru").say("call.again", {"order": "1", "count": 3}).endswith("(пока 3 звонка).")


def test_reasons_of_the_past_are_in_words() -> None:
    """Codes inside values have their words too: what is missing in an address, what is odd about a number."""
    missing = Words("es").say("risk.missing_parts", {"parts": "house, postcode", "orders": ""})
    assert missing == "A la dirección le falta: número, código postal"
    refused = {"count": "2", "orders": "900, 800", "last": "2026-05-01"}
    assert Words("en").say("risk.refused", refused) == "Parcels refused at the door: 2 (900, 800), last 2026-05-01"
    assert (
        Words("en").say("risk.odd_phone", {"why": "made_up", "orders": ""}) == "The phone number looks wrong: invented"
    )


def test_a_key_that_nobody_wrote_still_says_something() -> None:
    """A reason or notice newer than the bot reaches staff all the same."""
    words = Words("en")
    assert words.say("reason.brand_new", {}) == "Needs a look (brand_new)"
    assert words.say("again.reply.discount", {"order": "1"}) == "Order 1 needs a person again: Asks for a better price"
    assert "brand_new" in words.say("again.brand_new", {"order": "1"})
    assert words.say("owner.brand_new", {"shop": "S"}) == "S: something needs a look (brand_new)."
    assert words.say("brand.new", {"order": "7"}) == "Order 7: brand.new"


def test_the_first_language_that_has_texts_counts() -> None:
    """A person's own, else the group's, else English."""
    assert language_of("", "pt-BR", "es") == "pt"
    assert language_of("xx", "") == "en"
    assert find("no.such.key", "es") is None


@given(st.text(max_size=400), st.text(max_size=400), st.sampled_from(list(CATALOGUES)))
def test_nothing_from_outside_becomes_markup_or_turns_the_text_around(text: str, name: str, language: str) -> None:
    """Whatever a customer writes, the only tags are ours, and no direction mark of theirs gets through."""
    words = Words(language)
    card = Card(
        state="held",
        lines=(
            Line("order", {"order": name, "total": Money(1, "EUR"), "name": name}),
            Line("said", {"text": text}),
            Line("called", {"by": name, "n": 1, "at": "x"}),
        ),
    )
    for html in (
        card_html(card, words),
        notice_html("customer.wrote", {"text": text, "order": name, "channel": name}, words),
    ):
        bare = re.sub(r"</?(b|blockquote)>", "", html)
        assert "<" not in bare
        assert ">" not in bare
        assert not re.search(r"&(?!lt;|gt;|amp;)", bare)
        assert not set(bare) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u200e\u200f\u061c")


@given(st.lists(st.text(max_size=3000), max_size=30), st.sampled_from(list(CATALOGUES)))
def test_a_message_never_passes_telegrams_limit(texts: list[str], language: str) -> None:
    """4096 UTF-16 units without markup, for any number and length of words."""
    lines = tuple(Line("note" if n % 2 else "taken", {"text": text, "name": text}) for n, text in enumerate(texts))
    html = card_html(Card(state="flagged", lines=lines, again=True), Words(language))
    assert 0 < units(re.sub(r"<[^>]+>", "", html)) <= TEXT_MOST + html.count("&") * 5
    assert units(toast("😀" * 500)) <= TOAST_MOST
