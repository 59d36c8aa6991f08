"""`run.py templates` at both providers: what is there, what lacks, submitted in the words that are really said, and what to paste."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapters.exchange import Exchange
from adapters.meta import MetaSettings
from adapters.meta_inbound import MetaSender
from adapters.meta_templates import MetaTemplates
from adapters.probing import probes
from engine.check import check_online
from flows.wording import languages, proactive_templates, wa_template
from run import main
from sandbox.meta import MetaRules, PretendMeta
from sandbox.serving import serve
from sandbox.twilio import PretendTwilio
from sandbox.world import World
from tests.town import ACCOUNT, ENV, SMS_FROM, START, TOKEN, WA_FROM
from tests.town_meta import META_ACCOUNT, meta_settings
from tests.town_settings import SETTINGS, settings_of

TEXTS = {"en": "Is everything right?", "es": "¿Está todo bien?"}


def config(tmp_path: Path, twilio: str, more: str = "", contents: str = "") -> Path:
    here = {
        "port": 9, "path": tmp_path / "town.db", "account": ACCOUNT, "twilio": twilio, "sms_from": SMS_FROM, "wa_from": WA_FROM,
        "smtp": "smtp://127.0.0.1:9", "telegram": "null", "countries": "{}", "more": more, "contents": contents,
    }  # fmt: skip
    path = tmp_path / "shop.yaml"
    path.write_text(SETTINGS.format_map(defaultdict(str, here)), "utf-8")
    return path


async def run(path: Path, *words: str) -> Result:
    """The command in a thread of its own: the pretend providers answer from this one."""
    return await asyncio.to_thread(CliRunner().invoke, main, ["--config", str(path), "templates", *words], env=ENV)


@pytest.mark.parametrize("lang", ["en", "es"])
async def test_at_twilio_a_text_is_submitted_pasted_and_approved(tmp_path: Path, lang: str) -> None:
    """List shows that it lacks; submit sends our own words with examples and prints the line for config.yaml; check says pending, then
    all is approved; a rejected one goes under another name."""
    twilio = PretendTwilio(World(START), ACCOUNT, TOKEN, "http://127.0.0.1:9/none")
    async with serve(twilio.app()) as url:
        path = config(tmp_path, url)
        listed = await run(path, "list", "--lang", lang)
        assert re.search(rf"^confirm +{lang} +not submitted", listed.output, re.MULTILINE), listed.output
        done = await run(path, "submit", "confirm", "--lang", lang, "--yes")
        assert done.exit_code == 0, done.output
        (sid,) = twilio.contents.by_sid
        content = twilio.contents.by_sid[sid]
        assert TEXTS[lang] in content.body
        assert content.defaults["2"] == "#10001"
        assert [verb for verb, _ in content.buttons] == ["yes", "change", "cancel"]
        assert f"confirm: {{{lang}: {sid}}}" in done.output
        path = config(tmp_path, url, contents=f"confirm: {{{lang}: {sid}}}")
        pending = await run(path, "check", "--lang", lang)
        assert f"confirm ({lang}): pending" in pending.output
        twilio.contents.judge(sid, "rejected", "TAG_CONTENT_MISMATCH")
        again = await run(path, "submit", "confirm", "--lang", lang, "--yes")
        assert "submitted again" in again.output
        (new,) = set(twilio.contents.by_sid) - {sid}
        assert twilio.contents.by_sid[new].name == "doorstep_confirm_2"
        twilio.contents.judge(new, "approved")
        path = config(tmp_path, url, contents=f"confirm: {{{lang}: {new}}}")
        shown = await run(path, "list", "--lang", lang, "--texts")
        assert re.search(rf"^confirm +{lang} +approved +{new}$", shown.output, re.MULTILINE), shown.output
        assert TEXTS[lang] in shown.output


async def test_at_meta_a_rejected_text_is_edited_and_nothing_is_sent_twice(tmp_path: Path) -> None:
    """What waits or is approved is left alone; a rejected template gets the new words under its own name."""
    meta = PretendMeta(World(START), META_ACCOUNT, "http://127.0.0.1:9/none")
    async with serve(meta.app()) as url:
        path = config(tmp_path, "http://127.0.0.1:9", meta_settings(url, ("confirm",)))
        first = await run(path, "submit", "confirm", "--lang", "es", "--yes")
        assert "confirm (es): submitted" in first.output, first.output
        assert "confirm: {en: doorstep_confirm, es: doorstep_confirm}" in first.output
        assert "Nothing to submit" in (await run(path, "submit", "confirm", "--lang", "es", "--yes")).output
        await meta.reviews.review("doorstep_confirm", "es", "REJECTED", "INVALID_FORMAT", told=False)
        told = await run(path, "check")
        assert told.exit_code == 1
        assert "confirm (es): rejected (INVALID_FORMAT). change the words" in told.output
        assert "confirm (en): unknown there. python run.py templates submit confirm --lang en" in told.output
        again = await run(path, "submit", "confirm", "--lang", "es", "--yes")
        assert "confirm (es): submitted again" in again.output
        assert meta.templates["doorstep_confirm", "es"].status == "PENDING"


async def test_a_users_mistakes_are_one_plain_line(tmp_path: Path) -> None:
    """A name that is none of ours, no name at all, an account that is not named, a provider that does not answer."""
    path = config(tmp_path, "http://127.0.0.1:9")
    wrong = await run(path, "submit", "confrim")
    assert "There is no template confrim." in wrong.output
    assert "Name templates, or --all." in (await run(path, "submit")).output
    silent = await run(path, "list")
    assert silent.exit_code == 1
    assert "doorstep: " in silent.output or "Twilio" in silent.output
    assert "Traceback" not in silent.output
    unnamed = meta_settings("http://127.0.0.1:9", ("confirm",)).replace(f'waba_id: "{META_ACCOUNT.waba_id}"', "")
    lacks = await run(config(tmp_path, "http://127.0.0.1:9", unnamed), "list")
    assert "Templates need meta.waba_id in config.yaml." in lacks.output


async def test_check_online_names_what_cannot_be_sent(tmp_path: Path) -> None:
    """A template that was paused, one that counts as advertising and one that is not there: each is a warning with its place."""
    meta = PretendMeta(World(START), META_ACCOUNT, "http://127.0.0.1:9/none", MetaRules())
    names = ("confirm", "reconfirm", "missed_call")
    async with serve(meta.app()) as url:
        for name in names:
            meta.register_template(f"doorstep_{name}", "en", wa_template(name, "en").body)
        for name in names[:2]:
            meta.register_template(f"doorstep_{name}", "es", wa_template(name, "es").body)
        await meta.reviews.review("doorstep_confirm", "en", "PAUSED", told=False)
        await meta.reviews.categorize("doorstep_reconfirm", "es", "MARKETING", told=False)
        settings = settings_of(config(tmp_path, "http://127.0.0.1:9", meta_settings(url, names)).read_text())
        asked = [probe for probe in probes(settings) if probe.name == "meta.templates"]
        faults = {fault.where: fault for fault in await check_online(settings, asked)}
        assert set(faults) == {
            "meta.templates.confirm.en",
            "meta.templates.missed_call.es",
            "meta.templates.reconfirm.es",
        }
        assert all(fault.warning for fault in faults.values())
        assert "paused" in faults["meta.templates.confirm.en"].what
        assert "marketing" in faults["meta.templates.reconfirm.es"].what
        assert "submit missed_call --lang es" in faults["meta.templates.missed_call.es"].mend


async def test_every_text_in_every_language_is_one_that_whatsapp_takes() -> None:
    """All our templates, in all languages that Meta knows, pass the rules of a submission."""
    meta = PretendMeta(World(START), META_ACCOUNT, "http://127.0.0.1:9/none")
    async with serve(meta.app()) as url:
        settings = MetaSettings(
            access_token=META_ACCOUNT.access_token,
            app_secrets=("x",),
            verify_token="x",
            waba_id=META_ACCOUNT.waba_id,
            senders={META_ACCOUNT.phone_number_id: MetaSender("+34911000002", ("demo",))},
            base_url=url,
        )
        exchange = Exchange(15.0)
        place = MetaTemplates(settings, exchange, ("demo",))
        refused = []
        for lang in languages():
            for name in proactive_templates():
                what = await place.submit(wa_template(name, lang), f"doorstep_{name}", ())
                refused += [(name, lang, what.why)] if what.why else []
        assert refused == []
        assert len(await place.listed()) == len(languages()) * len(proactive_templates())
        await exchange.close()
