#!/usr/bin/env python3
"""The front door: reads config.yaml, builds the parts, wires them, runs. No logic."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

if TYPE_CHECKING:
    from aiohttp import web

    from engine.clock import Clock
    from engine.settings import Settings, Shop
    from storage.sqlite import SqliteStore

#: How often the service looks after itself: backlogs, work that a process left behind.
SWEEP = timedelta(seconds=20)


class House:
    """The parts, built and wired from the settings. `start` opens the doors, `stop` closes them in order."""

    def __init__(self, settings: Settings, clock: Clock, extra: Any = None, storage_path: str | None = None) -> None:
        import secrets

        from adapters import health, imap
        from adapters.http import make_app, make_runner
        from adapters.wiring import Providers
        from engine import metrics
        from engine.decide import Decider
        from engine.engine import Engine
        from engine.knowing import Knowing
        from engine.lanes import Lanes
        from engine.leases import Processes
        from engine.outbox import Outbox
        from engine.rates import rates
        from engine.settings import people, policies
        from engine.timers import Timers
        from engine.tokens import Tokens
        from storage.opening import open_store
        from storage.serving_lock import ServingLock

        self.settings = settings
        self.clock = clock
        self.process = secrets.token_hex(6)
        key = settings.storage.key()
        tokens = Tokens(key)
        self.ended = asyncio.Event()
        path = storage_path or settings.storage.path
        self.lock = ServingLock(path) if path is not None else None
        self.store = open_store(path or settings.storage.url.reveal(), key, self._fatal)
        self.policies = policies(settings)
        decider = Decider(self.policies, Lanes(rates(self.policies)), tokens, self.process)
        self.engine = Engine(self.store, decider, clock, tokens)
        self.several = None
        if isinstance(self.store, Processes):
            from storage.several import Several

            redis = settings.storage.redis.reveal() if settings.storage.redis else None
            self.several = Several(self.engine, self.store, self.process, redis, key, self._fatal)
        bursts = {"bursts": self.several.bursts} if self.several else {}
        self.engine.knowing = Knowing(self.store, self.policies, **bursts)
        self.providers = Providers(settings, clock.now)
        channels = self.several.channels(self.providers.channels) if self.several else self.providers.channels
        self.outbox = Outbox(self.engine, channels, tokens, settings.public_url, self.process)
        self.outbox.history = self.store
        self.timers = Timers(self.engine)
        self.people = {shop.id: people(settings, shop.id) for shop in settings.shops}
        self.known_faults: dict[str, str] = {}
        self.bots: list[Any] = []
        self.polling: list[Any] = []  # of the bots: of several processes, one polls
        self.mailboxes = imap.readers(settings, self.engine)
        routes: list[web.RouteDef] = self.providers.routes(self.engine, key)
        routes += health.Health(self, metrics.registry(self.engine.counters)).routes()
        routes += self._telegram()
        self.app = make_app(self.engine, [*routes, *(extra(self) if extra else ())])
        self.runner = make_runner(self.app)
        self.tasks: list[asyncio.Task[Any]] = []

    async def _moved(self, old: str, new: str) -> None:
        from engine.opening import group_moved

        await group_moved(self.engine, old, new)

    def _fatal(self, why: str) -> None:
        """The disk can no longer be trusted: end, and let the supervisor start us on what it really holds."""
        print(f"doorstep: {why}", file=sys.stderr)
        os._exit(70)

    def _telegram(self) -> list[web.RouteDef]:
        """One bot for each token, imported (slowly) only where a shop has a group."""
        blocks = {s.id: b for s in self.settings.shops if (b := self.settings.blocks(s).telegram) is not None}
        tokens = {block.token.reveal(): block for block in blocks.values()}
        if not tokens:
            return []
        from bot.service import TelegramService

        desks = {}
        for token, block in tokens.items():
            shops = frozenset(shop for shop, other in blocks.items() if other.token.reveal() == token)
            webhook = block.mode == "webhook"
            bot = TelegramService(
                token,
                block.base_url,
                self.engine,
                public_url=self.settings.public_url if webhook else "",
                secret=block.webhook_secret.reveal() if webhook and block.webhook_secret else "",
                shops=shops,
                on_migrated=self._moved,
            )
            self.bots.append(bot)
            if not webhook:
                self.polling.append(bot)
            desks |= dict.fromkeys(shops, bot.desk)
        self.outbox.desks = desks
        return [route for bot in self.bots for route in bot.routes()]

    # -- adapters.health.Probe

    async def counts(self) -> dict[str, int]:
        return await self.store.counts()

    def faults(self) -> dict[str, str]:
        late = {f"lane {name}": f"{int(s)} s behind" for name, s in self.outbox.backlog_s().items() if s > 60}
        return {**self.known_faults, **late}

    async def start(self, host: str, port: int) -> None:
        from aiohttp import web

        from adapters.replaying import replay
        from engine.opening import open_desks

        if self.lock is not None:
            self.lock.take()
        if self.several is not None:
            await self.several.start(on_lead=lambda: self._start_bots([*self.polling, *self.mailboxes]))
        await open_desks(self.engine, self.people)
        if self.several is None:
            await self.outbox.recover()
        await replay(
            self.store,
            self.engine,
            self.providers.parsers(self.engine),
            {"telegram": self.bots[0].intake.take} if self.bots else {},
        )
        self.timers.start()
        await self.runner.setup()
        await web.TCPSite(self.runner, host, port, backlog=512, reuse_address=True).start()
        self._start_bots([bot for bot in self.bots if self.several is None or bot not in self.polling])
        self._start_bots(self.mailboxes if self.several is None else [])
        self.tasks.append(asyncio.create_task(self._sweep()))
        # lexicon and catalogues are a million objects that live for ever: a collection that walks them stops the loop for 0.1 s
        gc.collect()
        gc.freeze()

    def _start_bots(self, bots: list[Any]) -> None:
        for bot in bots:
            bot.start()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP.total_seconds())
            with contextlib.suppress(Exception):
                self.engine.resume()
                await self.outbox.watch_backlog()

    async def next_moment(self) -> datetime | None:
        moments = [m for m in (await self.store.next_due(), self.outbox.next_moment()) if m is not None]
        return min(moments, default=None)

    def busy(self) -> int:
        return self.outbox.busy() + self.timers.busy

    async def stop(self) -> None:
        """No new request, finish what runs, then close."""
        await self.runner.cleanup()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.timers.stop()
        await self.outbox.stop()
        for bot in [*self.bots, *self.mailboxes]:
            await bot.close()
        if self.several is not None:
            await self.several.stop()
        await self.providers.close()
        await self.store.close()
        if self.lock is not None:
            self.lock.release()


async def _run(house: House, host: str, port: int) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, house.ended.set)
    await house.start(host, port)
    click.echo(f"Doorstep listens on http://{host}:{port}", err=True)
    await house.ended.wait()
    click.echo("Stopping: finishing what is under way …", err=True)
    await house.stop()


def _settings(context: click.Context, command: str) -> Settings:
    """The settings, or every fault at once and exit 1."""
    from engine.settings import BadSettings, load, unset

    try:
        settings = load(context.obj, os.environ)
        faults = unset(settings, command)
    except BadSettings as error:
        faults = list(error.faults)
    if faults:
        for fault in faults:
            click.echo(str(fault), err=True)
        raise SystemExit(1)
    return settings


class Plain(click.Group):
    """What the house itself says is wrong is said in one line, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        from engine.ports import ServiceError

        try:
            return super().invoke(ctx)
        except ServiceError as error:
            click.echo(f"doorstep: {error}", err=True)
            raise SystemExit(1) from None


