"""The playground: its page, what it shows and does, and how it skips hours."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playing_service import ACCESS, ANA, GROUP, OLGA, PEOPLE, Play, PlayingService, playing, texts

from sandbox import play_skip
from sandbox.play import PAGE, Playground
from sandbox.play_events import COALESCE_S
from sandbox.play_skip import Skipper
from sandbox.smtp import PretendSmtp
from sandbox.telegram_params import Json, Params
from sandbox.world import World

HOUR = timedelta(hours=1)
PHONE = "+34600000101"


class Browser:
    """What the page does, without a page."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.session = session

    async def get(self, path: str) -> Any:
        async with self.session.get(f"{self.url}/sandbox/{path}") as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def post(self, path: str, body: Any, status: int = 200) -> Any:
        async with self.session.post(f"{self.url}/sandbox/{path}", json=body) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()

    async def phone(self, key: str = PHONE) -> Any:
        return next(phone for phone in (await self.get("state"))["phones"] if phone["key"] == key)


@pytest.fixture
async def play() -> AsyncIterator[Play]:
    async with playing() as play:
        yield play


@pytest.fixture
async def browser(play: Play) -> AsyncIterator[Browser]:
    async with aiohttp.ClientSession() as session:
        yield Browser(play.url, session)


def bot(play: Play, method: str, **params: Any) -> Json:
    answer = play.telegram.carry_out(method, Params(params))
    assert answer["ok"], answer
    return dict(answer["result"])


def card(play: Play, data: str = "c:confirm:x:1:1") -> int:
    keys = {"inline_keyboard": [[{"text": "Confirm", "callback_data": data}]]}
    sent = bot(
        play, "sendMessage", chat_id=GROUP, text="<b>Order</b> &lt;1001&gt;", parse_mode="HTML", reply_markup=keys
    )
    return int(sent["message_id"])


# -- the page


async def test_the_page_is_small_and_comes_from_here_alone(play: Play, browser: Browser) -> None:
    """Under 150 kB in all, no address of another host, no inline script, and a policy that would refuse both."""
    async with browser.session.get(play.url + "/") as answer:
        html, policy = await answer.text(), answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    weight = len(html.encode())
    for path in PAGE.iterdir():
        async with browser.session.get(f"{play.url}/sandbox/static/{path.name}") as answer:
            assert answer.status == 200
            text = await answer.text()
        weight += len(text.encode())
        assert not re.findall(r"(?:src|href|url|from|import)\W{1,3}https?://", text), path.name
    assert weight < 150_000
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", html)


async def test_data_never_becomes_markup() -> None:
    """No script of the page uses a sink that parses data as HTML or code."""
    for path in PAGE.glob("*.js"):
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", path.read_text()
        )


async def test_every_part_of_the_page_that_a_script_names_is_there() -> None:
    """An id asked for by a script, and every label and panel that is referred to, exists in the page."""
    html = (PAGE / "index.html").read_text()
    ids = set(re.findall(r'\sid="([^"]+)"', html))
    asked = {name for path in PAGE.glob("*.js") for name in re.findall(r'\$\("([^"]+)"\)', path.read_text())}
    referred = set(re.findall(r'(?:for|aria-controls|aria-labelledby|data-opens)="([^"]+)"', html))
    assert asked | referred <= ids
    assert asked


@pytest.mark.parametrize("name", ["none.js", "..%2fplay.py", "%2e%2e%2fworld.py"])
async def test_only_the_page_s_own_files_are_served(play: Play, browser: Browser, name: str) -> None:
    """Nothing outside the page's folder can be fetched."""
    async with browser.session.get(f"{play.url}/sandbox/static/{name}") as answer:
        assert answer.status == 404


# -- orders, phone, mail


async def test_a_sample_makes_its_customer_known(play: Play, browser: Browser) -> None:
    """After an order from the gallery the state shows whose it is, and the service was told in the platform's way."""
    told = await browser.post("order", {"sample": "good-spain"})
    phone = await browser.phone()
    assert (told["status"], told["key"]) == (200, PHONE)
    assert (phone["name"], phone["orders"], phone["zone"]) == ("Ana Ruiz", [told["id"]], "Europe/Madrid")
    assert [h.path for h in play.service.heard] == ["/hooks/shopify/demo"]


