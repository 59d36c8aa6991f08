"""Orders, listed, and one with its whole journal."""

from __future__ import annotations

import asyncio
from typing import get_args

import click

from commands.front import settings_of, shop_of
from flows.orders import State


@click.command("orders")
@click.argument("order_id", required=False)
@click.option("--state", type=click.Choice(get_args(State)), default=None, help="Only orders in this state.")
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
    shops = [shop_of(settings, shop).id] if shop else [s.id for s in settings.shops]

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
        if order_id:
            raise click.ClickException(f"No order {order_id} is known. All of them: python run.py orders")
        click.echo(f"No order is {state}." if state else "No orders yet.")


@click.command("order")
@click.argument("order_id")
@click.option("--shop", default=None, help="The shop, where there are several.")
@click.pass_context
def order(context: click.Context, order_id: str, shop: str | None) -> None:
    """One order with its whole journal, as `orders ID` shows it.

    Example: python run.py order 1001
    """
    context.invoke(orders, order_id=order_id, shop=shop)
