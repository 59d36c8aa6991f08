"""The server side of the bench, in a process of its own: `python -m bench.served bare|road PORT DIRECTORY COUNT`.

bare: a handler with the same loop, server options and verifier that answers "ok". road: the whole service on a SQLite file in
DIRECTORY, with COUNT customers who were asked about an order each. Prints "ready" when it may be driven; ends on end of input.
"""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web

ACCOUNT, TOKEN = "AC" + "0" * 32, "bench-token"
SENDER = "+34911000001"
PUBLIC = "https://bench.example"
#: The store, in its directory.
FILE = "bench.db"


def phone(n: int) -> str:
    return f"+346{n:08d}"


async def bare(port: int) -> web.AppRunner:
    """The baseline: verify, answer."""
    from adapters.http import make_app, make_runner
    from adapters.receiving import FORM, FORM_LIMIT_BYTES, read
    from adapters.twilio_signature import TwilioVerifier

    verify = TwilioVerifier(PUBLIC, (TOKEN,))
    start = datetime.now(UTC)

    async def handler(request: web.Request) -> web.Response:
        verify(await read(request, start, FORM_LIMIT_BYTES, (FORM,)))
        return web.Response(text="ok")

    class _Front:
        def count(self, name: str, **labels: str) -> None: ...

    runner = make_runner(make_app(_Front(), [web.post("/hooks/twilio/message", handler)]))  # type: ignore[arg-type]
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=512).start()
    return runner


SETTINGS = """
public_url: {public}
listen: 127.0.0.1:{port}
storage: {{url: "sqlite:///{path}", encryption_key: "${{KEY}}"}}
twilio: {{account_sid: {account}, auth_token: "${{TWILIO}}", base_url: "{twilio}", sms_from: "{sender}", sms_rate: {rate}}}
countries: {{ES: {{two_way_sms: true}}}}
channels: {{sms: twilio, whatsapp: null, email: null}}
limits: {{first_sms_per_number_day: null, first_sms_per_prefix_hour: null, first_sms_per_hour: null}}
shops: [{{id: demo, name: Demo Shop, language: en, country: ES, currency: EUR, timezone: Europe/Madrid}}]
"""


def house(port: int, directory: str, twilio: str, rate: float):  # type: ignore[no-untyped-def]
    """The service as `serve` builds it, on a file in `directory`."""
    import base64

    from commands.house import House
    from engine import journal_log
    from engine.clock import RunningClock
    from engine.settings import build
    from engine.settings.document import parse

    journal_log.set_up()
    for handler in logging.getLogger().handlers:  # lines are made as always, and nobody reads them
        handler.setStream(open(os.devnull, "wb"))  # type: ignore[attr-defined]  # noqa: SIM115
    text = SETTINGS.format(
        public=PUBLIC,
        port=port,
        path=Path(directory) / FILE,
        account=ACCOUNT,
        twilio=twilio,
        sender=SENDER,
        rate=rate,
    )
    env = {"KEY": base64.b64encode(bytes(32)).decode(), "TWILIO": TOKEN}
    return House(build(parse(text), env), RunningClock())


async def seed(service, count: int, *, asked: bool = True, first: int = 0) -> None:  # type: ignore[no-untyped-def]
    """Customers `first` to `count` with one pending order each, whose question was accepted."""
    from flows import pointers
    from flows.events import OrderTold
    from flows.money import Money
    from flows.orders import OrderFields
    from flows.postal import PostalAddress

    now = service.clock.now() - timedelta(minutes=1)

    async def one(n: int) -> None:
        fields = OrderFields(
            id=str(n),
            total=Money(4990, "EUR"),
            placed_at=now,
            name="Ana Ruiz",
            phone=phone(n),
            address=PostalAddress(line1="Calle Mayor 1", city="Madrid", postcode="28013", country="ES"),
        )
        to = (pointers.order("demo", str(n)), pointers.phone("demo", phone(n)))
        event = OrderTold(event_id=f"seed:{n}", to=to, at=now, opens=True, fields=fields, mode="new", source="api")
        await service.store.transact(event, service.engine._decider, now)
        if asked:
            await accepted(service, n)

    for start in range(first, count, 500):
        await asyncio.gather(*(one(n) for n in range(start, min(start + 500, count))))


async def accepted(service, n: int) -> None:  # type: ignore[no-untyped-def]
    """The provider took the question that a seeded order had planned."""
    from flows import pointers
    from flows.effects import Accepted
    from flows.events import EffectSettled

    now = service.clock.now() - timedelta(minutes=1)
    to = (pointers.order("demo", str(n)),)
    settled = EffectSettled(
        event_id=f"s:{n}", to=to, at=now, effect_id=f"seed:{n}/0", provider="twilio", outcome=Accepted(f"SM{n}")
    )
    await service.store.transact(settled, service.engine._decider, now)


async def main() -> None:
    kind, port, directory, count = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    twilio = sys.argv[5] if len(sys.argv) > 5 else "http://127.0.0.1:9"
    rate = float(sys.argv[6]) if len(sys.argv) > 6 else 0.001
    service = None
    if kind == "bare":
        runner = await bare(port)
    else:
        service = house(port, directory, twilio, rate)
        await seed(service, count)
        await service.start("127.0.0.1", port)
    print("ready", flush=True)
    loop = asyncio.get_running_loop()
    before = resource.getrusage(resource.RUSAGE_SELF)
    await loop.run_in_executor(None, sys.stdin.readline)
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    commits, units = (service.store.commits, service.store.units) if service else (0, 0)
    print(f"cpu {cpu:.3f} rss {after.ru_maxrss} commits {commits} units {units}", flush=True)
    if service is None:
        await runner.cleanup()
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