async def test_one_s_own_order_is_read_like_a_shop_s(play: Play, browser: Browser) -> None:
    """A number typed for its country is the phone that texts will come to; the service's refusal is shown as it is."""
    order = {"name": "Kim", "phone": "050 000 0120", "total": "10.00", "address": {"country": "AE"}}
    assert (await browser.post("order", {"order": order}))["key"] == "+971500000120"
    play.service.answers = [400]
    told = await browser.post("order", {"order": {"name": "Lee", "phone": "123", "email": "lee@example.com"}})
    assert (told["status"], told["answer"]) == (400, {"state": "pending"})
    assert [phone["name"] for phone in (await browser.get("state"))["phones"]] == ["Kim"]


async def test_the_shop_reports_what_became_of_an_order(play: Play, browser: Browser) -> None:
    """A report of the page goes to the order's events route."""
    await browser.post("event", {"id": "1001", "type": "shipped"})
    assert play.service.heard[-1].path == "/orders/1001/events"


async def test_a_text_and_its_answer_stand_in_order(play: Play, browser: Browser) -> None:
    """What reached the phone is a bubble with its status; the customer's answer goes to the service and stands below it."""
    await browser.post("order", {"sample": "good-spain"})
    texts(play, PHONE, "Is it right?")
    await play.world.settled()
    assert await browser.post("reply", {"phone": PHONE, "channel": "sms", "text": "SÍ"}) == {"status": 200}
    texts(play, PHONE, "Thank you.")
    await play.world.settled()
    bubbles = (await browser.phone())["sms"]
    assert [(b["text"], b["mine"], b["status"]) for b in bubbles] == [
        ("Is it right?", False, "delivered"),
        ("SÍ", True, ""),
        ("Thank you.", False, "delivered"),
    ]
    assert "/hooks/twilio/message" in [h.path for h in play.service.heard]


async def test_a_whatsapp_button_is_pressed_once_it_was_read(play: Play, browser: Browser) -> None:
    """Pressing sends the button's payload; the message counts as read before."""
    await browser.post("order", {"sample": "good-spain"})
    sid = texts(play, PHONE, "Is it right?", "whatsapp", buttons=True)
    await play.world.settled()
    (bubble,) = (await browser.phone())["whatsapp"]
    assert [b["title"] for b in bubble["buttons"]] == ["Yes, it is right", "No"]
    assert await browser.post("press", {"phone": PHONE, "provider_id": sid, "button": "yes:1"}) == {"status": 200}
    assert b"ButtonPayload=yes%3A1" in play.service.heard[-1].body
    assert [(b["text"], b["status"]) for b in (await browser.phone())["whatsapp"]] == [
        ("Is it right?", "read"),
        ("Yes, it is right", ""),
    ]
    await browser.post("press", {"phone": PHONE, "provider_id": sid, "button": "maybe"}, 404)


async def test_mail_and_numbers_without_an_order_are_shown(play: Play, browser: Browser) -> None:
    """Mail stands with its customer; a number that was only written to is there under its number."""
    await browser.post("order", {"sample": "no-phone"})
    play.world.receive(
        "smtp", "email", "shop@example.com", "lucia.ortega@example.com", "Hola", "<1@x>", subject="Su pedido"
    )
    texts(play, "+34600000199", "Who are you?")
    phones = {phone["key"]: phone for phone in (await browser.get("state"))["phones"]}
    assert [m["subject"] for m in phones["lucia.ortega@example.com"]["mail"]] == ["Su pedido"]
    assert [b["text"] for b in phones["+34600000199"]["sms"]] == ["Who are you?"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("order", {}, 400),
        ("order", {"sample": "nothing"}, 404),
        ("reply", {"phone": PHONE, "channel": "sms"}, 400),
        ("reply", {"phone": PHONE, "channel": "sms", "text": "hello"}, 404),
        ("reply", {"phone": PHONE, "channel": "pigeon", "text": "hello"}, 400),
        ("press", {"phone": PHONE, "provider_id": "SM1", "button": "yes"}, 404),
        ("staff/press", {"who": OLGA, "message_id": 99, "data": "x"}, 404),
        ("staff/press", {"who": "Olga", "message_id": 99, "data": "x"}, 400),
        ("staff/say", {"who": 333, "text": "hello"}, 404),
        ("staff/say", {"who": OLGA, "chat": "kitchen", "text": "hello"}, 400),
        ("fault", {"provider": "pigeon", "kind": "down"}, 400),
        ("fault", {"provider": "twilio", "kind": "sad"}, 400),
        ("fault", {"phone": PHONE, "facts": ["purple"]}, 400),
        ("skip", {"hours": 0}, 400),
        ("skip", {"hours": 1e9}, 400),
        ("skip", {"hours": True}, 400),
        ("skip", ["hours"], 400),
    ],
)
async def test_what_makes_no_sense_is_refused_in_words(browser: Browser, path: str, body: Any, status: int) -> None:
    """A body that cannot be carried out is answered with a reason, and nothing breaks."""
    assert (await browser.post(path, body, status))["error"]