@click.group(cls=Plain, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--config", default="config.yaml", show_default=True, help="The settings.")
@click.pass_context
def main(context: click.Context, config: str) -> None:
    """Doorstep confirms cash-on-delivery orders by conversation.

    \b
    Try it:      python run.py sandbox
    For real:    python run.py check && python run.py serve
    """
    context.obj = Path(config)


@main.command()
@click.pass_context
def serve(context: click.Context) -> None:
    """The real service: webhooks, bot, pumps.

    Example: python run.py --config shop.yaml serve
    """
    from engine import journal_log
    from engine.check import refuses_start
    from engine.clock import RunningClock

    settings = _settings(context, "serve")
    stopping = refuses_start(context.obj, os.environ, datetime.now(UTC))
    for fault in stopping:
        click.echo(str(fault), err=True)
    if stopping:
        raise SystemExit(1)
    journal_log.set_up()
    host, _, port = settings.listen.rpartition(":")

    async def go() -> None:
        await _run(House(settings, RunningClock()), host, int(port))

    asyncio.run(go())


@main.command()
@click.option("--port", default=8080, show_default=True, help="Where the page and the service answer.")
@click.option("--data", default="", help="Keep the database here; without it each start begins afresh.")
@click.pass_context
def sandbox(context: click.Context, port: int, data: str) -> None:
    """The service with pretend providers, and a page to play with.

    Example: python run.py sandbox --port 8080
    """
    asyncio.run(_play(context.obj, port, data))


async def _play(config: Path, port: int, data: str) -> None:
    """The unchanged service, pointed at pretend providers on loopback; the page and the inspection are mounted beside it."""
    import base64
    import secrets
    import tempfile

    from adapters.inspection import Inspection
    from engine import journal_log
    from engine.clock import RunningClock
    from engine.settings import BadSettings, load
    from sandbox.play import Playground
    from sandbox.pretend import pretend_providers
    from sandbox.shops import ShopAccess

    journal_log.set_up("WARNING")
    url = f"http://127.0.0.1:{port}"
    access = ShopAccess(secrets.token_hex(8), secrets.token_hex(8), secrets.token_hex(8), "demo")
    async with contextlib.AsyncExitStack() as stack:
        folder = data or stack.enter_context(tempfile.TemporaryDirectory(prefix="doorstep-"))
        pretend = await stack.enter_async_context(pretend_providers(url))
        key = base64.b64encode(b"the sandbox keeps nothing secret"[:32]).decode()
        path = Path(folder).resolve() / "sandbox.db"
        env = {"DOORSTEP_KEY": key, "DEMO_API_TOKEN": access.api_token, **pretend.env}
        env |= {"SHOPIFY_SECRET": access.shopify_secret, "WOO_SECRET": access.woo_secret}
        try:
            settings = load(config, env, pretend.settings(url, f"sqlite:///{path}", access, _approved()))
        except BadSettings as error:
            for fault in error.faults:
                click.echo(str(fault), err=True)
            raise SystemExit(1) from None
        clock = RunningClock()
        play = Playground(
            pretend.world,
            pretend.twilio,
            pretend.telegram,
            pretend.smtp,
            service_url=url,
            shop=access,
            group_chat=pretend.group,
            people=pretend.people,
        )

        def extra(house: House) -> list[web.RouteDef]:
            inside = Inspection(house.store, tuple(house.policies), clock, house.busy, house.next_moment)
            return [*play.routes(), *inside.routes()]

        house = House(settings, clock, extra)
        house.app.on_shutdown.append(lambda _app: play.close())  # its event streams would hold the shutdown up
        click.echo(f"The sandbox: open {url} in a browser. Ctrl-C ends it.", err=True)
        await _run(house, "127.0.0.1", port)


def _approved() -> dict[str, dict[str, tuple[str, list[tuple[str, str]]]]]:
    """Our WhatsApp templates as the sandbox's Twilio has approved them: name -> language -> (body, buttons)."""
    from flows.wording import languages, proactive_templates, wa_template

    found: dict[str, dict[str, tuple[str, list[tuple[str, str]]]]] = {}
    for name in proactive_templates():
        for lang in languages():
            template = wa_template(name, lang)
            found.setdefault(name, {})[lang] = (template.body, list(template.buttons))
    return found


@main.command()
@click.option("--online", is_flag=True, help="Also ask the providers: credentials, webhooks, templates.")
@click.pass_context
def check(context: click.Context, online: bool) -> None:
    """Looks for everything that is wrong, and says where and how to mend it. Exit 0 or 1.

    Example: python run.py check
    """
    from engine.check import check as look
    from engine.check import check_online

    faults = look(context.obj, os.environ, datetime.now(UTC))
    if online and not any(not fault.warning for fault in faults):
        from adapters.probing import probes

        settings = _settings(context, "check")
        faults = [*faults, *asyncio.run(check_online(settings, probes(settings)))]
    elif online:
        click.echo("The providers are asked once everything below is mended:", err=True)
    for fault in faults:
        click.echo(str(fault))
    wrong = [f for f in faults if not f.warning]
    click.echo("All is well." if not faults else f"{len(wrong)} to mend, {len(faults) - len(wrong)} to know of.")
    raise SystemExit(1 if wrong else 0)


@main.command()
def understand() -> None:
    """JSON lines in, JSON lines out: what a customer's words mean.

    Example: echo '{"text": "haan bhej do", "prompt": "confirm"}' | python run.py understand
    """
    from engine.understanding import understood

    for line in sys.stdin.buffer:
        if line.strip():
            sys.stdout.buffer.write(understood(line) + b"\n")
            sys.stdout.buffer.flush()


@main.command()
@click.argument("template", required=False)
@click.option("--all", "every", is_flag=True, help="Every template.")
@click.option("--lang", default="en", show_default=True)
def preview(template: str | None, every: bool, lang: str) -> None:
    """The text that would go out, per channel, with encoding, segments and cost.

    Example: python run.py preview confirm_words --lang es
    """
    from flows.wording import UnknownTemplate, template_names
    from flows.wording import preview as show

    if not template and not every:
        raise click.UsageError("Name a template, or --all. Templates: " + ", ".join(template_names()))
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


@main.command("orders")
@click.argument("order_id", required=False)
@click.option("--state", default=None, help="Only orders in this state.")
@click.option("--shop", default=None, help="The shop, where there are several.")
@click.pass_context
def orders(context: click.Context, order_id: str | None, state: str | None, shop: str | None) -> None:
    """Lists orders; with an id, one order and its whole journal.

    Example: python run.py orders --state flagged
    """
    from engine.listing import one_order, order_lines
    from storage.opening import open_store

    settings = _settings(context, "orders")
    store = open_store(settings.storage.path or settings.storage.url.reveal(), settings.storage.key(), lambda why: None)
    shops = [shop] if shop else [s.id for s in settings.shops]

    async def show() -> int:
        try:
            lines = await (one_order(store, shops, order_id) if order_id else order_lines(store, shops, state))
        finally:
            await store.close()
        for line in lines:
            click.echo(line)
        return 0 if lines else 1

    if asyncio.run(show()):
        click.echo(f"No order {order_id} is known." if order_id else "No orders yet.", err=bool(order_id))
        raise SystemExit(1 if order_id else 0)


def _pairs(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """name=value options as a dict. A column's name or a shop's word may hold a "=", our names never do."""
    del context
    pairs = [value.partition("=") if option.name == "columns" else value.rpartition("=") for value in values]
    wrong = next((value for value, (name, _, _) in zip(values, pairs, strict=True) if not name), None)
    if wrong is not None:
        raise click.BadParameter(f"{wrong!r} is not like name=value", param=option)
    return {name: value for name, _, value in pairs}


@main.command("import-history")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--shop", default=None, help="The shop, where there are several.")
@click.option("--yes", is_flag=True, help="Do not ask after the preview.")
@click.option("--map", "columns", multiple=True, callback=_pairs, help="field=column, where names do not tell.")
@click.option(
    "--outcome", "outcomes", multiple=True, callback=_pairs, help="status=ending[:fault], for words of this shop."
)
@click.option("--dates", type=click.Choice(["ymd", "dmy", "mdy"]), default=None, help="Where the file cannot tell.")
@click.option("--encoding", default=None, help="Where it is taken for another.")
@click.option("--delimiter", default=None, help="Where it is taken for another.")
@click.pass_context
def import_history(
    context: click.Context,
    file: Path,
    shop: str | None,
    yes: bool,
    columns: dict[str, str],
    outcomes: dict[str, str],
    dates: Any,
    encoding: str | None,
    delimiter: str | None,
) -> None:
    """Past orders with how they ended, from a shop's CSV. Resumable and repeatable; refused rows go to FILE.rejects.csv.

    Example: python run.py import-history orders.csv --map status="Last state" --outcome "RTO=returned"
    """
    from rich.console import Console

    from engine.history_commands import import_history as bring
    from engine.history_survey import Told
    from engine.ports import ServiceError

    settings = _settings(context, "import-history")
    home = _shop(settings, shop)
    told = Told(
        language=home.language,
        country=home.country,
        currency=home.currency,
        zone=home.timezone,
        now=datetime.now(UTC),
        map=columns,
        outcomes=outcomes,
        dates=dates,
        encoding=encoding,
        delimiter=delimiter,
    )

    def agreed() -> bool:
        if not yes and not sys.stdin.isatty():
            raise click.ClickException("Nothing was changed. If the preview is right, run this again with --yes.")
        return yes or click.confirm("Import it so?")

    async def go() -> bool:
        store = _past(settings)
        try:
            return await bring(file, home.id, told, store, Console(), agreed) is not None
        finally:
            await store.close()

    try:
        done = asyncio.run(go())
    except KeyboardInterrupt:
        click.echo("Stopped. What was imported stays; run the same command again to go on from there.", err=True)
        raise SystemExit(130) from None
    except (ServiceError, OSError) as error:
        raise click.ClickException(str(error)) from error
    raise SystemExit(0 if done else 1)


def _past(settings: Settings) -> SqliteStore:
    """The store with the shop's past, opened."""
    from storage.opening import open_store
    from storage.sqlite import SqliteStore

    store = open_store(settings.storage.path or settings.storage.url.reveal(), settings.storage.key(), lambda why: None)
    if not isinstance(store, SqliteStore):
        raise click.ClickException("The history is kept in SQLite only: set storage.url to sqlite:///data/doorstep.db")
    return store


def _shop(settings: Settings, shop: str | None) -> Shop:
    known = [s.id for s in settings.shops]
    if shop is None and len(known) > 1:
        raise click.UsageError(f"Which shop? Say --shop and one of: {', '.join(known)}")
    if shop is not None and shop not in known:
        raise click.UsageError(f"There is no shop {shop}. Shops: {', '.join(known)}")
    return settings.shop(shop or known[0])


@main.command()
@click.option("--phone", default="", help="As the customer wrote it.")
@click.option("--email", default="", help="As the customer wrote it.")
@click.option("--address", default="", help="In one line: street and number, postcode, town.")
@click.option("--total", default="", help="Of the order, in the shop's currency.")
@click.option("--name", default="", help="The customer's.")
@click.option("--shop", default=None, help="The shop, where there are several.")
@click.option("--backtest", is_flag=True, help="How well verdicts would have foretold returns so far. Changes nothing.")
@click.option("--return-cost", type=float, default=9.0, show_default=True, help="Of a parcel that comes back.")
@click.option("--look-cost", type=float, default=1.2, show_default=True, help="Of one order that staff look into.")
@click.pass_context
def assess(
    context: click.Context,
    phone: str,
    email: str,
    address: str,
    total: str,
    name: str,
    shop: str | None,
    backtest: bool,
    return_cost: float,
    look_cost: float,
) -> None:
    """What the history says of an order, as JSON: verdict, reasons, the orders behind each reason.

    Example: python run.py assess --phone "600 000 000" --total 49.90
    """
    from bot.words import Words
    from engine.history_assess import Asked, assessed, replayed
    from engine.ports import ServiceError
    from engine.settings import policies
    from flows.money import exponent
    from flows.risk.report import Costs

    if not backtest and not (phone or email or address):
        raise click.UsageError("Say who: --phone, --email or --address; or --backtest.")
    settings = _settings(context, "assess")
    policy = policies(settings)[_shop(settings, shop).id]
    minor = 10 ** exponent(policy.currency)
    costs = Costs(round(return_cost * minor), round(look_cost * minor))
    asked = Asked(phone=phone, email=email, address=address, total=total, name=name)

    async def look() -> dict[str, Any]:
        store = _past(settings)
        try:
            if backtest:
                return replayed(policy, store, costs)
            return await assessed(asked, policy, store, Words(policy.language).say, datetime.now(UTC))
        finally:
            await store.close()

    try:
        found = asyncio.run(look())
    except ServiceError as error:
        raise click.ClickException(str(error)) from error
    click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())


def _named(command: Any) -> Any:
    """The options that name a person."""
    for name, about in (("phone", "With country code, or as in the shop's country."), ("email", "Their mailbox."),
                        ("whatsapp-id", "The user id of who hides their number.")):  # fmt: skip
        command = click.option(f"--{name}", default="", help=about)(command)
    return command


@main.command("export-customer")
@_named
@click.option("--shop", default=None, help="One shop only, where there are several.")
@click.pass_context
def export_customer(context: click.Context, phone: str, email: str, whatsapp_id: str, shop: str | None) -> None:
    """Everything held about one person, as JSON: conversations, orders, verdicts with reasons, journal, history.

    Example: python run.py export-customer --phone +34600000000 > ana.json
    """
    from engine.people_data import Named, exported
    from engine.settings import policies

    settings = _settings(context, "export-customer")
    named = _someone(Named(phone=phone, email=email, whatsapp_id=whatsapp_id))
    known = {_shop(settings, shop).id: policies(settings)[shop]} if shop else policies(settings)

    async def look() -> dict[str, Any]:
        store = _past(settings)
        try:
            return await exported(store, known, named)
        finally:
            await store.close()

    click.echo(msgspec.json.format(msgspec.json.encode(asyncio.run(look())), indent=2).decode())


@main.command("erase-customer")
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

    settings = _settings(context, "erase-customer")
    named = _someone(Named(phone=phone, email=email, whatsapp_id=whatsapp_id))
    known = {_shop(settings, shop).id: policies(settings)[shop]} if shop else policies(settings)
    if not yes:
        click.confirm("This cannot be taken back. Erase?", abort=True)

    async def erase() -> Erased:
        store = _past(settings)
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


@main.command("send-test")
@click.option("--to", required=True, help="Phone with country code, or e-mail address.")
@click.option("--channel", default=None, help="sms, whatsapp or email; by default what fits the address.")
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

    settings = _settings(context, "send-test")
    shop_id = shop or settings.shops[0].id

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


@main.command()
@click.option(
    "--to", "target", required=True, help="mongodb://host/database. The data is sealed with the same encryption_key."
)
@click.pass_context
def migrate(context: click.Context, target: str) -> None:
    """A shop's data to another storage. May be broken off and run again; run it once while serving, and once after.

    Example: python run.py migrate --to mongodb://127.0.0.1/doorstep
    """
    from engine.ports import ServiceError

    settings = _settings(context, "migrate")
    if settings.storage.path is None or not target.startswith(("mongodb://", "mongodb+srv://")):
        raise click.ClickException("A move goes from storage.url sqlite:///... to --to mongodb://host/database.")
    try:
        same, ended = asyncio.run(_migrate(settings.storage.path, target, settings.storage.key()))
    except ServiceError as error:
        raise click.ClickException(str(error)) from error
    if ended and same:
        click.echo(f"Moved. Set storage.url to {target.partition('?')[0].rpartition('@')[2]} and start serve.")
    elif not ended:
        click.echo("Copied while the shop is being served. Stop serve and run this again: it copies only what changed.")
    else:
        click.echo("The two sides differ. Run this again; nothing was changed at the source.", err=True)
    raise SystemExit(0 if same or not ended else 1)


async def _migrate(path: str, target: str, key: bytes) -> tuple[bool, bool]:
    """(both sides are the same, and nobody served the source meanwhile)."""
    from engine.migrating import move
    from engine.ports import StoreUnavailable
    from storage.mongo import MongoStore
    from storage.serving_lock import ServingLock
    from storage.sqlite_moving import SqliteSource

    if not Path(path).exists():
        raise click.ClickException(f"There is no {path} to move.")
    lock, source, store = ServingLock(path), SqliteSource(path, key), MongoStore(target, key)
    last = True
    try:
        lock.take()
    except StoreUnavailable:
        last = False
    try:
        report = await move(
            source,
            store.moving(),
            last=last,
            progress=lambda kind, many: click.echo(f"  {kind}: {many}", err=True),
        )
    finally:
        source.close()
        await store.close()
        lock.release()
    for moved in report:
        click.echo(
            f"{moved.kind:<16} {moved.count:>9}  copied {moved.copied:>9}  {'same' if moved.same else 'DIFFERS'}"
        )
    return all(moved.same for moved in report), last


if __name__ == "__main__":
    main()
