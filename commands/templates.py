"""WhatsApp templates at Meta and Twilio: listed, submitted, compared."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import click

from commands.front import settings_of, shop_of

if TYPE_CHECKING:
    from engine.settings import Settings
    from engine.template_table import Look


@click.group("templates")
def templates() -> None:
    """WhatsApp templates: what the provider says of them, what lacks, and their submission.

    Example: python run.py templates list
    """


def _options(command: Any) -> Any:
    command = click.option("--shop", default=None, help="The shop, where there are several.")(command)
    return click.option("--lang", "langs", multiple=True, help="A language; may be given more than once.")(command)


@templates.command("list")
@_options
@click.option("--texts", is_flag=True, help="Also what is said, as it is submitted.")
@click.pass_context
def list_(context: click.Context, shop: str | None, langs: tuple[str, ...], texts: bool) -> None:
    """Our templates, and how each stands at the provider.

    Example: python run.py templates list --lang es --texts
    """
    from engine.template_table import table

    look = _look(settings_of(context, "templates"), shop, langs)
    for line in table(look, texts):
        click.echo(line)


@templates.command("check")
@_options
@click.pass_context
def check(context: click.Context, shop: str | None, langs: tuple[str, ...]) -> None:
    """Compares config.yaml with the provider; exit 1 where something cannot be sent.

    Example: python run.py templates check
    """
    from engine.template_table import faults

    look = _look(settings_of(context, "templates"), shop, langs)
    found = faults(look)
    for line in found:
        click.echo(line)
    click.echo(f"{len(found)} to mend." if found else "All templates that config.yaml names are approved.")
    raise SystemExit(1 if found else 0)


@templates.command("submit")
@click.argument("names", nargs=-1)
@_options
@click.option("--all", "every", is_flag=True, help="Every template that is not there yet.")
@click.option("--prefix", default="doorstep", show_default=True, help="What they are called there: <prefix>_<name>.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def submit(
    context: click.Context,
    names: tuple[str, ...],
    shop: str | None,
    langs: tuple[str, ...],
    every: bool,
    prefix: str,
    yes: bool,
) -> None:
    """Asks the provider to approve templates, and prints what to put into config.yaml.

    Example: python run.py templates submit confirm reconfirm --lang es
    """
    from engine.template_table import chosen, to_paste
    from flows.wording import proactive_templates

    known = proactive_templates()
    wrong = [name for name in names if name not in known]
    if wrong or (not names and not every):
        which = f"There is no template {wrong[0]}." if wrong else "Name templates, or --all."
        raise click.UsageError(f"{which} Templates: {', '.join(known)}")
    settings = settings_of(context, "templates")
    look = _look(settings, shop, langs)
    wanted = chosen(look, names or known, langs)
    if not wanted:
        click.echo("Nothing to submit: they are all there.")
        return
    click.echo(f"To {look.provider}: {', '.join(f'{w.name} ({w.language})' for w in wanted)}")
    if not yes:
        click.confirm("Submit for approval?", abort=True)
    done = asyncio.run(_submit(settings, look, wanted, prefix))
    for line in to_paste(look, done):
        click.echo(line)
    raise SystemExit(1 if any(what.why for _, what in done) else 0)


def _look(settings: Settings, shop: str | None, langs: tuple[str, ...]) -> Look:
    """What the provider of this shop's WhatsApp says, or one plain line and exit 1."""
    from engine.settings import policies
    from engine.template_table import Look, place_of

    shop_id = shop_of(settings, shop).id
    policy = policies(settings)[shop_id]
    if policy.whatsapp is None:
        raise click.ClickException(f"Shop {shop_id} has no WhatsApp: see channels, twilio and meta in config.yaml.")

    async def ask() -> Look:
        from adapters.wiring import Providers
        from engine.clock import RunningClock

        providers = Providers(settings, RunningClock().now)
        try:
            place = place_of(providers.templates(), policy)
            if place.lacks():
                raise click.ClickException(f"Templates need {place.lacks()} in config.yaml.")
            return Look(policy, place.provider, place.configured, await place.listed(), langs)
        finally:
            await providers.close()

    return asyncio.run(ask())


async def _submit(settings: Settings, look: Look, wanted: list[Any], prefix: str) -> list[Any]:
    from adapters.wiring import Providers
    from engine.clock import RunningClock
    from engine.template_table import place_of

    providers = Providers(settings, RunningClock().now)
    try:
        place = place_of(providers.templates(), look.policy)
        done = []
        for template in wanted:
            what = await place.submit(template, f"{prefix}_{template.name}", look.listed)
            word = {"new": "submitted", "again": "submitted again", "there": "is there already"}.get(what.was, "")
            click.echo(f"  {template.name} ({template.language}): {word or what.why}")
            done.append((template, what))
        return done
    finally:
        await providers.close()