async def test_another_site_s_form_is_refused(play: Play, browser: Browser) -> None:
    """A body that is not declared as JSON, as a foreign form could send it, does nothing."""
    async with browser.session.post(f"{play.url}/sandbox/order", data='{"sample": "good-spain"}') as answer:
        assert answer.status == 415
    assert not play.service.heard


# -- staff


async def test_staff_press_and_write_in_the_group(play: Play, browser: Browser) -> None:
    """A press reaches the bot with its data and shows the bot's toast; a reply to a card is one; edits are shown."""
    message = card(play)

    async def answer() -> None:
        while not play.telegram.state.presses:  # noqa: ASYNC110 (the bot would poll)
            await asyncio.sleep(0.005)
        (press,) = play.telegram.state.presses
        bot_answer = play.telegram.carry_out(
            "answerCallbackQuery", Params({"callback_query_id": press, "text": "Confirmed"})
        )
        assert bot_answer["ok"]

    pressed, _ = await asyncio.gather(
        browser.post("staff/press", {"who": ANA, "message_id": message, "data": "c:confirm:x:1:1"}), answer()
    )
    assert pressed == {"answered": True, "toast": "Confirmed", "alert": False}
    bot(play, "editMessageText", chat_id=GROUP, message_id=message, text="Done")
    await browser.post("staff/say", {"who": ANA, "text": "// called", "reply_to": message})
    await browser.post("staff/say", {"who": OLGA, "chat": "owner", "text": "/stats"})
    state = await browser.get("state")
    shown = [(m["sender"], m["text"], m["edits"], m["reply_to"]) for m in state["group"]["messages"]]
    assert shown == [("Doorstep", "Done", 1, None), ("Ana", "// called", 0, message)]
    assert [m["text"] for m in state["owner"]["messages"]] == ["/stats"]
    await browser.post("staff/press", {"who": ANA, "message_id": message, "data": "c:confirm:x:1:1"}, 404)


# -- trouble


async def test_a_broken_provider_is_shown_until_it_is_mended(play: Play, browser: Browser) -> None:
    """`down` refuses everything; facts of a number hold; mending takes the faults away."""
    await browser.post("order", {"sample": "provider-down"})
    await browser.post("order", {"sample": "provider-down"})
    (fault,) = (await browser.get("state"))["faults"]
    assert (fault["provider"], fault["times"], fault["status"]) == ("twilio", -1, 503)
    await browser.post("fault", {"provider": "smtp", "kind": "accept_cut", "match": "x"})
    assert (await browser.post("fault", {"mend": True}))["broken"] == []
    await browser.post("order", {"sample": "landline"})
    assert (await browser.phone("+34910000111"))["facts"] == ["landline"]
    await browser.post("fault", {"phone": "+34910000111", "facts": []})
    assert play.world.phones["+34910000111"] == set()


# -- the story and the stream


async def test_the_story_is_the_service_s_own(play: Play, browser: Browser) -> None:
    """The page gets the service's conversations and clock; a service that gives none is 502, not a broken page."""
    play.service.conversations = [{"id": "c1", "orders": [], "notes": [], "timers": {}, "open": []}]
    told = await browser.get("story")
    assert told["conversations"] == play.service.conversations
    assert told["clock"]["next"] is None
    play.ground.service._url = "http://127.0.0.1:9/"
    async with browser.session.get(f"{play.url}/sandbox/story") as answer:
        assert answer.status == 502


