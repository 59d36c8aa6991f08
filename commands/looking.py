"""Orders, listed, and one with its whole journal."""

from __future__ import annotations

import asyncio

import click

from commands.front import settings_of


@click.command("orders")
@click.argument("order_id", required=False)
@click.option("--state", default=None, help="Only orders in this state.")
@click.option("--shop", default=None, help="The shop, where there are several.")
@click.option(
    "--why", is_flag=True, help="With an id: the reasons for its verdict, as its customer would be told them."
)
@click.pass_context
def orders(context: click.Context, order_id: str | None, state: str | None, shop: str | None, why: bool) -> None:
    """Lists orders; with an id, one order and its whole journal, or with --why what to tell a customer who asks.

    Example: python run.py orders --state flagged
    """
    from engine.listing import one_order, order_lines, reasons_told
    from engine.settings import policies
    from storage.opening import open_store

    settings = settings_of(context, "orders")
    kept = settings.storage
    store = open_store(kept.path or kept.url.reveal(), kept.key(), lambda why: None, kept.former_keys())
    shops = [shop] if shop else [s.id for s in settings.shops]

    async def show() -> int:
        try:
            if order_id and why:
                lines = await reasons_told(store, policies(settings), shops, order_id)
            else:
                lines = await (one_order(store, shops, order_id) if order_id else order_lines(store, shops, state))
        finally:
            await store.close()
        for line in lines:
            click.echo(line)
        return 0 if lines else 1

    if asyncio.run(show()):
        click.echo(f"No order {order_id} is known." if order_id else "No orders yet.", err=bool(order_id))
        raise SystemExit(1 if order_id else 0)
