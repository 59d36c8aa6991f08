"""Everything that can be seen to be wrong before a customer sees it: `run.py check`, and what `serve` looks at first.

`check` needs no network and changes nothing. What providers say (credentials, webhooks, approved templates) is asked by
the probes that the adapters bring to `check_online`.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Awaitable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from engine.secret import ENV_NAME
from engine.settings import BadSettings, Document, Fault, Settings, Shop, build, load, people, policies, read, unset
from engine.settings.faults import did_you_mean, line_of
from engine.settings.unset import not_set
from flows import spending, wording
from flows.countries import sender_kind
from flows.desk import Person
from flows.policy import Policy
from flows.voices import VOICES, speaks
from flows.wording.spec import SPECS

#: Below the first `serve` does not start, below the second it warns. Our own values: a busy shop writes some 10 MB a day.
DISK_LEAST_BYTES, DISK_LOW_BYTES = 50_000_000, 1_000_000_000

#: The clock cannot be earlier than this program. Later than the second, certificates and zone tables mean nothing.
CLOCK_FROM, CLOCK_UNTIL = datetime(2026, 11, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)

#: A file from the future means a clock that is behind; a day allows for zones written as local time.
CLOCK_BEHIND = timedelta(days=1)

PROBE_TIMEOUT_S = 20.0


class Probe(Protocol):
    """One look at a provider, brought by its adapter. Changes nothing there."""

    name: str

    def __call__(self, settings: Settings) -> Awaitable[Iterable[Fault]]: ...


def check(path: str | Path, env: Mapping[str, str], now: datetime) -> list[Fault]:
    """Every fault of the file and of this machine, in the order of the file; warnings among them. `now` is aware UTC."""
    try:
        document = read(path)
    except BadSettings as error:
        return list(error.faults)
    clock = list(_clock(Path(path), now))
    try:
        settings = build(document, env)
    except BadSettings as error:
        return [*error.faults, *_unset_names(document, env), *clock]
    return [*check_settings(settings, all_languages=True), *clock]


def refuses_start(path: str | Path, env: Mapping[str, str], now: datetime) -> list[Fault]:
    """The faults on which `serve` does not start: all that can be seen without the network and are no warning."""
    try:
        faults = check_settings(load(path, env))
    except BadSettings as error:
        return list(error.faults)
    return [fault for fault in (*faults, *_clock(Path(path), now)) if not fault.warning]


def check_settings(settings: Settings, *, all_languages: bool = False) -> list[Fault]:
    """The faults of settings that could be read: what `serve` lacks, texts, senders, disk.

    `all_languages` reads every catalogue (about half a second), else those that the shops speak.
    """
    faults = unset(settings, "serve")
    for index, (shop, policy) in enumerate(zip(settings.shops, policies(settings).values(), strict=True)):
        where = f"shops[{index}]"
        faults += _parts_off(settings, shop, policy)
        faults += _people(settings, shop)
        faults += _templates(settings, shop, policy)
        faults += _words(settings, policy, where, all_languages)
        faults += _gateway(settings, shop)
        faults += _money(settings, shop, policy)
    faults += _disk(settings)
    return sorted(dict.fromkeys(faults), key=lambda fault: (fault.line or 0, fault.where))


async def check_online(settings: Settings, probes: Sequence[Probe], timeout_s: float = PROBE_TIMEOUT_S) -> list[Fault]:
    """What the providers say, all asked at once. A probe that fails or takes too long is a warning of its own."""

    async def ask(probe: Probe) -> list[Fault]:
        return list(await asyncio.wait_for(probe(settings), timeout_s))

    answers = await asyncio.gather(*(ask(probe) for probe in probes), return_exceptions=True)
    faults: list[Fault] = []
    for probe, answer in zip(probes, answers, strict=True):
        if isinstance(answer, TimeoutError):
            faults.append(_silent(probe, f"no answer within {timeout_s:g} s"))
        elif isinstance(answer, Exception):
            faults.append(_silent(probe, type(answer).__name__))
        elif isinstance(answer, BaseException):
            raise answer
        else:
            faults += answer
    return faults


def people_differences(settings: Settings, shop: Shop, table: Iterable[Person]) -> list[Fault]:
    """Where the file's people differ from the shop's table, which holds; one warning a person."""
    where = settings.home(shop, "people")[0]
    written = {person.telegram: person for person in people(settings, shop.id)}
    held = {person.telegram: person for person in table}
    faults = []
    for index, (telegram, person) in enumerate(written.items()):
        if telegram not in held:
            what = f"{person.name} is in the file and not in the table, which holds"
            faults.append(_warning(settings, f"{where}[{index}]", what, "Add them in Telegram with /invite."))
        elif held[telegram] != person:
            unlike = [
                name for name in person.__struct_fields__ if getattr(person, name) != getattr(held[telegram], name)
            ]
            what = f"{person.name} differs from the table, which holds: {', '.join(unlike)}"
            faults.append(_warning(settings, f"{where}[{index}]", what, "Write here what the table says."))
    for telegram in held.keys() - written.keys():
        what = f"{held[telegram].name} is in the table and not in the file"
        faults.append(_warning(settings, where, what, "Nothing needs to be done; the table holds."))
    return faults


def _silent(probe: Probe, why: str) -> Fault:
    return Fault(probe.name, None, f"could not be asked: {why}", "Try again; serve starts without it.", "warning")


def _unset_names(document: Document, env: Mapping[str, str]) -> Iterator[Fault]:
    """Unset variables of a file that has other faults, so that they need no second run to be seen."""

    def walk(value: object, where: str) -> Iterator[Fault]:
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from walk(inner, f"{where}.{key}" if where else key)
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                yield from walk(inner, f"{where}[{index}]")
        elif isinstance(value, str):
            for name in ENV_NAME.findall(value):
                if not env.get(name):
                    yield not_set(where, name, document.lines)

    return walk(document.tree, "")


def _parts_off(settings: Settings, shop: Shop, policy: Policy) -> Iterator[Fault]:
    """Steps of the ladder that no block carries: they are passed over, which the owner should know."""
    where = f"{settings.home(shop, 'confirmation')[0]}.ladder"
    channels = settings.blocks(shop).channels
    provider = {"sms": channels.sms, "whatsapp": channels.whatsapp, "email": channels.email}
    for channel in dict.fromkeys(step.channel for step in policy.ladder):
        if channel == "staff":
            if not policy.staff_chat:
                what = f"nobody is asked for shop {shop.id}: there is no telegram block"
                yield _warning(settings, where, what, "Fill the telegram block, or leave the staff step out.")
        elif channel == "voice":
            yield from _voice(settings, shop, policy, where)
        elif policy.sender(channel) is None and provider[channel] is not None:
            what = f"the {channel} step of shop {shop.id} is skipped: {provider[channel]} has no block or no sender"
            mend = f"Fill the block, or write channels: {{{channel}: null}} to mean it."
            yield _warning(settings, where, what, mend)
    if not policy.staff_chat and not any(policy.sender(step.channel) for step in policy.ladder):
        what = f"no customer of shop {shop.id} is asked anything, and nobody hears of an order: its ladder has no step to take"
        mend = "Fill the block of a provider and name it under channels, or fill the telegram block."
        yield _warning(settings, where, what, mend)


def _voice(settings: Settings, shop: Shop, policy: Policy, where: str) -> Iterator[Fault]:
    """A step that calls, without a number to call from, or in a language that nobody speaks on the phone."""
    if policy.voice is None:
        what = f"the voice step of shop {shop.id} is skipped: there is no number to call from"
        yield _warning(settings, where, what, "Write twilio.voice_from: a number of Twilio's that can call.")
    elif not speaks(policy.language):
        what = f"shop {shop.id} speaks {policy.language}, and Twilio has no voice for it: only customers of other languages are called"
        yield _warning(
            settings,
            where,
            what,
            f"Leave the step out, or ask by another channel. Voices: {', '.join(sorted(VOICES))}.",
        )


def _people(settings: Settings, shop: Shop) -> Iterator[Fault]:
    blocks, where = settings.blocks(shop), settings.home(shop, "people")[0]
    ids = [person.telegram for person in blocks.people]
    for telegram in sorted({each for each in ids if ids.count(each) > 1}):
        at = f"{where}[{len(ids) - 1 - ids[::-1].index(telegram)}]"
        yield _error(settings, at, f"Telegram user {telegram} is named twice", "Keep one of the two.")
    if blocks.telegram and not any(person.role == "owner" for person in blocks.people):
        what = f"shop {shop.id} has no owner: complaints reach nobody"
        yield _warning(settings, where, what, "Add a person with role: owner.")


def _templates(settings: Settings, shop: Shop, policy: Policy) -> Iterator[Fault]:
    """Approved templates that are missing in the shop's language, and names that are none of ours."""
    if policy.whatsapp is None:
        return
    block, key = ("twilio", "content_sids") if policy.whatsapp.provider == "twilio" else ("meta", "templates")
    where = f"{settings.home(shop, block)[0]}.{key}"
    ours = {name for name, spec in SPECS.items() if spec.proactive}
    named = {name for name, _ in policy.wa_templates}
    for name in sorted(named - ours):
        mend = did_you_mean(name, ours, f"Names are: {', '.join(sorted(ours))}.")
        yield _warning(settings, f"{where}.{name}", "there is no template of this name", mend)
    if key == "templates" and (meta := settings.blocks(shop).meta) is not None and meta.waba_id is None:
        what = "Meta cannot be asked how the templates stand: a pause is only seen when a message is refused"
        mend = "Write the number of the WhatsApp Business Account: Business Settings, WhatsApp accounts."
        yield _warning(settings, f"{settings.home(shop, block)[0]}.waba_id", what, mend)
    missing = sorted(name for name in ours if (name, policy.language) not in policy.wa_templates)
    if missing:
        what = f"without a template in {policy.language}, the shop's language: {', '.join(missing)}"
        mend = (
            "Outside the 24 h window these are not sent on WhatsApp. Submit them: python run.py templates submit --all"
        )
        yield _warning(settings, where, what, mend)


