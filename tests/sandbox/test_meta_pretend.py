"""The pretend WhatsApp Cloud API, checked against Meta's OpenAPI file and with signatures worked out by hand."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from conformity import YamlSchemas, misfits, spec_file
from listening_service import Listener, listening

from sandbox import phonebook
from sandbox.hooks import Retry
from sandbox.meta import MetaAccount, MetaRules, PretendMeta
from sandbox.serving import serve
from sandbox.world import World

ANA, WA_ID, USER = "+34600000001", "34600000001", "ES.13491208655302741918"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ACCOUNT = MetaAccount("106540352242922", "the token", "the app secret", "verify-me")
RIGHT = {"Authorization": "Bearer the token"}
#: the file was merged from several: its inbound messages name the outbound ones, the inbound ones have a suffix
INBOUND = {
    "BaseMessageProperties": "BaseMessageProperties_1",
    "TextMessage": "TextMessage_2",
    **{f"{kind}Message": f"{kind}Message_1" for kind in ("Reaction", "Audio", "Document", "Image", "Location")},
    **{f"{kind}Message": f"{kind}Message_1" for kind in ("Sticker", "Video")},
}


class Bench:
    """A pretend Meta that is served, a client session, and a listening service."""

    def __init__(self, meta: PretendMeta, session: aiohttp.ClientSession, listener: Listener) -> None:
        self.meta, self.session, self.listener, self.world = meta, session, listener, meta.world

    async def send(self, path: str = f"/v23.0/{ACCOUNT.phone_number_id}/messages", **message: Any) -> tuple[int, Any]:
        body = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": WA_ID, **message}
        async with self.session.post(path, json=body, headers=RIGHT) as answer:
            return answer.status, await answer.json()

    async def text(self, body: str = "hello", **more: Any) -> tuple[int, Any]:
        return await self.send(type="text", text={"body": body}, **more)

    def inbound(self) -> dict[str, Any]:
        message: dict[str, Any] = self.listener.heard[-1].json["entry"][0]["changes"][0]["value"]["messages"][0]
        return message

    async def statuses(self) -> list[dict[str, Any]]:
        await self.world.settled()
        values = [h.json["entry"][0]["changes"][0]["value"] for h in self.listener.heard]
        return [status for value in values for status in value.get("statuses", ())]


@asynccontextmanager
async def bench(rules: MetaRules | None = None) -> AsyncIterator[Bench]:
    async with listening() as listener:
        meta = PretendMeta(World(NOON), ACCOUNT, f"{listener.url}/hooks/meta", rules)
        meta.register_template("confirm", "en", "Order {{1}} for {{2}}: right?", ["Yes", "No"])
        meta.register_template("paused", "en", "Hi", status="PAUSED")
        async with serve(meta.app()) as url, aiohttp.ClientSession(url) as session:
            yield Bench(meta, session, listener)
            await meta.world.settled()


def confirm(*values: str, name: str = "confirm", language: str = "en") -> dict[str, Any]:
    body = {"type": "body", "parameters": [{"type": "text", "text": value} for value in values]}
    yes = {"type": "button", "sub_type": "quick_reply", "index": "0"}
    button = {**yes, "parameters": [{"type": "payload", "payload": "yes:1001"}]}
    template = {"name": name, "language": {"code": language}, "components": [body, button]}
    return {"type": "template", "template": template}


def buttons(*pairs: tuple[str, str], body: str = "Right?") -> dict[str, Any]:
    given = [{"type": "reply", "reply": {"id": button_id, "title": title}} for button_id, title in pairs]
    return {
        "type": "interactive",
        "interactive": {"type": "button", "body": {"text": body}, "action": {"buttons": given}},
    }


async def test_a_template_reaches_the_phone_and_its_press_brings_the_payload() -> None:
    """A template goes without an open window; the press comes back as `button` with our payload and the context."""
    async with bench() as b:
        status, answer = await b.send(**confirm("1001", "Ana"), biz_opaque_callback_data="effect/0")
        wamid = answer["messages"][0]["id"]
        assert (status, answer["contacts"]) == (200, [{"input": WA_ID, "wa_id": WA_ID}])
        (got,) = b.world.texts(ANA)
        assert (got.provider, got.channel, got.provider_id) == ("meta", "whatsapp", wamid)
        assert (got.text, got.extra["template"]) == ("Order 1001 for Ana: right?", "confirm")
        assert got.extra["buttons"] == [{"id": "yes:1001", "title": "Yes"}, {"id": "No", "title": "No"}]
        reported = [(s["status"], s["biz_opaque_callback_data"]) for s in await b.statuses()]
        assert reported == [("sent", "effect/0"), ("delivered", "effect/0")]
        assert await b.meta.press(ANA, "Yes") == 200
        pressed = b.inbound()
        assert (pressed["type"], pressed["button"]) == ("button", {"payload": "yes:1001", "text": "Yes"})
        assert pressed["context"]["id"] == wamid


async def test_webhooks_are_signed_over_the_raw_escaped_bytes() -> None:
    """The HMAC of the very bytes matches the header, and serialising the same JSON anew does not give these bytes."""
    async with bench() as b:
        assert await b.meta.reply(ANA, "mañana <a@b/c> 100%") == 200
        (heard,) = b.listener.heard
        mine = hmac.new(b"the app secret", heard.body, hashlib.sha256).hexdigest()
        assert heard.headers["X-Hub-Signature-256"] == f"sha256={mine}"
        assert rb"ma\u00f1ana \u003Ca\u0040b\/c> 100\u0025" in heard.body
        assert b.inbound()["text"]["body"] == "mañana <a@b/c> 100%"


async def test_session_buttons_come_back_as_interactive() -> None:
    """Inside the window up to three buttons go, and a press is an interactive button_reply."""
    async with bench() as b:
        await b.meta.reply(ANA, "hi")
        assert (await b.send(**buttons(("y", "Yes"), ("n", "No"), ("c", "Change"))))[0] == 200
        await b.meta.press(ANA, 2)
        assert b.inbound()["interactive"] == {"type": "button_reply", "button_reply": {"id": "c", "title": "Change"}}


@pytest.mark.parametrize(
    ("message", "status", "code"),
    [
        (buttons(*((str(n), str(n)) for n in range(4))), 400, 131009),
        (buttons(("y", "x" * 21)), 400, 131009),
        (buttons(("x" * 257, "Yes")), 400, 131009),
        (buttons(("y", "Yes"), ("n", "Yes")), 400, 131009),
        (buttons(("y", "Yes"), body="x" * 1025), 400, 131009),
        (buttons(), 400, 131009),
        ({"type": "text", "text": {"body": "x" * 4097}}, 400, 100),
        ({"type": "text"}, 400, 131008),
        ({"type": "text", "text": {"body": ""}}, 400, 131008),
        ({"type": "poem", "poem": {}}, 400, 131051),
        ({"type": "text", "text": {"body": "x"}, "to": ""}, 400, 131008),
        ({"type": "text", "text": {"body": "x"}, "to": "12"}, 400, 131009),
        ({"type": "text", "text": {"body": "x"}, "messaging_product": "sms"}, 400, 100),
        (confirm("1001"), 400, 132000),
        (confirm("1001", " "), 400, 131008),
        (confirm("1001", "Ana", name="unknown"), 404, 132001),
        (confirm("1001", "Ana", language="de"), 404, 132001),
        (confirm(name="paused"), 400, 132015),
    ],
)
async def test_a_refusal_has_metas_code_and_body(message: dict[str, Any], status: int, code: int) -> None:
    """What breaks a limit is refused at once, in Meta's error shape, and nobody gets anything."""
    async with bench() as b:
        await b.meta.reply(ANA, "hi")
        got, answer = await b.send(**message)
        assert (got, answer["error"]["code"], answer["error"]["type"]) == (status, code, "OAuthException")
        assert answer["error"]["fbtrace_id"]
        assert b.world.ledger == []


