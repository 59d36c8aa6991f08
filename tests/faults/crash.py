"""The crash test: the real service is killed at random while a shop, customers and providers go on, and the ledgers judge.

What lives here outlives every kill: the pretend Twilio and SMTP with their ledgers, a shop that posts each order until a 2xx (and
sometimes again), customers who answer what really reached them, and reports that come late, doubled and in another order. At the
end time runs fast until every question has run its course, and the judge counts:

    lost       an order that was acknowledged and is not known
    twice      a message that the same phone or mailbox got twice
    unheard    an answer that was acknowledged and neither counted nor lies before a person
    adrift     an open order without a real timer, or an effect that is on its way for ever
    unasked    an order whose customer never heard of it, and no person has it because a question of unknown fate is not sent again
    unfinished what had not run its course when the patience with it ended
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from engine.ports import Store
from flows import pointers
from flows.conversation import Conversation
from sandbox.serving import serve
from sandbox.smtp import PretendSmtp
from sandbox.twilio import PretendTwilio, TwilioRules
from sandbox.world import Fault, Received
from storage.opening import open_store
from tests.faults.fast_clock import FastWorld, Pace
from tests.faults.lives import Nursery
from tests.faults.verdict import Verdict, adrift, nobody_knows, with_a_person
from tests.ports import free_port

KEY = bytes(range(32))
ENV = {"KEY": base64.b64encode(KEY).decode(), "TWILIO": "crash-token", "API": "crash-api-token"}
ACCOUNT, SMS_FROM, WA_FROM = "AC" + "c" * 32, "+34911000001", "+34911000002"
#: Business seconds in a machine's second: while the killing goes on, and afterwards. A rung (40 min) then lasts 2.4 s, in which even a
#: machine that does much else gets a message out.
STORM_PACE, DRAIN_PACE = 60.0, 1000.0
#: Machine seconds for all that is left to run its course: only a run that fails takes them.
DRAIN_MOST_S = 240.0
POSTED_AT_ONCE = 16
#: Machine seconds in which a life is up, on a machine that does much else.
UP_MOST_S = 90.0
#: Machine seconds that the pretend Twilio takes for each answer: so that deaths often come while a message is on the wire.
PROVIDER_TAKES_S = 0.1
#: How long a shop waits for an answer: a process that is frozen gives none.
PATIENCE = aiohttp.ClientTimeout(total=10)

SETTINGS = """
public_url: http://127.0.0.1:{port}
listen: 127.0.0.1:{port}
storage: {{url: "sqlite:///{path}", encryption_key: "${{KEY}}"}}
twilio:
  account_sid: {account}
  auth_token: ${{TWILIO}}
  base_url: {twilio}
  sms_from: "{sms_from}"
  whatsapp_from: "{wa_from}"
  sms_rate: 200
  content_sids: {{confirm: {{en: HX{zeros}}}}}
smtp: {{url: "{smtp}", from: "Demo Shop <orders@example.com>", rate: 200}}
confirmation:
  ladder:
    - {{channel: sms, wait: 40m}}
    - {{channel: whatsapp, wait: 40m}}
    - {{channel: email, wait: 40m}}
    - {{channel: staff, wait: 12h}}
  quiet_hours: null
limits: {{first_sms_per_number_day: null, first_sms_per_prefix_hour: null, first_sms_per_hour: null}}
risk: {{enabled: false}}
countries: {{ES: {{two_way_sms: true}}}}
shops:
  - id: demo
    name: Demo Shop
    language: en
    country: ES
    currency: EUR
    timezone: Europe/Madrid
    hours: {{mon-fri: "09:00-18:00"}}
    api_token: ${{API}}
