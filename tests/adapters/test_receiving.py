"""The rules that all webhook routes share, over real HTTP: what is refused, what is kept, and when 200 is said."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import json
import logging
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from twilio.request_validator import RequestValidator

from adapters import gateway, meta, receiving, twilio
from engine.ports import Kept, StoreUnavailable
from tests.adapters.stand_in import ACCOUNT, GATEWAY, META, NOW, TWILIO, StandInFront

Client = TestClient[web.Request, web.Application]
MESSAGE = {
    "MessageSid": "SM" + "1" * 32,
    "AccountSid": ACCOUNT,
    "From": "+34600111222",
    "To": "+34910000001",
    "Body": "a very private sentence",
}


@pytest.fixture
def front() -> StandInFront:
    return StandInFront()


@pytest.fixture
async def client(front: StandInFront) -> AsyncIterator[Client]:
    app = web.Application()
    app.add_routes(twilio.routes(front, TWILIO))
    app.add_routes(meta.routes(front, META))
    app.add_routes(gateway.routes(front, {"local": GATEWAY}))
    async with TestClient(TestServer(app)) as connected:
        yield connected


async def post_twilio(
    client: Client, fields: dict[str, str], path: str = twilio.MESSAGE_PATH, signed: dict[str, str] | None = None
) -> aiohttp.ClientResponse:
    signature = RequestValidator(TWILIO.auth_tokens[0]).compute_signature(
        TWILIO.public_url + path, fields if signed is None else signed
    )
    return await client.post(path, data=fields, headers={"X-Twilio-Signature": signature})


async def post_meta(client: Client, body: bytes, secret: str = META.app_secrets[0]) -> aiohttp.ClientResponse:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={digest}", "Content-Type": "application/json"}
    return await client.post(meta.PATH, data=body, headers=headers)


def meta_texts(*texts: str) -> bytes:
    messages = [
        {"from": f"3460011122{n}", "id": f"wamid.{n}", "timestamp": "1", "type": "text", "text": {"body": text}}
        for n, text in enumerate(texts)
    ]
    value = {"metadata": {"phone_number_id": "7700112233"}, "messages": messages}
    entry = [{"id": "1", "changes": [{"field": "messages", "value": value}]}]
    return json.dumps({"object": "whatsapp_business_account", "entry": entry}).encode()


async def test_twilio_gets_an_empty_twiml_after_the_commit(client: Client, front: StandInFront) -> None:
    """A good message is handled once and answered 200 with an empty TwiML."""
    answer = await post_twilio(client, MESSAGE)
    assert (answer.status, answer.content_type) == (200, "text/xml")
    assert (await answer.text()).endswith("<Response/>")
    assert [event.event_id for event in front.handled] == [f"twilio:{MESSAGE['MessageSid']}:received"]


async def test_the_status_route_takes_its_query_into_the_signature(client: Client, front: StandInFront) -> None:
    """A status whose query was changed on the way is refused; the right one finds its effect."""
    fields = {"MessageSid": "SM1", "AccountSid": ACCOUNT, "MessageStatus": "delivered"}
    path = f"{twilio.STATUS_PATH}?c=cv_1&e=order:demo:A%20%231:1/0"
    answer = await post_twilio(client, fields, path)
    assert answer.status == 200
    signature = RequestValidator(TWILIO.auth_tokens[0]).compute_signature(TWILIO.public_url + path, fields)
    other = f"{twilio.STATUS_PATH}?c=cv_2&e=order:demo:A%20%231:1/0"
    assert (await client.post(other, data=fields, headers={"X-Twilio-Signature": signature})).status == 403
    assert [event.to[0].key for event in front.handled] == ["cv_1"]


async def test_a_bad_signature_is_refused_counted_and_not_kept(client: Client, front: StandInFront) -> None:
    """Unsigned and wrongly signed requests get 403 on every route; nothing is handled or kept."""
    assert (await client.post(twilio.MESSAGE_PATH, data=MESSAGE)).status == 403
    assert (await post_twilio(client, MESSAGE, signed={**MESSAGE, "Body": "yes"})).status == 403
    assert (await post_meta(client, meta_texts("hi"), "wrong")).status == 403
    assert (await client.post("/hooks/sms/local", json={}, headers={"X-Gateway-Secret": "wrong"})).status == 403
    assert not front.handled
    assert not front.kept
    assert front.counted["hook_rejected:twilio/message"] == 2
    assert front.counted["hook_rejected:meta"] == front.counted["hook_rejected:sms/local"] == 1


async def test_host_and_forwarded_headers_prove_nothing(client: Client, front: StandInFront) -> None:
    """The URL that is checked is the configured one: a signature for another host is refused, whatever the headers say."""
    path = twilio.MESSAGE_PATH
    signature = RequestValidator(TWILIO.auth_tokens[0]).compute_signature("https://evil.example" + path, MESSAGE)
    headers = {"X-Twilio-Signature": signature, "Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    assert (await client.post(path, data=MESSAGE, headers=headers)).status == 403
    assert not front.handled


@pytest.mark.parametrize(
    "fields",
    [
        {"Body": None},
        {"From": None},
        {"AccountSid": "AC" + "0" * 32},
        {"To": "+15550001111"},
        {"Body": None, "BodyFrom": "x"},
    ],
)
async def test_a_signed_body_that_cannot_be_used_is_kept(
    client: Client, front: StandInFront, fields: dict[str, str | None]
) -> None:
    """A field missing, another account, a number of no shop: 200, nothing handled, the body kept as it came."""
    given = {name: value for name, value in {**MESSAGE, **fields}.items() if value is not None}
    assert (await post_twilio(client, given)).status == 200
    assert not front.handled
    [kept] = front.kept
    assert kept.route == twilio.MESSAGE_ROUTE
    assert kept.headers[receiving.TARGET] == twilio.MESSAGE_PATH
    assert "private" not in kept.why


async def test_a_doubled_name_is_kept_not_guessed(client: Client, front: StandInFront) -> None:
    """Two values under one expected name: nobody decides which one counts."""
    pairs = [*MESSAGE.items(), ("Body", "CANCEL")]
    text = TWILIO.public_url + twilio.MESSAGE_PATH + "".join(n + v for n, v in sorted(set(pairs)))
    signature = RequestValidator(TWILIO.auth_tokens[0]).compute_signature(text, {})
    answer = await client.post(twilio.MESSAGE_PATH, data=pairs, headers={"X-Twilio-Signature": signature})
    assert answer.status == 200
    assert not front.handled
    assert "twice" in front.kept[0].why


async def test_a_failed_step_is_kept_and_told_by_its_name_only(
    client: Client, front: StandInFront, caplog: pytest.LogCaptureFixture
) -> None:
    """A step that fails costs no message: 200 and kept; neither log nor reason quotes the customer."""
    front.failure = KeyError("a very private sentence")
    with caplog.at_level(logging.DEBUG):
        assert (await post_twilio(client, MESSAGE)).status == 200
    assert front.kept[0].why == "step failed: KeyError"
    assert "private" not in caplog.text
    assert "hook.step_failed" in caplog.text


async def test_a_store_that_is_away_is_503(client: Client, front: StandInFront) -> None:
    """Nothing written, nothing kept: the provider is asked to come again."""
    front.failure = StoreUnavailable()
    assert (await post_twilio(client, MESSAGE)).status == 503
    assert (await post_meta(client, meta_texts("a", "b"))).status == 503
    assert not front.kept


async def test_one_unreadable_part_takes_no_other_with_it(client: Client, front: StandInFront) -> None:
    """Of a batch, what can be read is handled, and the whole body is kept for the rest."""
    body = meta_texts("one", "two").replace(b'"body": "one"', b'"body": 1')
    assert (await post_meta(client, body)).status == 200
    assert [event.event_id for event in front.handled] == ["meta:wamid.1:received"]
    assert front.kept[0].body == body


async def test_one_failed_step_takes_no_other_with_it(client: Client, front: StandInFront) -> None:
    """Of a batch of three people, the two whose steps work are committed; the body is kept for the third."""
    front.failure, front.fails_for = RuntimeError("boom"), "wamid.1"
    assert (await post_meta(client, meta_texts("a", "b", "c"))).status == 200
    assert {event.event_id for event in front.handled} == {"meta:wamid.0:received", "meta:wamid.2:received"}
    assert len(front.kept) == 1


async def test_a_kept_body_can_be_replayed(client: Client, front: StandInFront) -> None:
    """After a fix the kept body gives the events it would have given."""
    front.failure = RuntimeError("boom")
    path = f"{twilio.STATUS_PATH}?c=cv_1&e=e/0"
    await post_twilio(client, {"MessageSid": "SM1", "AccountSid": ACCOUNT, "MessageStatus": "sent"}, path)
    [kept] = front.kept
    again = receiving.Received.from_kept(Kept("k", kept.route, NOW, kept.why, kept.body, kept.headers), NOW)
    [event] = twilio.parsers(TWILIO)[kept.route](again)
    assert event.to[0].key == "cv_1"
    assert "authorization" not in kept.headers


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        (twilio.MESSAGE_PATH, receiving.FORM_LIMIT_BYTES),
        (twilio.STATUS_PATH, receiving.FORM_LIMIT_BYTES),
        ("/hooks/sms/local", receiving.FORM_LIMIT_BYTES),
        (meta.PATH, receiving.BATCH_LIMIT_BYTES),
    ],
)
async def test_bodies_are_bounded(client: Client, front: StandInFront, path: str, limit: int) -> None:
    """One byte too much is 413, with and without a Content-Length; the limit itself gets as far as the signature."""
    kind = {"Content-Type": receiving.JSON if "twilio" not in path else receiving.FORM}

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(limit // 1024):
            yield b"x" * 1024
        yield b"x"

    assert (await client.post(path, data=io.BytesIO(b"x" * (limit + 1)), headers=kind)).status == 413
    assert (await client.post(path, data=chunks(), headers=kind)).status == 413
    assert (await client.post(path, data=io.BytesIO(b"x" * limit), headers=kind)).status == 403
    assert not front.kept


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
async def test_other_content_types_are_refused(client: Client, kind: str) -> None:
    """A Twilio route takes a form and nothing else."""
    headers = {"Content-Type": kind} if kind else {}
    answer = await client.post(twilio.MESSAGE_PATH, data=b"Body=1", headers=headers, skip_auto_headers=["Content-Type"])
    assert answer.status == 415


async def test_a_compressed_body_is_refused(client: Client) -> None:
    """Nothing is unpacked: a small body could become a very big one."""
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert (await client.post(meta.PATH, data=b"\x1f\x8b", headers=headers)).status in (400, 415)


async def test_a_dripping_body_is_given_up(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who does not finish the body in time gets 408."""
    monkeypatch.setattr(receiving, "RECEIVE_TIMEOUT_S", 0.05)
    stop = asyncio.Event()

    async def drip() -> AsyncIterator[bytes]:
        yield b"Body="
        await stop.wait()

    asking = asyncio.ensure_future(
        client.post(twilio.MESSAGE_PATH, data=drip(), headers={"Content-Type": receiving.FORM})
    )
    answer = await asking
    stop.set()
    assert answer.status == 408