@pytest.mark.parametrize(
    ("now", "fact", "code"), [(False, "", 131047), (False, "no_whatsapp", 131026), (True, "", 131047)]
)
async def test_window_and_missing_whatsapp_fail_in_a_status_or_at_once(now: bool, fact: str, code: int) -> None:
    """Outside the window or not on WhatsApp: a failed status with the code, or a 400 where the account is told so."""
    async with bench(MetaRules(refuse_now=now)) as b:
        phonebook.set_facts(b.world, ANA, {fact} - {""})
        status, answer = await b.text()
        if now:
            assert (status, answer["error"]["code"]) == (400, code)
        else:
            (report,) = await b.statuses()
            assert (status, report["status"], report["errors"][0]["code"]) == (200, "failed", code)
        assert b.world.ledger == []


async def test_the_window_closes_after_24_hours() -> None:
    """Free text passes until one second before 24 hours after the customer's last message."""
    async with bench(MetaRules(refuse_now=True)) as b:
        await b.meta.reply(ANA, "hi")
        b.world.advance(timedelta(hours=24) - timedelta(seconds=1))
        assert (await b.text())[0] == 200
        b.world.advance(timedelta(seconds=1))
        assert (await b.text())[0] == 400


async def test_the_pair_rate_is_kept_where_it_is_switched_on() -> None:
    """One message in six seconds to one person: sooner is 131056, later passes."""
    async with bench(MetaRules(pair_rate_s=6)) as b:
        await b.meta.reply(ANA, "hi")
        assert (await b.text())[0] == 200
        assert (await b.text())[1]["error"]["code"] == 131056
        b.world.advance(timedelta(seconds=6))
        assert (await b.text())[0] == 200