async def ticks(play: Play, browser: Browser, seconds: float, do: Callable[[], object]) -> int:
    """How many ticks a page got in `seconds` after its first one, while `do` happened."""
    found = 0
    async with browser.session.get(f"{play.url}/sandbox/events") as stream:
        assert stream.content_type == "text/event-stream"
        while not (await stream.content.readline()).startswith(b"data:"):
            pass
        await asyncio.sleep(COALESCE_S)
        do()
        try:
            async with asyncio.timeout(seconds):
                while line := await stream.content.readline():
                    found += line.startswith(b"data:")
        except TimeoutError:
            pass
    return found


async def test_many_changes_are_few_ticks(play: Play, browser: Browser) -> None:
    """A hundred messages at once lead to at least one tick and at most a few."""

    def burst() -> None:
        for n in range(100):
            play.world.receive("smtp", "email", "a@example.com", "b@example.com", "Hola", f"<{n}@x>")

    assert 1 <= await ticks(play, browser, 0.8, burst) <= 3


async def test_what_the_service_does_by_itself_is_noticed(play: Play, browser: Browser) -> None:
    """A timer set in the service, which sends nothing, still ticks; a quiet playground does not."""
    assert await ticks(play, browser, 2.0, lambda: play.service.at(play.service.now() + HOUR)) == 1
    assert play.ground.ticker.open_streams <= 1


async def test_closing_ends_every_stream(play: Play, browser: Browser) -> None:
    """Pages that are open do not hold up the end of the service."""
    async with browser.session.get(f"{play.url}/sandbox/events") as stream:
        await stream.content.readline()
        await play.ground.close()
        await asyncio.wait_for(stream.content.read(), 2)


# -- skipping hours


async def test_hours_are_skipped_from_one_due_moment_to_the_next(play: Play, browser: Browser) -> None:
    """Each timer fires at its own moment, also one that a timer sets on the way; both clocks end at the target together."""
    service, start = play.service, play.service.now()
    worlds: list[datetime] = []

    def again() -> None:
        worlds.append(play.world.now())
        service.at(start + 3 * HOUR, lambda: texts(play, PHONE, "Second question"))

    service.at(start + 2 * HOUR, again)
    service.at(start + 6 * HOUR)
    told = await browser.post("skip", {"hours": 4})
    assert (told["reached"], told["why"]) == (True, "")
    assert [due for due, _ in service.fired] == [start + 2 * HOUR, start + 3 * HOUR]
    assert all(at - due < timedelta(seconds=2) for due, at in service.fired)
    assert abs(worlds[0] - (start + 2 * HOUR)) < timedelta(seconds=2)
    assert [got["text"] for got in told["arrived"]] == ["Second question"]
    assert timedelta(0) <= service.now() - (start + 4 * HOUR) < timedelta(seconds=2)
    assert abs(play.world.now() - service.now()) < timedelta(seconds=1)
    assert service.skips == sorted(service.skips)


async def test_both_clocks_run_on_after_a_skip(play: Play, browser: Browser) -> None:
    """A skip moves the clocks; it does not stop them."""
    await browser.post("skip", {"hours": 1})
    before = play.world.now()
    await asyncio.sleep(0.02)
    assert play.world.now() > before
    assert before - datetime.now(UTC) > 0.9 * HOUR


async def test_to_the_next_goes_no_further(play: Play, browser: Browser) -> None:
    """One due moment and what it sets off; with nothing due the clock stays."""
    service, start = play.service, play.service.now()
    told = await browser.post("skip", {"to": "next"})
    assert (told["reached"], told["why"], service.skips) == (False, "nothing is due", [])
    service.at(start + 5 * HOUR)
    service.at(start + 9 * HOUR)
    assert (await browser.post("skip", {"to": "next"}))["reached"]
    assert [due for due, _ in service.fired] == [start + 5 * HOUR]
    assert service.now() - start < 6 * HOUR


async def test_a_busy_service_is_waited_for_never_leapt_over(play: Play, browser: Browser) -> None:
    """While something is in flight the clock stays; when it does not end, the skip stops and says why."""
    play.service.busy = 1
    play.ground.skipper = Skipper(play.world, play.telegram, play.ground.service, quiet_s=0.1)
    told = await browser.post("skip", {"hours": 4})
    assert (told["reached"], told["why"], play.service.skips) == (False, "still under way: the service is at work", [])
    asyncio.get_running_loop().call_later(0.05, setattr, play.service, "busy", 0)
    assert (await browser.post("skip", {"hours": 4}))["reached"]


