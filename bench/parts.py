"""What an answer and its acknowledgement are made of, part by part: `python -m bench.parts`.

Each part alone, warm, the least of many short runs: so short that on a busy machine some run undisturbed. Between the others, with
other customers' data in between, a part takes up to twice that. Sockets, SQL and the disk are in bench.road.
"""

from __future__ import annotations

import asyncio
import gc
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.road import PATH, answer
from bench.served import house, phone, seed
from flows import pointers
from flows.effects import Accepted, Say
from flows.events import EffectSettled

RUNS, IN_A_RUN = 600, 16


def least(what: str, part: Callable[[], object]) -> None:
    """One row: microseconds of the part."""
    best = float("inf")
    for _ in range(RUNS):
        begin = time.perf_counter_ns()
        for _ in range(IN_A_RUN):
            part()
        best = min(best, time.perf_counter_ns() - begin)
    print(f"{what:<52} {best / IN_A_RUN / 1000:6.1f} us", flush=True)


async def main() -> None:
    from adapters import exchange, twilio
    from adapters.receiving import Received
    from engine import rendering
    from storage import codec

    data = Path.cwd() / "data"
    data.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data) as directory:
        service = house(18890, directory, "http://127.0.0.1:9", 5000)
        await seed(service, 2)
        document = await service.store.load(pointers.phone("demo", phone(1)))
        now, decider, policy = service.clock.now(), service.engine._decider, service.policies["demo"]
        head, _, body = answer(1, "1", "a" * 22).partition(b"\r\n\r\n")
        lines = [line.split(": ", 1) for line in head.decode().split("\r\n")[1:]]
        headers = {name.lower(): value for name, value in lines}
        account = twilio.Accounts(service.providers.twilio)
        received = Received(body, PATH, headers, now)
        (event,) = account.message(received)
        decision = decider(document, "", event, now)
        raw = codec.dump(decision.document)
        row = service.store._rows.find(event.to)
        sealer = service.store._sealer
        sealed = sealer.seal(row.key, raw)
        (open_,) = decision.perform
        assert isinstance(open_.effect, Say)
        link = service.performing.link(document.id, open_.effect)
        message, _ = rendering.message(open_.effect, open_.id, document.id, policy, link)
        channel = service.performing._channels["demo", "sms"]
        form = channel._form(message)
        settled = EffectSettled(
            event_id=f"settled:{open_.id}",
            to=(pointers.conversation(document.id),),
            at=now,
            effect_id=open_.id,
            provider="twilio",
            outcome=Accepted("SM1"),
        )
        gc.freeze()
        gc.disable()
        print("an answer, beside sockets, aiohttp, SQL and the commit")
        least(
            "signature and form (the bare handler's, too)", lambda: account.verify(Received(body, PATH, headers, now))
        )
        least("what Twilio says, as an event", lambda: account.message(received))
        least("its pointer's hash", lambda: sealer.index("phone", "demo", phone(1)))
        least("document opened", lambda: sealer.open(row.key, sealed))
        least("document decoded", lambda: codec.read(raw))
        least("decided, permit and gate included", lambda: decider(document, "", event, now))
        least("document encoded", lambda: codec.dump(decision.document))
        least("document sealed", lambda: sealer.seal(row.key, raw))
        print("its acknowledgement, beside the wire and the commit")
        least("page's address", lambda: service.performing.link(document.id, open_.effect))
        least("text", lambda: rendering.message(open_.effect, open_.id, document.id, policy, link))
        least("fields of the request", lambda: channel._form(message))
        least("written as a form", lambda: exchange.form_encoded(form))
        least("what came of it, decided", lambda: decider(decision.document, "", settled, now))
        await service.store.close()
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
