"""The service: for real, and against pretend providers."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.front import settings_of
from commands.house import House, run

if TYPE_CHECKING:
    import socket

    from aiohttp import web

    from engine.settings import Settings
    from sandbox.pretend import Pretend
    from sandbox.shops import ShopAccess


@click.command()
@click.pass_context
def serve(context: click.Context) -> None:
    """The real service: webhooks, bot, pumps.

    Example: python run.py --config shop.yaml serve
    """
    gc.disable()  # until everything that lives for ever stands: half a second of the start; see House.start
    from engine import journal_log
    from engine.check import refuses_start
    from engine.clock import RunningClock

    settings = settings_of(context, "serve")
    stopping = refuses_start(context.obj, os.environ, datetime.now(UTC))
    for fault in stopping:
        click.echo(str(fault), err=True)
    if stopping:
        raise SystemExit(1)
    journal_log.set_up()
    host, _, port = settings.listen.rpartition(":")

    async def go() -> None:
        await run(House(settings, RunningClock()), host, int(port))

    asyncio.run(go())


@click.command()
@click.option("--port", default=8080, show_default=True, help="Where the page and the service answer.")
@click.option("--data", default="", help="Keep the database here; without it each start begins afresh.")
@click.pass_context
def sandbox(context: click.Context, port: int, data: str) -> None:
    """The service with pretend providers, and a page to play with.

    Example: python run.py sandbox --port 8080
    """
    gc.disable()  # as in serve: a fifth of the start
    import socket

    from engine import journal_log

    journal_log.set_up("WARNING")
    with socket.create_server(("127.0.0.1", port), backlog=512) as listening:
        click.echo(f"The sandbox: open http://127.0.0.1:{port} in a browser. Ctrl-C ends it.", err=True)
        while asyncio.run(_play(context.obj, port, data, listening)):
            gc.unfreeze()  # the house that is gone may be collected


async def _play(config: Path, port: int, data: str, listening: socket.socket) -> bool:
    """The unchanged service, pointed at pretend providers on loopback; the page and the inspection are mounted beside it.

    True: it shall begin afresh. Requests meanwhile wait in the queue of `listening`, which stays open.
    """
    import secrets
    import tempfile

    from adapters.inspection import Inspection
    from engine.clock import RunningClock
    from engine.guide import looked
    from sandbox.play import Playground
    from sandbox.pretend import afternoon, pretend_providers
    from sandbox.shops import ShopAccess

    url = f"http://127.0.0.1:{port}"
    access = ShopAccess(secrets.token_hex(8), secrets.token_hex(8), secrets.token_hex(8), "demo")
    async with contextlib.AsyncExitStack() as stack:
        folder = data or stack.enter_context(tempfile.TemporaryDirectory(prefix="doorstep-"))
        path = Path(folder).resolve() / "sandbox.db"
        pretend = await stack.enter_async_context(pretend_providers(url))
        settings = _pretended(config, pretend, url, path, access)
        clock = RunningClock()
        begins = afternoon(clock.now())
        pretend.world.skip_to(begins)
        clock.skip_to(begins)
        afresh = asyncio.Event()

        def end() -> None:
            afresh.set()
            house.ended.set()

        play = Playground(
            pretend.world,
            pretend.twilio,
            pretend.telegram,
            pretend.smtp,
            service_url=url,
            shop=access,
            group_chat=pretend.group,
            people=pretend.people,
            ready=lambda: looked(config, datetime.now(UTC)),
            afresh=end,
        )
        play.shop.keeps(pretend.admin, pretend.rest, pretend.callback)

        def extra(house: House) -> list[web.RouteDef]:
            inside = Inspection(house.store, tuple(house.policies), clock, house.busy, house.next_moment)
            return [*play.routes(), *inside.routes()]

        house = House(settings, clock, extra)
        house.app.on_shutdown.append(lambda _app: play.close())  # its event streams would hold the shutdown up
        await run(house, "127.0.0.1", port, listening.dup())
        if afresh.is_set():
            for kept in path.parent.glob(f"{path.name}*"):
                kept.unlink()  # with --data it would be read again
    return afresh.is_set()


def _pretended(config: Path, pretend: Pretend, url: str, path: Path, access: ShopAccess) -> Settings:
    """The settings of `config` with the pretend providers in place of the real ones; every fault at once and exit 1."""
    import base64

    from engine.settings import BadSettings, load

    key = base64.b64encode(b"the sandbox keeps nothing secret"[:32]).decode()
    env = {"DOORSTEP_KEY": key, "DEMO_API_TOKEN": access.api_token, **pretend.env}
    env |= {"SHOPIFY_SECRET": access.shopify_secret, "WOO_SECRET": access.woo_secret}
    try:
        return load(config, env, pretend.settings(url, f"sqlite:///{path}", access, _approved()))
    except BadSettings as error:
        for fault in error.faults:
            click.echo(str(fault), err=True)
        raise SystemExit(1) from None


def _approved() -> dict[str, dict[str, tuple[str, list[tuple[str, str]]]]]:
    """Our WhatsApp templates as the sandbox's Twilio has approved them: name -> language -> (body, buttons)."""
    from flows.wording import languages, proactive_templates, wa_template

    found: dict[str, dict[str, tuple[str, list[tuple[str, str]]]]] = {}
    for name in proactive_templates():
        for lang in languages():
            template = wa_template(name, lang)
            found.setdefault(name, {})[lang] = (template.body, list(template.buttons))
    return found
