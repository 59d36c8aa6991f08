"""The pretend Twilio, checked with Twilio's own client and against Twilio's own OpenAPI file."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from conformity import misfits, spec_file
from listening_service import Listener, listening
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from sandbox import phonebook
from sandbox.serving import serve
from sandbox.twilio import PretendTwilio, TwilioRules
from sandbox.world import Fault, World

SID, TOKEN = "AC" + "a" * 32, "a secret token"
SERVICE = "MG" + "b" * 32
OURS, ANA = "+14155550100", "+34600000001"
WA_OURS, WA_ANA = "whatsapp:+14155238886", "whatsapp:+34600000001"
RIGHT = {"Authorization": aiohttp.encode_basic_auth(SID, TOKEN)}
WRONG = {"Authorization": aiohttp.encode_basic_auth(SID, "wrong")}
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Loopback(AsyncTwilioHttpClient):
    """Twilio's own asynchronous client, sent to another address."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base

    async def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        for host in ("https://api.twilio.com", "https://content.twilio.com"):
            url = url.replace(host, self._base)
        # as a header: aiohttp is about to drop the argument that the client uses
        user, password = kwargs.pop("auth")
        headers = {**kwargs.pop("headers"), "Authorization": aiohttp.encode_basic_auth(user, password)}
        return await super().request(method, url, *args, headers=headers, **kwargs)


class Bench:
    """A pretend Twilio that is served, its world, a client of Twilio's, and a listening service."""

    def __init__(self, twilio: PretendTwilio, client: Client, listener: Listener, url: str) -> None:
        self.twilio, self.client, self.listener, self.url = twilio, client, listener, url
        self.world = twilio.world

    async def send(self, to: str = ANA, sender: str = OURS, **fields: Any) -> Any:
        text = {} if "content_sid" in fields else {"body": "Order 1001"}
        callback = f"{self.listener.url}/status?a=7&b=x%20y"
        return await self.client.messages.create_async(
            to=to, **{"from_": sender, **text, "status_callback": callback, **fields}
        )

    async def statuses(self) -> list[tuple[str, str | None]]:
        await self.world.settled()
        return [(h.form["MessageStatus"], h.form.get("ErrorCode")) for h in self.listener.at("/status")]


@asynccontextmanager
async def bench(rules: TwilioRules | None = None) -> AsyncIterator[Bench]:
    async with listening() as listener:
        twilio = PretendTwilio(World(NOON), SID, TOKEN, f"{listener.url}/message", rules)
        async with serve(twilio.app()) as url, Loopback(url) as http:
            yield Bench(twilio, Client(SID, TOKEN, http_client=http), listener, url)


async def test_a_sent_text_reaches_the_phone_and_is_reported_in_order() -> None:
    """An accepted SMS is in the ledger once, and queued, sent, delivered follow to the StatusCallback, query kept."""
    async with bench() as b:
        message = await b.send()
        assert message.status == "queued"
        assert await b.statuses() == [("queued", None), ("sent", None), ("delivered", None)]
        (got,) = b.world.texts(ANA)
        assert (got.provider, got.channel, got.sender, got.text) == ("twilio", "sms", OURS, "Order 1001")
        assert got.provider_id == message.sid
        assert {h.path_qs for h in b.listener.heard} == {"/status?a=7&b=x%20y"}
        assert (await b.client.messages(message.sid).fetch_async()).status == "delivered"


@pytest.mark.parametrize(
    ("to", "sender", "fields", "code"),
    [
        ("+15005550001", OURS, {}, 21211),
        ("600000001", OURS, {}, 21211),
        ("+15005550002", OURS, {}, 21612),
        ("+15005550003", OURS, {}, 21408),
        ("+9647700000000", OURS, {}, 21408),
        ("+15005550004", OURS, {}, 21610),
        ("+15005550009", OURS, {}, 21614),
        (ANA, OURS, {"body": ""}, 21602),
        (ANA, OURS, {"body": "x" * 1601}, 21617),
        (ANA, "+14155550999", {}, 21606),
        (ANA, "not a sender at all", {}, 21212),
        (ANA, WA_OURS, {}, 21910),
        (WA_ANA, "whatsapp:+1999555000", {}, 63007),
        (ANA, OURS, {"content_sid": "HX" + "0" * 32}, 21655),
        (ANA, OURS, {"status_callback": "ftp://x"}, 21609),
        (ANA, "", {"messaging_service_sid": "MG" + "c" * 32}, 21701),
        (ANA, "", {}, 21603),
    ],
)
async def test_a_refusal_has_the_real_code_and_sends_nothing(to: str, sender: str, fields: Any, code: int) -> None:
    """What Twilio refuses at once is HTTP 400 with its code, and no phone gets anything."""
    async with bench(TwilioRules(senders={OURS, WA_OURS}, closed_to=("+964",))) as b:
        with pytest.raises(TwilioRestException) as refused:
            await b.send(to, sender, **fields)
        assert (refused.value.status, refused.value.code) == (400, code)
        assert b.world.ledger == []
        assert await b.statuses() == []