async def test_a_wrong_token_or_number_id_is_refused() -> None:
    """190 with 401 without the access token, 100/33 for an id that is not this number's."""
    async with bench() as b:
        path = f"/v23.0/{ACCOUNT.phone_number_id}/messages"
        async with b.session.post(path, json={}, headers={"Authorization": "Bearer x"}) as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (401, 190)
        error = (await b.text(path="/v23.0/999/messages"))[1]["error"]
        assert (error["code"], error["error_subcode"]) == (100, 33)


async def test_everything_a_customer_can_do_arrives_in_metas_shape() -> None:
    """Reaction, place, picture, voice, quoted text, edit and delete have the documented types and parts."""
    async with bench() as b:
        await b.meta.reply(ANA, "hi")
        first = b.inbound()["id"]
        wamid = (await b.text())[1]["messages"][0]["id"]
        await b.meta.react(ANA, "👍")
        assert b.inbound()["reaction"] == {"message_id": wamid, "emoji": "👍"}
        await b.meta.locate(ANA, 40.4, -3.7, name="Home")
        assert b.inbound()["location"] == {"latitude": 40.4, "longitude": -3.7, "name": "Home"}
        await b.meta.attach(ANA, "audio", "audio/ogg", voice=True)
        assert (b.inbound()["type"], b.inbound()["audio"]["voice"]) == ("audio", True)
        await b.meta.reply(ANA, "yes", quoted=wamid)
        assert b.inbound()["context"] == {"from": ACCOUNT.display_phone_number, "id": wamid}
        await b.meta.edit(ANA, first, "hi there")
        assert b.inbound()["edit"]["original_message_id"] == first
        assert b.inbound()["edit"]["message"]["text"] == {"body": "hi there"}
        await b.meta.delete(ANA, first)
        assert b.inbound()["revoke"] == {"original_message_id": first}
        assert await b.meta.read(ANA) == 200
        assert (await b.statuses())[-1]["status"] == "read"


async def test_a_medium_can_be_fetched_by_its_id() -> None:
    """The id in the webhook leads to an address, and that to the bytes, both only with the token."""
    async with bench() as b:
        await b.meta.attach(ANA, "image", "image/png", "picture")
        async with b.session.get(f"/v23.0/{b.inbound()['image']['id']}", headers=RIGHT) as answer:
            url = (await answer.json())["url"]
        async with b.session.get(url, headers=RIGHT) as answer:
            assert (answer.content_type, await answer.read()) == ("image/png", b"picture")
        async with b.session.get(url) as answer:
            assert answer.status == 401


