"""A notice to many whose process is really killed in the middle, twice: it goes on by itself, nobody gets it twice, nobody who said stop
gets it, and the owner's count is true. The pretend Twilio's ledger judges; Telegram, the phones and the clock outlive the service.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest

from sandbox.serving import serve
from sandbox.telegram import PretendTelegram
from sandbox.twilio import PretendTwilio, TwilioRules
from sandbox.world import Fault
from tests.faults.fast_clock import FastWorld, Pace
from tests.faults.lives import Nursery, nursery
from tests.ports import free_port
from tests.town_settings import ACCOUNT, BOT_TOKEN, ENV, OLGA, SETTINGS, SMS_FROM, TOKEN, WA_FROM

CROWD = int(os.environ.get("NOTICE_KILLED", "60"))
#: Business seconds in a machine's second; the sender takes ten texts of those seconds.
PACE = 1.0
TEXT = "Deliveries of Thursday come on Friday."
#: Machine seconds for any one thing: a busy machine takes long over a start.
PATIENCE_S = 240.0
#: After the last kill time runs faster: Twilio is asked for up to half an hour about a text that nobody knows of.
AFTERWARDS = 120.0
#: What leaves at one moment: the sender's burst.
ON_THE_WIRE_MOST = 12
#: Machine seconds that Twilio takes for an answer: the killing finds texts on the wire.
PROVIDER_TAKES_S = 0.1


class Street:
    """The shop, its customers and its owner; `lives` gives birth to the service."""

    def __init__(self, lives: Nursery, folder: Path) -> None:
        self.pace = Pace.start(PACE)
        self.world = FastWorld(self.pace)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._lives, self._folder = lives, folder
        self._settings = ""
        self._pid = 0
        self.twilio: PretendTwilio
        self.tg: PretendTelegram
        self.http: aiohttp.ClientSession

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            rules = TwilioRules(persist=True)
            self.twilio = PretendTwilio(self.world, ACCOUNT, TOKEN, f"{self.url}/hooks/twilio/message", rules)
            self.tg = PretendTelegram(self.world, BOT_TOKEN)
            olga = self.tg.user(OLGA, "Olga")
            group = self.tg.group("Staff", olga).id
            await self.tg.starts(olga)
            twilio = await stack.enter_async_context(serve(self.twilio.app()))
            telegram = await stack.enter_async_context(serve(self.tg.app()))
            self.http = await stack.enter_async_context(aiohttp.ClientSession())
            block = f'{{token: "${{BOT}}", base_url: "{telegram}", staff_group: {group}}}'
            self._settings = SETTINGS.format(
                shopify_more="", woo_more="", port=self.port, path=self._folder / "street.db", account=ACCOUNT, twilio=twilio,
                sms_from=SMS_FROM, wa_from=WA_FROM, contents="", smtp="smtp://127.0.0.1:9", telegram=block, twilio_more="",
                countries="{ES: {two_way_sms: true}}",
                more="confirmation: {quiet_hours: null}\nlimits: {first_sms_per_number_day: null, first_sms_per_prefix_hour: null,"
                " first_sms_per_hour: null}\nrisk: {enabled: false}",
                in_shop="",
            )  # fmt: skip
            try:
                yield
            finally:
                await self.kill()

    def runs_at(self, pace: float) -> None:
        """Business time runs on at another pace."""
        self.pace = self.world.pace = self.pace.at(pace)

    async def birth(self) -> None:
        """A new life; returns when it answers."""
        self._pid = await self._lives.birth(settings=self._settings, env=ENV, pace=self.pace, port=self.port, bug="")
        await self.until(self._answers, "the service answers")

    async def _answers(self) -> bool:
        with contextlib.suppress(aiohttp.ClientError):
            async with self.http.get(f"{self.url}/healthz") as answer:
                return answer.status == 200
        return False

    async def kill(self) -> None:
        """SIGKILL; returns when the kernel has taken everything away."""
        with contextlib.suppress(ProcessLookupError):
            if self._pid:
                os.kill(self._pid, signal.SIGKILL)
            while self._pid:
                os.kill(self._pid, 0)
                await asyncio.sleep(0.002)
        self._pid = 0

    async def until(self, true: Callable[[], object], what: str) -> None:
        """Wait for it, with patience."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            found = true()
            if await found if asyncio.iscoroutine(found) else found:
                return
            await asyncio.sleep(0.02)
        raise TimeoutError(what + "\n" + "\n".join(m.text for m in self.tg.shows(OLGA)))

    async def post(self, path: str, body: object) -> int:
        headers = {"Authorization": f"Bearer {ENV['API']}"}
        async with self.http.post(self.url + path, json=body, headers=headers) as answer:
            return answer.status

    def told(self) -> Counter[str]:
        return Counter(r.to for r in self.world.ledger if r.provider == "twilio" and TEXT in r.text)

    def says(self, pattern: str) -> bool:
        return any(m.from_bot and re.search(pattern, m.text) for m in self.tg.shows(OLGA))