@pytest.mark.parametrize(
    ("to", "fact", "last"),
    [
        (ANA, "unreachable", ("undelivered", "30003")),
        (ANA, "unknown", ("undelivered", "30005")),
        (ANA, "landline_late", ("undelivered", "30006")),
        (ANA, "filtered", ("undelivered", "30007")),
        (WA_ANA, "no_whatsapp", ("failed", "63024")),
        (WA_ANA, "no_channel", ("failed", "63003")),
        (WA_ANA, "", ("failed", "63016")),
        (ANA, "no_receipt", ("sent", None)),
    ],
)
async def test_a_late_failure_comes_as_a_status(to: str, fact: str, last: tuple[str, str | None]) -> None:
    """What the carrier finds out comes after acceptance; only a message without a receipt is on the phone then."""
    async with bench() as b:
        phonebook.set_facts(b.world, ANA, {fact} - {""})
        message = await b.send(to, WA_OURS if to == WA_ANA else OURS)
        assert (await b.statuses())[-1] == last
        assert bool(b.world.ledger) == (fact == "no_receipt")
        fetched = await b.client.messages(message.sid).fetch_async()
        assert (fetched.status, fetched.error_code) == (last[0], int(last[1]) if last[1] else None)


async def test_free_text_on_whatsapp_passes_only_within_24_hours_of_the_customer() -> None:
    """A reply opens the window for 24 hours and not a second more; an approved template needs none."""
    async with bench() as b:
        b.twilio.register_content("HX" + "1" * 32, "Order {{1}}: right?", [("yes:{{1}}", "Yes"), ("no:{{1}}", "No")])
        template = {"content_sid": "HX" + "1" * 32, "content_variables": json.dumps({"1": "77"})}
        await b.send(WA_ANA, WA_OURS, **template)
        assert b.world.ledger[-1].text == "Order 77: right?"
        assert b.world.ledger[-1].extra["buttons"] == [{"id": "yes:77", "title": "Yes"}, {"id": "no:77", "title": "No"}]
        await b.twilio.reply(ANA, "hello", channel="whatsapp")
        b.world.advance(timedelta(hours=24) - timedelta(seconds=1))
        await b.send(WA_ANA, WA_OURS)
        assert len(b.world.ledger) == 2
        b.world.advance(timedelta(seconds=1))
        await b.send(WA_ANA, WA_OURS)
        assert (await b.statuses())[-1] == ("failed", "63016")
        assert len(b.world.ledger) == 2


@pytest.mark.parametrize(("variables", "outcome"), [("{", 21656), ('{"1": 7}', 21656), ("[]", 21656), ("{}", "failed")])
async def test_template_variables_are_checked(variables: str, outcome: int | str) -> None:
    """Variables that are no JSON object of texts are refused at once; a missing one fails later with 63028."""
    async with bench() as b:
        b.twilio.register_content("HX" + "1" * 32, "Order {{1}}")
        fields = {"content_sid": "HX" + "1" * 32, "content_variables": variables}
        if isinstance(outcome, int):
            with pytest.raises(TwilioRestException) as refused:
                await b.send(WA_ANA, WA_OURS, **fields)
            assert refused.value.code == outcome
        else:
            await b.send(WA_ANA, WA_OURS, **fields)
            assert (await b.statuses())[-1] == (outcome, "63028")
        assert b.world.ledger == []


async def test_a_messaging_service_chooses_the_sender_and_shares_the_opt_out() -> None:
    """Twilio picks the pool's sender of the channel; STOP to one sender of a service blocks all of them."""
    async with bench(TwilioRules(services={SERVICE: (OURS, "+14155550101", WA_OURS)})) as b:
        message = await b.send(ANA, "", messaging_service_sid=SERVICE)
        assert (message.status, b.world.ledger[0].sender) == ("accepted", OURS)
        await b.twilio.reply(ANA, "Stop.")
        with pytest.raises(TwilioRestException) as refused:
            await b.send(ANA, "+14155550101")
        assert refused.value.code == 21610


async def test_a_wrong_token_is_refused() -> None:
    """Without the account's credentials the answer is 401 with 20003, and for another account 20404."""
    async with bench() as b:
        url = f"{b.url}/2010-04-01/Accounts/{{}}/Messages.json"
        async with aiohttp.ClientSession() as session:
            async with session.get(url.format(SID), headers=WRONG) as answer:
                assert (answer.status, (await answer.json())["code"]) == (401, 20003)
            async with session.get(url.format(SID)) as answer:
                assert answer.status == 401
            async with session.get(url.format("AC" + "0" * 32), headers=RIGHT) as answer:
                assert (answer.status, (await answer.json())["code"]) == (404, 20404)