"""


class Storm:
    """One run: the world that persists, and the service that dies again and again."""

    drain_pace = DRAIN_PACE
    drain_most_s = DRAIN_MOST_S

    def __init__(self, lives: Nursery, folder: Path, orders: int, seed: int, bug: str) -> None:
        self.dice = random.Random(seed)
        self.verdict = Verdict(orders=orders, seed=seed)
        self.acknowledged: set[str] = set()
        self.answered: dict[str, str] = {}  # order -> yes | cancel
        self.heard_of: set[int] | None = None  # customers, once all had run its course; None: the run does not drain
        self._lives, self._folder, self._bug = lives, folder, bug
        self._pace = Pace.start(STORM_PACE)
        self._world = FastWorld(self._pace)
        self._world.on_received(self._arrived)
        self._port = free_port()
        self._url = f"http://127.0.0.1:{self._port}"
        self._tasks: set[asyncio.Task[Any]] = set()
        self._life = 0
        self._up = asyncio.Event()  # the service is known to serve
        self._settings = ""
        self._dawdling = True

    # -- the house and its deaths

    @contextlib.asynccontextmanager
    async def _town(self) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            rules = TwilioRules(persist=True, read_receipts=True)
            self._twilio = PretendTwilio(
                self._world, ACCOUNT, ENV["TWILIO"], f"{self._url}/hooks/twilio/message", rules
            )
            self._twilio.hooks.hold()
            self._world.break_it("twilio", Fault("delay", times=-1, delay_s=PROVIDER_TAKES_S))
            _register(self._twilio)
            twilio = await stack.enter_async_context(serve(self._twilio.app()))
            smtp = await stack.enter_async_context(PretendSmtp(self._world))
            self._http = await stack.enter_async_context(aiohttp.ClientSession(timeout=PATIENCE))
            self._settings = SETTINGS.format(
                port=self._port, path=self._folder / "crash.db", account=ACCOUNT, twilio=twilio, sms_from=SMS_FROM,
                wa_from=WA_FROM, smtp=smtp.url, zeros="0" * 32,
            )  # fmt: skip
            try:
                yield
            finally:
                await self._kill()
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _birth(self) -> None:
        self._life = await self._lives.birth(
            settings=self._settings, env=ENV, pace=self._pace, port=self._port, bug=self._bug
        )

    async def _kill(self) -> None:
        self._up.clear()
        if not self._life:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._life, signal.SIGKILL)
            while True:  # until the kernel has taken its sockets and locks away
                os.kill(self._life, 0)
                await asyncio.sleep(0.002)
        self._life = 0

    async def _serving(self) -> None:
        """Returns when the service answers. Raises when it does not come up."""
        end = time.monotonic() + UP_MOST_S
        while time.monotonic() < end:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with self._http.get(f"{self._url}/orders", headers=_TOKEN):
                    self._up.set()
                    return
            await asyncio.sleep(0.02)
        raise TimeoutError("the service does not come up")

    # -- the shop

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _shop(self, kills: int, every_s: float) -> None:
        """Posts the orders evenly over the lives, some of them twice or three times at once."""
        turn = asyncio.Semaphore(POSTED_AT_ONCE)
        apart_s = (kills + 1) * every_s / self.verdict.orders

        async def place(n: int) -> None:
            async with turn:
                body = self._order(n)
                await asyncio.gather(*(self._post(body) for _ in range(self.dice.choice((1, 1, 2, 3)))))

        async with asyncio.TaskGroup() as group:
            for n in range(self.verdict.orders):
                await self._up.wait()
                group.create_task(place(n))
                await asyncio.sleep(apart_s * self.dice.uniform(0, 2))

    async def _post(self, body: dict[str, Any]) -> None:
        while True:
            self.verdict.posts += 1
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with self._http.post(f"{self._url}/orders", json=body, headers=_TOKEN) as answer:
                    if answer.status < 300:
                        self.acknowledged.add(body["id"])
                        return
                    assert answer.status >= 500, (answer.status, await answer.text())
            await asyncio.sleep(0.03)

    def _order(self, n: int) -> dict[str, Any]:
        return {
            "id": f"C{n:05}",
            "placed_at": self._world.now().isoformat(),
            "name": "Ana Ruiz",
            "phone": f"+346{n:08}",
            "email": f"customer{n}@example.com",
            "address": {"line1": f"Calle Mayor {n}", "city": "Madrid", "postcode": "28013", "country": "ES"},
            "items": [{"title": "Lamp", "quantity": 1, "price": "49.90"}],
            "total": "49.90",
            "currency": "EUR",
            "payment": "cod",
            "consent": {"whatsapp": True},
        }

    # -- the customers

    def _arrived(self, got: Received) -> None:
        """Somebody's phone rings: most answer, once; some only on WhatsApp, some never."""
        asked = got.extra.get("buttons") if got.channel == "whatsapp" else "Reply 1 yes" in got.text
        if not asked:
            return
        order_id = f"C{number(got.to):05}"
        mood = random.Random(f"{self.verdict.seed}/{order_id}").random()
        if order_id in self.answered or mood >= (0.75 if got.channel == "sms" else 0.9):
            return
        self.answered[order_id] = "cancel" if mood < 0.15 else "yes"
        self._spawn(self._answer(got, self.answered[order_id]))

    async def _answer(self, got: Received, what: str) -> None:
        await asyncio.sleep(self.dice.uniform(0, 0.3))
        copies = self._twilio.hooks.copies = self.dice.choice((1, 2, 3))
        self.verdict.answers += 1
        self.verdict.posts += copies
        if got.channel == "whatsapp":
            await self._twilio.press(got.to, 0 if what == "yes" else 2)
        else:
            await self._twilio.reply(got.to, "1" if what == "yes" else "3", SMS_FROM)

    async def _postman(self) -> None:
        """Brings the reports late, doubled, and in another order."""
        hooks = self._twilio.hooks
        while True:
            await asyncio.sleep(self.dice.uniform(0.02, 0.2) if self._dawdling else 0.02)
            held, hooks.held = hooks.held or [], []
            again = [hook for hook in held if self.dice.random() < 0.3]
            for hook in self.dice.sample([*held, *again], len(held) + len(again)):
                self.verdict.posts += 1
                self._spawn(hooks._try_until_done(hook))

    # -- the run

    async def run(self, kills: int, every_s: float, *, drain: bool = True) -> Verdict:
        """`kills` SIGKILLs while the orders come in, each after about `every_s` machine seconds of service; then time runs fast."""
        start = time.monotonic()
        async with self._town():
            await self._birth()
            self._spawn(self._postman())
            shop = asyncio.create_task(self._shop(kills, every_s))
            while self.verdict.kills < kills:
                if self.dice.random() < 0.8:  # else it may die while it comes up
                    await self._serving()
                await asyncio.sleep(every_s * self.dice.uniform(0.1, 1.9))
                await self._kill()
                self.verdict.kills += 1
                await self._birth()
            await self._serving()
            await shop
            if drain:
                await self._drain()
            else:
                await asyncio.sleep(0.5)
            await self._judge()
        self.verdict.took_s = round(time.monotonic() - start, 1)
        return self.verdict

    async def _drain(self) -> None:
        """One more death, then fast time until no order waits for an answer and nothing is on its way."""
        await self._kill()
        self.verdict.kills += 1
        self._dawdling = False
        self._world.mend()
        self._pace = self._world.pace = self._pace.at(self.drain_pace)
        await self._birth()
        await self._serving()
        end, calm = time.monotonic() + self.drain_most_s, 0
        while calm < 5:
            await asyncio.sleep(0.1)
            _, body = await self._told("/orders?state=pending")
            pending = [f"{order['id']} is pending" for order in msgspec.json.decode(body)["orders"]]
            waiting = [*pending, *self._under_way()]
            calm = 0 if waiting else calm + 1
            if time.monotonic() > end:
                self.verdict.unfinished = waiting
                break
        self.heard_of = {number(got.to) for got in self._world.ledger if not got.extra.get("auto_reply")}

    def _under_way(self) -> list[str]:
        """What the customers and providers still do."""
        answers = len(self._tasks) - 1  # beside the postman
        said = [f"{answers} answers and reports under way"] if answers > 0 else []
        return [*said, f"{len(self._world.under_way)} webhooks under way"] if self._world.under_way else said

    async def _told(self, path: str) -> tuple[int, bytes]:
        """What the service answers; asked again where a busy machine takes longer than a shop would wait. Raises TimeoutError."""
        end = time.monotonic() + UP_MOST_S
        while time.monotonic() < end:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with self._http.get(self._url + path, headers=_TOKEN) as answer:
                    if answer.status < 500:
                        return answer.status, await answer.read()
            await asyncio.sleep(0.1)
        raise TimeoutError(f"{path} is not answered")

    # -- the judge

    async def _judge(self) -> None:
        verdict = self.verdict
        for order_id in sorted(self.acknowledged):
            status, _ = await self._told(f"/orders/{order_id}")
            if status != 200:
                verdict.lost.append(order_id)
        received = [r for r in self._world.ledger if not r.extra.get("auto_reply")]
        verdict.messages = len(received)
        texts = Counter((r.to, r.channel, r.text) for r in received)
        verdict.twice = [f"{to} {channel} {n}x: {text[:60]!r}" for (to, channel, text), n in texts.items() if n > 1]
        await self._kill()
        store = open_store(self._stored_at(), KEY, lambda why: None)
        try:
            await self._look_inside(store)
        finally:
            await store.close()

    def _stored_at(self) -> str:
        return str(self._folder / "crash.db")

    async def _look_inside(self, store: Store) -> None:
        """What the phones cannot tell: whether every answer counted, and whether every open order has its alarm."""
        verdict = self.verdict
        for order_id in sorted(self.acknowledged - set(verdict.lost)):
            found = await store.load(pointers.order("demo", order_id))
            order = found.order(order_id) if isinstance(found, Conversation) else None
            assert isinstance(found, Conversation)
            assert order is not None
            verdict.states = {**verdict.states, order.state: verdict.states.get(order.state, 0) + 1}
            verdict.adrift += adrift(found, order)
            if self.heard_of is not None:
                asked = int(order_id[1:]) in self.heard_of
                verdict.asked += asked
                verdict.unasked += [] if asked or nobody_knows(order) else [f"{order_id}: it is {order.state}"]
            meant = {"yes": "confirmed", "cancel": "cancelled"}.get(self.answered.get(order_id, ""))
            if meant is not None and order.state != meant and not with_a_person(order):
                verdict.unheard.append(f"{order_id}: {self.answered[order_id]}, and it is {order.state}")


def number(to: str) -> int:
    """Which customer this phone or mailbox belongs to."""
    return int(to[4:]) if to.startswith("+") else int(to.removeprefix("customer").partition("@")[0])


_TOKEN = {"Authorization": f"Bearer {ENV['API']}"}


def _register(twilio: PretendTwilio) -> None:
    from flows.wording import wa_template

    template = wa_template("confirm", "en")
    twilio.register_content("HX" + "0" * 32, template.body, list(template.buttons))