async def test_a_customer_who_hides_the_number_is_known_by_user_id() -> None:
    """Without a number the webhook has only from_user_id, and an answer goes to `recipient`."""
    async with bench(MetaRules(user_ids={ANA: USER}, hidden=frozenset({ANA}))) as b:
        await b.meta.reply(ANA, "hi")
        message = b.inbound()
        assert (message["from_user_id"], "from" in message) == (USER, False)
        assert (await b.text(to=None, recipient=USER))[0] == 200
        assert [r.to for r in b.world.ledger] == [ANA]
        assert (await b.statuses())[-1]["recipient_user_id"] == USER
        assert (await b.text(to=None, recipient="ES.0"))[1]["error"]["code"] == 131026


async def test_a_failed_webhook_is_tried_again_unchanged() -> None:
    """Meta repeats the same bytes until a 2xx; the service sees duplicates of one wamid."""
    rules = MetaRules(retry=Retry((0.0, 0.0, 0.0), frozenset({"connect", "read", "4xx", "5xx"})))
    async with bench(rules) as b:
        b.listener.answers = [500, 403, 200]
        assert await b.meta.reply(ANA, "hi") == 200
        assert len(b.listener.heard) == 3
        assert len({h.body for h in b.listener.heard}) == 1
        await b.meta.again(b.inbound()["id"])
        assert b.listener.heard[3].body == b.listener.heard[0].body


async def test_the_handshake_needs_the_right_token() -> None:
    """`verify` is 200 when the challenge is echoed, and the service's refusal otherwise."""
    async with bench() as b:
        assert await b.meta.verify() == 200
        assert await b.meta.verify("wrong") == 403


async def test_bodies_fit_metas_own_schemas() -> None:
    """Answers, errors, statuses and inbound messages fit Meta's OpenAPI file."""
    named = YamlSchemas(spec_file("business-messaging-api_v23.0.yaml"), INBOUND)
    async with bench() as b:
        await b.meta.reply(ANA, "hi")
        assert misfits((await b.text())[1], named["MessageResponsePayload"], named) == []
        assert misfits((await b.send(type="text"))[1], named["GraphAPIError_2"], named) == []
        await b.send(**confirm("1", "Ana"))
        await b.meta.press(ANA)
        await b.send(**buttons(("y", "Yes")))
        await b.meta.press(ANA)
        await b.meta.react(ANA, "👍")
        # the file wants name and address, which a chosen place has and a bare pin has not
        await b.meta.locate(ANA, 40.4, -3.7, name="Home", address="Calle Mayor 1")
        await b.meta.attach(ANA)
        b.world.advance(timedelta(days=2))
        await b.text()
        await b.world.settled()
        kinds = set()
        for body in (h.json for h in b.listener.heard):
            value = body["entry"][0]["changes"][0]["value"]
            kinds.add(value["messages"][0]["type"] if "messages" in value else value["statuses"][0]["status"])
            assert misfits(body, named["WebhookPayload"], named) == []
        assert kinds == {
            "text",
            "button",
            "interactive",
            "reaction",
            "location",
            "image",
            "sent",
            "delivered",
            "failed",
        }
        assert misfits({"entry": []}, named["WebhookPayload"], named) == ["$.object: missing"]  # the check can fail


async def test_templates_are_listed_by_name() -> None:
    """The template list shows name, language, status and components of the account's templates."""
    async with bench() as b:
        path = f"/v23.0/{ACCOUNT.waba_id}/message_templates"
        async with b.session.get(path, params={"name": "confirm"}, headers=RIGHT) as answer:
            (found,) = (await answer.json())["data"]
        assert (found["name"], found["language"], found["status"]) == ("confirm", "en", "APPROVED")
        assert found["components"][1]["buttons"][0] == {"type": "QUICK_REPLY", "text": "Yes"}
