"""What is held about one person: exported, erased."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import click
import msgspec

from commands.front import people_of, settings_of, shop_of


def _named(command: Any) -> Any:
    """The options that name a person."""
    for name, about in (("phone", "With country code, or as in the shop's country."), ("email", "Their mailbox."),
                        ("whatsapp-id", "The user id of who hides their number.")):  # fmt: skip
        command = click.option(f"--{name}", default="", help=about)(command)
    return command


@click.command("export-customer")
@_named
@click.option("--shop", default=None, help="One shop only, where there are several.")
@click.pass_context
def export_customer(context: click.Context, phone: str, email: str, whatsapp_id: str, shop: str | None) -> None:
    """Everything held about one person, as JSON: conversations, orders, verdicts with reasons, journal, history.

    Example: python run.py export-customer --phone +34600000000 > ana.json
    """
    from engine.people_data import Named, exported
    from engine.settings import policies

    settings = settings_of(context, "export-customer")
    named = _someone(Named(phone=phone, email=email, whatsapp_id=whatsapp_id))
    known = {shop_of(settings, shop).id: policies(settings)[shop]} if shop else policies(settings)

    async def look() -> dict[str, Any]:
        store = people_of(settings)
        try:
            return await exported(store, known, named)
        finally:
            await store.close()

    click.echo(msgspec.json.format(msgspec.json.encode(asyncio.run(look())), indent=2).decode())


@click.command("erase-customer")
@_named
@click.option("--shop", default=None, help="One shop only, where there are several.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def erase_customer(
    context: click.Context, phone: str, email: str, whatsapp_id: str, shop: str | None, yes: bool
) -> None:
    """Erases everything held about one person, for good; that they said stop stays known, as a keyed hash.

    Example: python run.py erase-customer --phone +34600000000
    """
    from engine.people_data import Erased, Named, erased
    from engine.settings import policies

    settings = settings_of(context, "erase-customer")
    named = _someone(Named(phone=phone, email=email, whatsapp_id=whatsapp_id))
    known = {shop_of(settings, shop).id: policies(settings)[shop]} if shop else policies(settings)
    if not yes:
        click.confirm("This cannot be taken back. Erase?", abort=True)

    async def erase() -> Erased:
        store = people_of(settings)
        try:
            return await erased(store, known, named, datetime.now(UTC))
        finally:
            await store.close()

    done = asyncio.run(erase())
    click.echo(
        f"Erased: {done.conversations} conversation(s), {done.history} past order(s), {done.bodies} unread body(ies)."
    )
    click.echo(
        "Not ours to erase: the Telegram group, the customer's phone, the shop's own system, backups made before."
    )


def _someone(named: Any) -> Any:
    if not (named.phone or named.email or named.whatsapp_id):
        raise click.UsageError("Say who: --phone, --email or --whatsapp-id.")
    return named