async def test_the_list_answers_what_was_really_taken() -> None:
    """To, From and DateSent find a message whose answer was lost; pages are followed by Twilio's client."""
    async with bench() as b:
        b.world.break_it("twilio", Fault("accept_cut", match="Messages.json"))
        with pytest.raises(aiohttp.ClientError):
            await b.send()
        found = await b.client.messages.list_async(to=ANA, date_sent_after=NOON)
        assert [m.body for m in found] == ["Order 1001"]
        assert await b.client.messages.list_async(to=ANA, date_sent_after=NOON + timedelta(seconds=1)) == []
        assert await b.client.messages.list_async(to="+34600000002") == []
        b.world.advance(timedelta(days=1))
        for n in range(5):
            await b.send(body=f"text {n}")
        paged = await b.client.messages.list_async(to=ANA, from_=OURS, page_size=2)
        assert [m.body for m in paged] == ["text 4", "text 3", "text 2", "text 1", "text 0", "Order 1001"]
        before = await b.client.messages.list_async(date_sent_before=NOON + timedelta(hours=1))
        assert [m.body for m in before] == ["Order 1001"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("x" * 160, "1"),
        ("x" * 161, "2"),
        ("€" * 80, "1"),
        ("€" * 81, "2"),
        ("я" * 70, "1"),
        ("я" * 71, "2"),
        ("😀" * 36, "2"),
    ],
)
async def test_segments_are_counted_as_carriers_do(text: str, parts: str) -> None:
    """160/153 septets in GSM-7 with two for the extension, 70/67 code units in UCS-2."""
    async with bench() as b:
        assert (await b.send(body=text)).num_segments == parts


async def test_every_answer_fits_twilios_own_schema() -> None:
    """Created, failed and inbound messages, the list, templates: all as in Twilio's OpenAPI files."""
    api = json.loads(spec_file("twilio_api_v2010.json").read_text())
    content_api = json.loads(spec_file("twilio_content_v1.json").read_text())
    async with bench(TwilioRules(services={SERVICE: (OURS, WA_OURS)})) as b:
        await b.send(ANA, "", messaging_service_sid=SERVICE)
        await b.send(WA_ANA, WA_OURS)
        await b.twilio.reply(ANA, "YES")
        await b.world.settled()
        listed = api["paths"]["/2010-04-01/Accounts/{AccountSid}/Messages.json"]["get"]
        async with aiohttp.ClientSession(headers=RIGHT) as session:
            async with session.get(f"{b.url}/2010-04-01/Accounts/{SID}/Messages.json?PageSize=2") as answer:
                shown = await answer.json()
            asked = {"friendly_name": "confirm", "language": "en", "variables": {"1": "7"}}
            quick = {"body": "Order {{1}}", "actions": [{"type": "QUICK_REPLY", "title": "Yes", "id": "y"}]}
            create = content_api["paths"]["/v1/Content"]["post"]["requestBody"]["content"]["application/json"]
            body = {**asked, "types": {"twilio/quick-reply": quick}}
            assert misfits(body, create["schema"], content_api["components"]["schemas"]) == []
            async with session.post(f"{b.url}/v1/Content", json=body) as answer:
                assert answer.status == 201
                created = await answer.json()
        schema = listed["responses"]["200"]["content"]["application/json"]["schema"]
        assert misfits(shown, schema, api["components"]["schemas"]) == []
        assert set(shown["messages"][0]) == set(api["components"]["schemas"]["api.v2010.account.message"]["properties"])
        resource = content_api["components"]["schemas"]["content.v1.content"]
        assert misfits(created, resource, content_api["components"]["schemas"]) == []
        assert misfits({"sid": "SM1"}, resource, content_api["components"]["schemas"])  # the check can fail


async def test_templates_are_listed_fetched_and_need_approval() -> None:
    """A created template is found by Twilio's client; not approved, it goes only inside the window."""
    async with bench() as b:
        async with aiohttp.ClientSession(headers=RIGHT) as session:
            body = {"language": "en", "friendly_name": "hi", "types": {"twilio/text": {"body": "Hi"}}}
            async with session.post(f"{b.url}/v1/Content", json=body) as answer:
                sid = (await answer.json())["sid"]
        assert [c.friendly_name for c in await b.client.content.v1.contents.list_async()] == ["hi"]
        assert (await b.client.content.v1.contents(sid).fetch_async()).types == {"twilio/text": {"body": "Hi"}}
        await b.send(WA_ANA, WA_OURS, content_sid=sid)
        assert (await b.statuses())[-1] == ("failed", "63016")


async def test_too_many_or_too_long_buttons_are_not_registered() -> None:
    """A template takes at most ten quick replies with titles of at most 20 characters."""
    twilio = PretendTwilio(World(NOON), SID, TOKEN, "http://127.0.0.1:9/none")
    with pytest.raises(ValueError, match="11 buttons"):
        twilio.register_content("HX1", "x", [(str(n), str(n)) for n in range(11)])
    with pytest.raises(ValueError, match="too long"):
        twilio.register_content("HX1", "x", [("a", "x" * 21)])