async def test_an_update_that_the_bot_has_not_taken_is_waited_for(play: Play, browser: Browser) -> None:
    """A press nobody fetched holds the clock; one that waits to be repeated is a due moment of its own."""
    play.ground.skipper = Skipper(play.world, play.telegram, play.ground.service, quiet_s=0.1)
    await browser.post("staff/say", {"who": OLGA, "text": "/next"})
    told = await browser.post("skip", {"hours": 1})
    assert "a Telegram update is not taken yet" in told["why"]
    play.service.answers = [503, 503, 503]
    play.telegram.webhook.set_up(play.service.url + "/hooks/telegram", "", 1)
    play.ground.skipper = Skipper(play.world, play.telegram, play.ground.service, quiet_s=5)
    told = await browser.post("skip", {"hours": 1})
    assert told["reached"]
    assert [h.path for h in play.service.heard] == ["/hooks/telegram"] * 4
    assert not play.telegram.pending_updates()


async def test_a_skip_that_feeds_itself_ends(play: Play, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Timers that set timers without end are stopped after a number of moments, and the answer says so."""
    monkeypatch.setattr(play_skip, "MOST_STEPS", 5)
    service: PlayingService = play.service

    def again() -> None:
        service.at(service.now() + timedelta(minutes=1), again)

    again()
    told = await browser.post("skip", {"hours": 4})
    assert (told["reached"], told["why"]) == (False, "stopped after 5 moments")
    assert 1 <= len(told["moments"]) <= 5


async def test_two_skips_at_once_are_one(play: Play, browser: Browser) -> None:
    """While a skip is under way another is refused: the clock has one hand on it."""
    play.service.busy = 1
    first = asyncio.create_task(browser.post("skip", {"hours": 1}))
    await asyncio.sleep(0.05)
    assert (await browser.post("skip", {"hours": 1}, 400))["error"] == "a skip is under way"
    play.service.busy = 0
    assert (await first)["reached"]


async def test_beginning_afresh_is_up_to_whoever_serves_the_page(play: Play, browser: Browser) -> None:
    """The page names the playground's life; ending it is asked of whoever serves it, and refused in words where nobody can."""
    told = await browser.post("afresh", {}, 404)
    assert "start another one" in told["error"]
    ended: list[str] = []
    hooks = play.twilio, play.telegram, PretendSmtp(play.world)
    lives = [
        Playground(
            play.world, *hooks, service_url=play.url, shop=ACCESS, group_chat=GROUP, people=PEOPLE,
            afresh=lambda: ended.append("ended"),
        )
        for _ in range(2)
    ]  # fmt: skip
    assert (await lives[0].afresh({}))["life"] == lives[0].life != lives[1].life
    assert ended == ["ended"]
    assert (await browser.get("gallery"))["life"] == (await browser.get("state"))["life"] == play.ground.life


def test_every_route_of_the_playground_is_documented(play: Play) -> None:
    """docs/sandbox.md names each route that the page, or a program in its place, can ask."""
    told = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text("utf-8")
    asked = [(route.method, route.path) for route in play.ground.routes() if "static" not in route.path]
    assert len(asked) > 12
    assert [f"{method} {path}" for method, path in asked if f"{method} `{path}`" not in told] == []


def test_the_world_s_clock_skips_forward_only() -> None:
    """A running clock runs on from where it was put, a stopped one stays there; neither goes back."""
    running, stopped = World(), World(datetime(2026, 11, 21, tzinfo=UTC))
    for world in (running, stopped):
        target = world.now() + HOUR
        world.skip_to(target)
        assert timedelta(0) <= world.now() - target < timedelta(seconds=1)
        with pytest.raises(ValueError, match="forward"):
            world.skip_to(target - HOUR)
    assert stopped.now() == datetime(2026, 11, 21, 1, tzinfo=UTC)
    running.set_clock(None)
    assert abs(running.now() - datetime.now(UTC)) < timedelta(seconds=1)