def _texts(policy: Policy, langs: frozenset[str] | None, opt_out: frozenset[str]) -> tuple[wording.Fault, ...]:
    """What is wrong with the texts. Our own are read once for each sender's words: that takes most of a second."""
    if policy.overrides:
        words = wording.check(overrides=policy.overrides, langs=langs, opt_out_words=opt_out, script=policy.script)
        return tuple(words)
    return _our_texts(langs, opt_out, policy.script)


@lru_cache(maxsize=32)
def _our_texts(langs: frozenset[str] | None, opt_out: frozenset[str], script: str | None) -> tuple[wording.Fault, ...]:
    return tuple(wording.check(langs=langs, opt_out_words=opt_out, script=script))


def _words(settings: Settings, policy: Policy, where: str, all_languages: bool) -> Iterator[Fault]:
    """The texts in every language under the shop's own words and its sender's opt-out words.

    What is wrong with a text of ours does not stop the shop: it is a warning, and the shop may say it in its own words.
    """
    opt_out = policy.sms.opt_out if policy.sms else frozenset[str]()
    spoken = {policy.language, policy.language.split("-")[0], *policy.overrides}
    langs = None if all_languages else spoken
    for fault in _texts(policy, None if langs is None else frozenset(langs), opt_out):
        language, _, key = fault.where.removeprefix("texts ").partition(" ")
        if fault.where.startswith("texts ") or (fault.kind == "fault" and key in policy.overrides.get(language, ())):
            mend = "Mend this text, or take it out and keep the built-in one."
            at = f"{where}.texts.{language}.{key}".rstrip(".")
            yield _error(settings, at, fault.message, mend)
        elif fault.kind == "fault" or language in spoken:
            yield _warning(
                settings, f"{where}.language", f"the text {fault.where}: {fault.message}", "texts may replace it."
            )
    for language, texts in policy.overrides.items():
        for name, text in texts.items():
            if word := _shouted(text, opt_out):
                what = f"it offers {word}, which the sender of the texts takes as an opt-out"
                yield _error(settings, f"{where}.texts.{language}.{name}", what, "Offer 1, 2 or 3 instead.")


