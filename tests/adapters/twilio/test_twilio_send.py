"""What goes to Twilio for one message, how its fate is looked up, and the whole round back to our routes."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from msgspec.structs import replace

from adapters import twilio
from adapters.twilio_send import TwilioChannel, status_callback
from engine.ports import Found, Lookup, Message, Template
from flows.effects import Accepted, Refused, Unknown
from flows.events import CustomerPressed, DeliveryReported
from sandbox.serving import serve
from sandbox.twilio import PretendTwilio
from sandbox.world import Fault, World
from tests.adapters.stand_in import NOW, TWILIO, StandInFront
from tests.sandbox.conformity import misfits, spec_file

ANA, SMS_FROM, WA_FROM = "+34600000001", "+34910000001", "+34910000002"
CONTENT = TWILIO.content_sids["confirm"]["en"]


def say(channel: str = "sms", **more: Any) -> Message:
    fields: dict[str, Any] = {
        "effect_id": "order:demo:A 1/é'@:1/0",
        "conversation": "cv_1",
        "shop": "demo",
        "channel": channel,
        "to": ANA,
        "sender": SMS_FROM if channel == "sms" else WA_FROM,
        "text": "Demo Shop: order 1001",
        "lang": "en",
    }
    return Message(**{**fields, **more})


class Bench:
    """The channel, a pretend Twilio, our routes behind it, and the forms that were posted to it."""

    def __init__(self) -> None:
        self.world = World(NOW)
        self.front = StandInFront()
        self.forms: list[dict[str, str]] = []
        self.queries: list[dict[str, str]] = []


@pytest.fixture
async def bench() -> AsyncIterator[tuple[Bench, PretendTwilio, TwilioChannel]]:
    made = Bench()

    @web.middleware
    async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method == "POST":
            made.forms.append({k: str(v) for k, v in (await request.post()).items()})
        else:
            made.queries.append(dict(request.query))
        return await handler(request)

    service = web.Application()
    pretend = PretendTwilio(made.world, TWILIO.account_sid, TWILIO.auth_tokens[0], "")
    pretend.register_content(CONTENT, "Order {{1}}, {{2}}", [("yes", "Confirm")], name="confirm")
    app = pretend.app()
    app.middlewares.insert(0, note)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    async with serve(app) as url:
        settings = replace(TWILIO, base_url=url, public_url=f"http://127.0.0.1:{port}")
        service.add_routes(twilio.routes(made.front, settings))
        async with serve(service, port) as ours:
            pretend.webhooks.message_url = ours + twilio.MESSAGE_PATH
            channel = TwilioChannel(settings)
            yield made, pretend, channel
            await made.world.settled()
            await channel.close()


Made = tuple[Bench, PretendTwilio, TwilioChannel]


async def test_a_status_finds_its_way_back(bench: Made) -> None:
    """What the StatusCallback carried comes back signed with every status, byte for byte, whatever the effect's id holds."""
    made, _, channel = bench
    message = say()
    accepted = await channel.send(message)
    await made.world.settled()
    assert isinstance(accepted, Accepted)
    reports = [event for event in made.front.handled if isinstance(event, DeliveryReported)]
    assert [report.status for report in reports] == ["queued", "sent", "delivered"]
    assert {(r.effect_id, r.to[0].key, r.provider_id) for r in reports} == {
        (message.effect_id, message.conversation, accepted.provider_id)
    }


async def test_a_press_finds_its_way_back(bench: Made) -> None:
    """A press under a template comes as CustomerPressed and names the message that it belongs to."""
    made, pretend, channel = bench
    accepted = await channel.send(say("whatsapp", template=Template("confirm", "en", ("1001", "10 €"))))
    assert isinstance(accepted, Accepted)
    assert await pretend.press(ANA, "Confirm") == 200
    [press] = [event for event in made.front.handled if isinstance(event, CustomerPressed)]
    assert (press.title, press.reply_to, press.sender) == ("Confirm", accepted.provider_id, WA_FROM)


async def test_a_template_goes_as_content(bench: Made) -> None:
    """Outside the window Twilio gets ContentSid and numbered variables, and no Body."""
    made, _, channel = bench
    await channel.send(say("whatsapp", template=Template("confirm", "en", ("1001", "10 €"))))
    [form] = made.forms
    assert form["ContentSid"] == CONTENT
    assert json.loads(form["ContentVariables"]) == {"1": "1001", "2": "10 €"}
    assert "Body" not in form
    assert made.world.ledger[0].text == "Order 1001, 10 €"


