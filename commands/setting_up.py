"""What an engineer needs while connecting a shop: what is wrong, what would go out, one real message; and what words mean."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import msgspec

from commands import compiled
from commands.front import settings_of, shop_of

if TYPE_CHECKING:
    from engine.settings import Fault, Settings


@click.command()
@click.option("--online", is_flag=True, help="Also ask the providers: credentials, webhooks, templates.")
@click.pass_context
def check(context: click.Context, online: bool) -> None:
    """Looks for everything that is wrong, and says where and how to mend it; then what is left to set up: how to get it at each
    provider, and what to paste where. Exit 0 or 1.

    Example: python run.py check
    """
    from engine.check import check as look
    from engine.check import check_online
    from engine.guide import guided, in_words, readable

    faults = look(context.obj, os.environ, datetime.now(UTC))
    if online and not any(not fault.warning for fault in faults):
        from adapters.probing import probes

        settings = settings_of(context, "check")
        faults = [*faults, *asyncio.run(check_online(settings, probes(settings)))]
    elif online:
        click.echo("The providers are asked once everything below is mended:", err=True)
    if not any(not fault.warning for fault in faults):
        faults = [*faults, *asyncio.run(_table(settings_of(context, "check")))]
    for fault in faults:
        click.echo(str(fault))
    steps = guided(context.obj, os.environ, datetime.now(UTC)) if readable(context.obj) else []
    if readable(context.obj):
        click.echo(f"Code: {compiled.in_words()}.")
    left = any(not step.done and not step.optional for step in steps)
    if left:
        click.echo("\nWhat is left to set up:")
        for line in in_words(steps):
            click.echo(line)
        click.echo("")
    wrong = [f for f in faults if not f.warning]
    if faults:
        click.echo(f"{len(wrong)} to mend, {len(faults) - len(wrong)} to know of.")
    else:
        click.echo("Nothing is wrong. What is left to set up stands above." if left else "All is well.")
    raise SystemExit(1 if wrong else 0)


async def _table(settings: Settings) -> list[Fault]:
    """Where the people in the file differ from the table in the store, once there is one. A MongoDB is not asked."""
    from engine.check import people_differences
    from storage.opening import desks_in

    kept, shops = settings.storage, [shop.id for shop in settings.shops]
    desks = await desks_in(kept.path, kept.key(), kept.former_keys(), shops) if kept.path is not None else {}
    return [
        fault
        for shop in settings.shops
        if shop.id in desks
        for fault in people_differences(settings, shop, desks[shop.id].people)
    ]


@click.command()
def understand() -> None:
    """JSON lines in, JSON lines out: what a customer's words mean.

    Example: echo '{"text": "haan bhej do", "prompt": "confirm"}' | python run.py understand
    """
    from engine.understanding import answers

    for said in answers(lambda: os.read(sys.stdin.fileno(), 65_536)):
        sys.stdout.buffer.write(said)
        sys.stdout.buffer.flush()


@click.command()
@click.argument("template", required=False)
@click.option("--all", "every", is_flag=True, help="Every template.")
@click.option("--lang", default="en", show_default=True, help="The customer's language.")
def preview(template: str | None, every: bool, lang: str) -> None:
    """The text that would go out, per channel, with encoding, segments and cost.

    Example: python run.py preview confirm_words --lang es
    """
    from flows.wording import UnknownTemplate, languages, template_names
    from flows.wording import preview as show

    if not template and not every:
        raise click.UsageError("Name a template, or --all. Templates: " + ", ".join(template_names()))
    lang = lang.replace("_", "-")
    if not {lang, lang.split("-")[0]} & set(languages()):
        raise click.UsageError(f"There are no texts in {lang}. Languages: " + ", ".join(languages()))
    for name in template_names() if every else (template or "",):
        try:
            shown = show(name, lang)
        except UnknownTemplate:
            raise click.UsageError(f"There is no template {name}. Templates: " + ", ".join(template_names())) from None
        for channel, rendered in shown:
            size = (
                f"{rendered.encoding}, {rendered.segments} segment(s)"
                if channel == "sms"
                else f"{len(rendered.text)} characters"
            )
            click.echo(f"{name} | {channel} | {rendered.lang} | {size}")
            for part in (rendered.subject, rendered.text, " | ".join(f"[{b.title}]" for b in rendered.buttons)):
                if part:
                    click.echo(f"    {part}")


@click.command("send-test")
@click.option("--to", required=True, help="Phone with country code, or e-mail address.")
@click.option(
    "--channel", type=click.Choice(("sms", "whatsapp", "email")), default=None, help="By default what fits the address."
)
@click.option("--shop", default=None, help="The shop, where there are several.")
@click.pass_context
def send_test(context: click.Context, to: str, channel: str | None, shop: str | None) -> None:
    """One real message through the configured provider.

    Example: python run.py send-test --to +34600000000
    """
    from adapters.wiring import Providers
    from engine.clock import RunningClock
    from engine.settings import policies
    from engine.trying import test_message

    settings = settings_of(context, "send-test")
    shop_id = shop_of(settings, shop).id

    async def send() -> str:
        clock = RunningClock()
        providers = Providers(settings, clock.now)
        try:
            message = test_message(policies(settings)[shop_id], to, channel, clock.now())
            carrier = providers.channels.get((shop_id, message.channel))
            if carrier is None:
                raise click.ClickException(
                    f"No provider carries {message.channel} for {shop_id}. See channels in config.yaml."
                )
            return msgspec.json.encode(await carrier.send(message)).decode()
        finally:
            await providers.close()

    outcome = asyncio.run(send())
    click.echo(outcome)
    raise SystemExit(0 if '"Accepted"' in outcome else 1)