def _gateway(settings: Settings, shop: Shop) -> Iterator[Fault]:
    gateway = settings.blocks(shop).sms_gateway
    if gateway and gateway.two_way and gateway.sender and sender_kind(gateway.sender) == "name":
        where = f"{settings.home(shop, 'sms_gateway')[0]}.two_way"
        what = f"nobody can reply to the name {gateway.sender}"
        yield _warning(settings, where, what, "Write two_way: false, or a number as from.")


def _money(settings: Settings, shop: Shop, policy: Policy) -> Iterator[Fault]:
    """A limit in money counts only what has a price."""
    if policy.limits.money_per_day is None:
        return
    where = f"{settings.home(shop, 'limits')[0]}.money_per_day"
    if spending.limit_of(policy) is None:
        what = f"shop {shop.id} counts its prices in {policy.currency}, and this is another currency"
        yield _error(settings, where, what, f"Write the limit in {policy.currency}.")
        return
    priced = {"sms": "sms_segment", "whatsapp": "whatsapp_message"}
    for channel, price in priced.items():
        if policy.sender(channel) is not None and spending.cost(policy, channel) <= 0:
            what = f"{channel} has no price, so what it costs is not counted and does not wait"
            yield _warning(settings, where, what, f"Write numbers.{price}: what one costs, for example 0.08.")


