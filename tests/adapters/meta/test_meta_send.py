"""What goes to Meta for one message, and the whole round back to our route."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from msgspec.structs import replace
from ruamel.yaml import YAML

from adapters import meta
from adapters.meta import MetaTemplate
from adapters.meta_inbound import MetaSender
from adapters.meta_send import MetaChannel
from adapters.receiving import Received
from engine.ports import Message, Template
from flows.effects import Accepted, Refused
from flows.events import CustomerPressed, CustomerWrote, DeliveryReported
from sandbox.hooks import Retry
from sandbox.meta import MetaAccount, MetaRules, PretendMeta
from sandbox.serving import serve
from sandbox.world import World
from tests.adapters.stand_in import META, NOW, StandInFront
from tests.sandbox.conformity import misfits, spec_file

ANA, OURS = "+34600000001", "+34910000002"
USER_ID = "ES.98765432109876"
VECTORS = Path(__file__).parents[4] / "shared" / "data" / "vectors" / "pywa-mit"
SETTINGS = replace(META, templates={"confirm": {"en": MetaTemplate("order_confirm", "en_US")}})


def say(**more: Any) -> Message:
    fields: dict[str, Any] = {
        "effect_id": "order:demo:1001:1/0",
        "conversation": "cv_1",
        "shop": "demo",
        "channel": "whatsapp",
        "to": ANA,
        "sender": OURS,
        "text": "Demo Shop: order 1001",
        "lang": "en",
    }
    return Message(**{**fields, **more})


class Bench:
    def __init__(self) -> None:
        self.world = World(NOW)
        self.front = StandInFront()
        self.bodies: list[dict[str, Any]] = []


Made = tuple[Bench, PretendMeta, MetaChannel]


@pytest.fixture
async def bench() -> AsyncIterator[Made]:
    made = Bench()

    @web.middleware
    async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
        made.bodies.append(await request.json())
        return await handler(request)

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    account = MetaAccount("7700112233", META.access_token, META.app_secrets[0], META.verify_token, OURS[1:])
    rules = MetaRules(retry=Retry(), user_ids={ANA: USER_ID})
    pretend = PretendMeta(made.world, account, f"http://127.0.0.1:{port}{meta.PATH}", rules)
    pretend.register_template("order_confirm", "en_US", "Order {{1}}, {{2}}.", ["Confirm", "Cancel"])
    app, service = pretend.app(), web.Application()
    app.middlewares.insert(0, note)
    service.add_routes(meta.routes(made.front, SETTINGS))
    async with serve(app) as url, serve(service, port):
        channel = MetaChannel(replace(SETTINGS, base_url=url))
        yield made, pretend, channel
        await made.world.settled()
        await channel.close()


async def test_a_template_press_brings_our_payload_back(bench: Made) -> None:
    """Our payload rides on the template's button and comes back with the press and the message's id."""
    made, pretend, channel = bench
    buttons = (("yes:1:2", "Confirm"), ("cancel:1:2", "Cancel"))
    accepted = await channel.send(
        say(template=Template("confirm", "en", ("1001", "10 €")), buttons=buttons, session=False)
    )
    assert isinstance(accepted, Accepted)
    assert made.world.ledger[0].text == "Order 1001, 10 €."
    assert await pretend.press(ANA, "Cancel") == 200
    [press] = [event for event in made.front.handled if isinstance(event, CustomerPressed)]
    assert (press.payload, press.reply_to, press.address) == ("cancel:1:2", accepted.provider_id, ANA)


async def test_statuses_come_back_to_their_effect(bench: Made) -> None:
    """Every status carries our mark back, and so names conversation and effect."""
    made, pretend, channel = bench
    pretend.opened[ANA] = NOW
    accepted = await channel.send(say())
    assert isinstance(accepted, Accepted)
    await made.world.settled()
    reports = [event for event in made.front.handled if isinstance(event, DeliveryReported)]
    assert [report.status for report in reports] == ["sent", "delivered"]
    assert {(r.to[0].key, r.effect_id) for r in reports} == {("cv_1", "order:demo:1001:1/0")}


async def test_session_buttons_are_interactive_where_they_fit(bench: Made) -> None:
    """Three short buttons go as buttons; four, or one too long, as words under the text."""
    made, pretend, channel = bench
    pretend.opened[ANA] = NOW
    three = tuple((f"v{n}:1:1", f"Title {n}") for n in range(3))
    for buttons in (three, (*three, ("v3:1:1", "Title 3")), (("v0:1:1", "A title of more than twenty"),)):
        assert isinstance(await channel.send(say(buttons=buttons)), Accepted)
    assert [body["type"] for body in made.bodies] == ["interactive", "text", "text"]
    assert made.world.ledger[1].text.endswith("Title 0\nTitle 1\nTitle 2\nTitle 3")


async def test_a_hidden_number_is_written_to_by_user_id(bench: Made) -> None:
    """Who hides the number is answered under the business-scoped user id."""
    made, _, channel = bench
    await channel.send(say(to=USER_ID))
    assert made.bodies[0]["recipient"] == USER_ID
    assert "to" not in made.bodies[0]


async def test_an_unknown_sender_is_refused_here(bench: Made) -> None:
    """No phone_number_id, no request."""
    made, _, channel = bench
    assert isinstance(await channel.send(say(sender="+15550001111")), Refused)
    assert not made.bodies


@pytest.mark.long
async def test_every_request_fits_metas_own_file(bench: Made) -> None:
    """Each body that we send to a phone number is one that Meta's OpenAPI file describes.

    The file joins "these fields and no other" with the fields of every message, which read by the letter forbids `to`
    itself; it knows biz_opaque_callback_data only for calls, while the messages page has it for messages too; and its
    pattern for a button's index forbids the "0" of its own examples.
    """
    path = spec_file("business-messaging-api_v23.0.yaml")
    made, pretend, channel = bench
    pretend.opened[ANA] = NOW
    await channel.send(say())
    await channel.send(say(buttons=(("yes:1:2", "Confirm"),), session=False))
    await channel.send(
        say(template=Template("confirm", "en", ("1001", "x")), buttons=(("yes:1:2", "Confirm"),), session=False)
    )
    schemas = YAML(typ="safe").load(path)["components"]["schemas"]
    kinds = {"text": "TextMessage", "interactive": "InteractiveMessage", "template": "TemplateMessage"}
    assert [body["type"] for body in made.bodies] == list(kinds)
    of_every_message = {*schemas["BaseMessageProperties"]["properties"], "biz_opaque_callback_data"}
    allowed = {f"$.{name}: not known" for name in of_every_message}
    allowed.add("$.template.components[1].index: '0' is not ^[2-6, 11-14]$")
    for body in made.bodies:
        assert not set(misfits(body, schemas[kinds[body["type"]]], schemas)) - allowed


@pytest.mark.parametrize(
    ("name", "events"),
    [
        ("message", CustomerWrote),
        ("callback_button", CustomerPressed),
        ("callback_selection", CustomerPressed),
        ("edited_message", CustomerWrote),
        ("deleted_message", CustomerWrote),
        ("message_status", DeliveryReported),
        ("system", CustomerWrote),
        ("template_status_update", None),
        ("template_quality_update", None),
        ("user_marketing_preferences", None),
    ],
)
def test_bodies_of_others_are_understood(name: str, events: type | None) -> None:
    """Every body of a public client's tests gives one event of its kind with one id, twice the same; notices give none."""
    path = VECTORS / f"{name}.json"
    if not path.exists():
        pytest.skip("the shared bodies are not here")
    none_expected = {"identity_change", "group"}  # a security notice, and a status of a group
    for case, body in json.loads(path.read_text("utf-8")).items():
        ids = {c["value"].get("metadata", {}).get("phone_number_id", "") for e in body["entry"] for c in e["changes"]}
        senders = {number: MetaSender(OURS, ("demo",)) for number in ids}
        received = Received(json.dumps(body).encode(), meta.PATH, {}, NOW)
        parse = meta.parsers(replace(META, senders=senders))[meta.ROUTE]
        found = parse(received)
        assert found == parse(received)
        expected = [] if events is None or case in none_expected else [events]
        assert [type(event) for event in found] == expected, case


def test_the_public_signature_vector_is_accepted() -> None:
    """The signed body of a public client's tests is good, and its flipped bytes are not."""
    path = VECTORS / "x_hub_signature.json"
    if not path.exists():
        pytest.skip("the shared bodies are not here")
    from engine.ports import BadSignature

    vector = json.loads(path.read_text("utf-8"))
    body, headers = vector["request_body"].encode(), {meta.SIGNATURE_HEADER: vector["x_hub_signature_256"]}
    meta.verify((vector["app_secret"],), Received(body, meta.PATH, headers, NOW))
    for place in range(0, len(body), 7):
        flipped = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        with pytest.raises(BadSignature):
            meta.verify((vector["app_secret"],), Received(flipped, meta.PATH, headers, NOW))