async def test_session_buttons_without_content_become_words(bench: Made) -> None:
    """Inside the window, where Twilio wants a Content resource for buttons, their titles follow the text."""
    made, pretend, channel = bench
    pretend.opened[f"whatsapp:{WA_FROM}", f"whatsapp:{ANA}"] = NOW
    await channel.send(say("whatsapp", buttons=(("yes:1:1", "Confirm"), ("cancel:1:1", "Cancel"))))
    assert made.world.ledger[0].text == "Demo Shop: order 1001\n\nConfirm\nCancel"


async def test_every_request_fits_twilios_own_file(bench: Made) -> None:
    """Each form and query that we send is one that Twilio's OpenAPI file describes."""
    spec = json.loads(spec_file("twilio_api_v2010.json").read_text("utf-8"))
    made, _, channel = bench
    await channel.send(say())
    await channel.send(say("whatsapp", template=Template("confirm", "en", ("1001", "x"))))
    await channel.find(lookup_of(say()))
    path = spec["paths"]["/2010-04-01/Accounts/{AccountSid}/Messages.json"]
    schema = path["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    for form in made.forms:
        assert not misfits(form, schema, spec["components"]["schemas"])
        assert set(form) <= set(schema["properties"])
    known = {parameter["name"]: parameter["schema"] for parameter in path["get"]["parameters"]}
    for name, value in made.queries[0].items():
        assert name in known
        assert not misfits(int(value) if name == "PageSize" else value, known[name], spec["components"]["schemas"])


def lookup_of(message: Message, **more: Any) -> Lookup:
    fields = {"effect_id": message.effect_id, "channel": message.channel, "to": message.to, "sender": message.sender}
    return Lookup(**{**fields, "text": message.text, "since": NOW, **more})


async def test_a_message_whose_answer_was_lost_is_found(bench: Made) -> None:
    """Accepted at Twilio, cut on the way back: Unknown, then found with its sid by address, sender, time and text."""
    made, pretend, channel = bench
    made.world.break_it("twilio", Fault("accept_cut"))
    assert isinstance(await channel.send(say()), Unknown)
    await made.world.settled()
    [sid] = pretend.messages
    assert await channel.find(lookup_of(say())) == Found(sid, "delivered", "")


@pytest.mark.parametrize(
    "other",
    [
        {"to": "+34600000009"},
        {"sender": "+34910000009"},
        {"text": "Demo Shop: order 1002"},
        {"text": "Demo Shop:"},
        {"since": NOW + timedelta(minutes=3)},
        {"channel": "whatsapp"},
    ],
)
async def test_another_message_is_never_taken_for_ours(bench: Made, other: dict[str, Any]) -> None:
    """One difference in address, sender, text, channel or time, and the message is not found."""
    _, __, channel = bench
    assert isinstance(await channel.send(say()), Accepted)
    assert await channel.find(lookup_of(say(), **other)) is None


@pytest.mark.parametrize("kind", ["cut", "timeout", "garbage", "status"])
async def test_a_lookup_that_fails_finds_nothing(bench: Made, kind: str) -> None:
    """Where Twilio does not answer the question, the answer is: not known, and no exception."""
    made, _, channel = bench
    assert isinstance(await channel.send(say()), Accepted)
    made.world.break_it("twilio", Fault(kind, times=2))  # a GET on a kept connection is asked once more by the client
    assert await channel.find(lookup_of(say())) is None


async def test_a_refusal_without_twilios_own_body_is_unknown(bench: Made) -> None:
    """A 404 page of some proxy proves nothing; Twilio's own error body does, and the number is not in the reason."""
    made, _, channel = bench
    made.world.break_it("twilio", Fault("status", status=404, body="<html>not here"))
    assert isinstance(await channel.send(say()), Unknown)
    refused = await channel.send(say(to="+15005550001"))
    assert isinstance(refused, Refused)
    assert refused.code == "21211"
    assert "5005550001" not in refused.reason


def test_the_callback_needs_no_second_escape() -> None:
    """What a query may hold stands as it is; everything else is escaped, once."""
    url = status_callback("https://orders.example.com/", say())
    expected = "https://orders.example.com/hooks/twilio/status?c=cv_1&e=order:demo:A%201/%C3%A9'@:1/0"
    assert url == expected


async def test_a_messaging_service_carries_sms_only(bench: Made) -> None:
    """With a Messaging Service configured, SMS name it beside the sender; WhatsApp does not."""
    made, _, channel = bench
    with_service = TwilioChannel(replace(channel._settings, messaging_service_sid="MG" + "0" * 32))
    for channel_name in ("sms", "whatsapp"):
        await with_service.send(say(channel_name))
    await with_service.close()
    assert [("MessagingServiceSid" in form, "From" in form) for form in made.forms] == [(True, True), (False, True)]