def _shouted(text: str, opt_out: frozenset[str]) -> str:
    """The first word in capitals that the sender takes as an opt-out; empty where there is none."""
    return next((word for word in re.findall(r"\b[A-Z]{2,}\b", text) if word.casefold() in opt_out), "")


def _disk(settings: Settings) -> Iterator[Fault]:
    """Whether a SQLite store's folder can be written and has room."""
    if not settings.storage.url.known or settings.storage.path is None:
        return
    file = Path(settings.storage.path).absolute()
    folder = next(parent for parent in file.parents if parent.exists())
    where = "storage.url"
    if not folder.is_dir():
        yield _error(settings, where, f"{folder} is no folder", "Name a file in a folder.")
        return
    writable = os.access(folder, os.W_OK | os.X_OK) and (not file.exists() or os.access(file, os.R_OK | os.W_OK))
    if not writable or file.is_dir():
        yield _error(settings, where, f"{file} cannot be written", "Change its owner, or name another place.")
    free = shutil.disk_usage(folder).free
    if free < DISK_LEAST_BYTES:
        yield _error(settings, where, f"{folder} has only {free // 1_000_000} MB free", "Make room on the disk.")
    elif free < DISK_LOW_BYTES:
        yield _warning(settings, where, f"{folder} has {free // 1_000_000} MB free", "Make room on the disk soon.")


def _clock(file: Path, now: datetime) -> Iterator[Fault]:
    mend = "Set it, for example with: timedatectl set-ntp true"
    if not CLOCK_FROM <= now < CLOCK_UNTIL:
        yield Fault("(clock)", None, f"the clock of this machine shows {now:%Y-%m-%d}", mend)
    elif datetime.fromtimestamp(file.stat().st_mtime, UTC) > now + CLOCK_BEHIND:
        yield Fault(
            "(clock)", None, f"{file.name} was written after the clock's today, {now:%Y-%m-%d}", mend, "warning"
        )


def _error(settings: Settings, where: str, what: str, mend: str) -> Fault:
    return Fault(where, line_of(where, settings.lines), what, mend)


def _warning(settings: Settings, where: str, what: str, mend: str) -> Fault:
    return Fault(where, line_of(where, settings.lines), what, mend, "warning")