async def customers(street: Street) -> list[str]:
    """So many with an order that is confirmed, their first texts out of the way."""
    phones = [f"+3462{n:07d}" for n in range(CROWD)]

    async def comes(n: int) -> None:
        body = {
            "id": f"N{n}",
            "placed_at": street.world.now().isoformat(),
            "name": "Ana Ruiz",
            "phone": phones[n],
            "address": {"line1": f"Calle Mayor {n + 1}", "city": "Madrid", "postcode": "28013", "country": "ES"},
            "items": [{"sku": "S1", "title": "Lamp", "quantity": 1, "price": "49.90"}],
            "total": "49.90",
            "currency": "EUR",
            "payment": "cod",
            "language": "en",
        }
        assert await street.post("/orders", body) == 202
        said = {"type": "confirmed", "at": street.world.now().isoformat()}
        assert await street.post(f"/orders/N{n}/events", said) == 200

    for start in range(0, CROWD, 10):
        await asyncio.gather(*(comes(n) for n in range(start, min(start + 10, CROWD))))
    return phones


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_a_notice_survives_two_kills(tmp_path: Path) -> None:
    """Killed after a fifth and after half, each time with texts on the wire: in the end everybody but who said stop has it, once; what
    died between the commit and the wire is not said again on a guess, and is counted as failed."""
    async with nursery("bot") as lives:
        street = Street(lives, tmp_path)
        async with street.opened():
            await street.birth()
            phones = await customers(street)
            out = phones[3::11]
            for phone in out:
                assert await street.twilio.reply(phone, "STOP", SMS_FROM, "sms") == 200
            mine = [p for p in phones if p not in out]
            await street.tg.says(OLGA, OLGA, f"/notice open\n{TEXT}")
            await street.until(lambda: street.says(f"Notice to {len(mine)} customers"), "the preview")
            shown = next(m for m in street.tg.shows(OLGA) if "Notice to" in m.text)
            send = next(title for row in shown.buttons for title, _ in row if "Send to" in title)
            street.world.break_it("twilio", Fault("delay", "Messages", times=-1, delay_s=PROVIDER_TAKES_S))
            await street.tg.presses(OLGA, shown.message_id, send, OLGA, wait_s=30)
            for part, pace in ((5, PACE), (2, AFTERWARDS)):
                await street.until(lambda part=part: len(street.told()) >= len(mine) // part, f"1/{part} told")  # type: ignore[misc]
                await street.kill()
                assert len(street.told()) < len(mine), "it was in the middle"
                street.runs_at(pace)
                await street.birth()
            await street.until(lambda: street.says(rf"Done: \d+ of {len(mine)} sent"), "the notice ends")
            told = street.told()
            assert set(told) <= set(mine), "who said stop has nothing"
            assert set(told.values()) == {1}, "nobody twice"
            # what was committed as on the wire and never got there is not said again: the owner sees it as failed
            lost = len(mine) - len(told)
            assert lost <= 2 * ON_THE_WIRE_MOST, "the kills lose nobody but what was just leaving"
            assert street.says(f"Done: {len(told)} of {len(mine)} sent, {lost} failed"), "and the count is true"