async def test_metas_handshake_echoes_the_challenge_to_who_knows_the_token(client: Client) -> None:
    """GET with the right token gives the challenge back; any other is 403."""
    asked = {"hub.mode": "subscribe", "hub.verify_token": META.verify_token, "hub.challenge": "4711"}
    answer = await client.get(meta.PATH, params=asked)
    assert (answer.status, await answer.text()) == (200, "4711")
    for wrong in ({"hub.verify_token": "no"}, {"hub.mode": "unsubscribe"}, {"hub.verify_token": ""}):
        assert (await client.get(meta.PATH, params={**asked, **wrong})).status == 403


async def test_either_meta_secret_signs_during_a_rotation(client: Client, front: StandInFront) -> None:
    """Both app secrets are good while one replaces the other."""
    for secret in META.app_secrets:
        assert (await post_meta(client, meta_texts("hi"), secret)).status == 200
    assert len(front.rows) == 1


async def test_a_gateway_may_show_its_secret_in_three_places(client: Client, front: StandInFront) -> None:
    """Header, Bearer token or query: the right secret counts in each; an unknown gateway is 404."""
    reply = {"id": "1", "from": "+34600111222", "text": "ok"}
    secret = "gateway-secret"
    assert (await client.post("/hooks/sms/local", json=reply, headers={"X-Gateway-Secret": secret})).status == 200
    assert (
        await client.post("/hooks/sms/local", json=reply, headers={"Authorization": f"Bearer {secret}"})
    ).status == 200
    assert (await client.post(f"/hooks/sms/local?secret={secret}", json=reply)).status == 200
    assert (await client.post(f"/hooks/sms/other?secret={secret}", json=reply)).status == 404
    assert len(front.rows) == 1


def test_routes_without_secrets_cannot_be_made() -> None:
    """A missing secret stops the start instead of opening the door."""
    from msgspec.structs import replace

    front = StandInFront()
    with pytest.raises(ValueError):
        meta.routes(front, replace(META, app_secrets=()))
    with pytest.raises(ValueError):
        meta.routes(front, replace(META, verify_token=""))
    with pytest.raises(ValueError):
        twilio.routes(front, replace(TWILIO, auth_tokens=()))
    with pytest.raises(ValueError):
        gateway.routes(front, {"local": replace(GATEWAY, reply_hook=gateway.GatewayReplies(secret=""))})
