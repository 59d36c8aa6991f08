"""What the pretend Twilio posts to the service: fields, signature, opt-out words, and when it tries again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from listening_service import Listener, listening
from twilio.request_validator import RequestValidator

from sandbox.serving import serve
from sandbox.twilio import PretendTwilio, TwilioRules
from sandbox.twilio_hooks import retry_of
from sandbox.twilio_wire import TwilioRefused, signature
from sandbox.world import World

SID, TOKEN = "AC" + "a" * 32, "a secret token"
OURS, ANA = "+14155550100", "+34600000001"
WA_OURS, WA_ANA = "whatsapp:+14155238886", "whatsapp:+34600000001"
TEMPLATE = "HX" + "1" * 32


@asynccontextmanager
async def account(
    rules: TwilioRules | None = None, fragment: str = ""
) -> AsyncIterator[tuple[PretendTwilio, Listener]]:
    async with listening() as listener:
        twilio = PretendTwilio(World(), SID, TOKEN, f"{listener.url}/message{fragment}", rules)
        twilio.register_content(TEMPLATE, "Order {{1}}", [("yes", "Yes"), ("no", "No")])
        try:
            yield twilio, listener
        finally:
            await twilio.world.settled()
            await twilio.hooks.close()


def send(twilio: PretendTwilio, to: str = ANA, sender: str = OURS, body: str = "Hi", callback: str = "") -> str:
    return twilio.create({"To": to, "From": sender, "Body": body, "StatusCallback": callback}).sid


@pytest.mark.parametrize(
    ("url", "fields", "expected"),
    [
        ("https://mycompany.com/myapp.php?foo=1&bar=2", {}, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ("https://mycompany.com:443/myapp.php?foo=1&bar=2#rc=3", {}, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        ("http://mycompany.com:1234/myapp.php?foo=1&bar=2", {}, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
    ],
)
def test_the_signature_is_twilios(url: str, fields: dict[str, str], expected: str) -> None:
    """The vectors of Twilio's own client libraries come out; a fragment is not signed."""
    caller = "+14158675309"
    called = {"CallSid": "CA1234567890ABCDE", "Digits": "1234", "From": caller, "To": "+18005551212", "Caller": caller}
    assert signature("12345", url, called | fields) == expected


async def test_a_reply_arrives_signed_with_the_fields_of_an_sms() -> None:
    """Twilio's own validator takes the inbound webhook, and the field set is the one of a plain SMS."""
    async with account() as (twilio, listener):
        send(twilio)
        assert await twilio.reply(ANA, "Sí, mañana") == 200
        (heard,) = listener.at("/message")
        given = heard.headers["X-Twilio-Signature"]
        assert RequestValidator(TOKEN).validate(f"{listener.url}/message", heard.form, given)
        assert not RequestValidator("other").validate(f"{listener.url}/message", heard.form, given)
        assert heard.headers["Content-Type"].startswith("application/x-www-form-urlencoded")
        assert set(heard.form) == {
            *("MessageSid", "SmsMessageSid", "SmsSid", "SmsStatus", "AccountSid", "ApiVersion", "From", "To"),
            *("Body", "NumSegments", "NumMedia"),
        }
        assert (heard.form["From"], heard.form["To"], heard.form["Body"]) == (ANA, OURS, "Sí, mañana")


async def test_status_callbacks_are_signed_with_their_query() -> None:
    """The signature of a report covers the StatusCallback's query as it was given."""
    async with account() as (twilio, listener):
        callback = f"{listener.url}/status?a=one%20two&b='@:"
        send(twilio, callback=callback)
        await twilio.world.settled()
        reports = listener.at("/status")
        assert [h.form["MessageStatus"] for h in reports] == ["queued", "sent", "delivered"]
        validator = RequestValidator(TOKEN)
        assert all(validator.validate(callback, h.form, h.headers["X-Twilio-Signature"]) for h in reports)


@pytest.mark.parametrize(("in_window", "kind"), [(False, "button"), (True, "interactive")])
async def test_a_press_brings_payload_and_the_message_it_answers(in_window: bool, kind: str) -> None:
    """A button press carries ButtonPayload, ButtonText, the message it was under, and MessageType by the window."""
    async with account() as (twilio, listener):
        if in_window:
            await twilio.reply(ANA, "hi", to=WA_OURS, channel="whatsapp")
        form = {"To": WA_ANA, "From": WA_OURS, "ContentSid": TEMPLATE, "ContentVariables": json.dumps({"1": "9"})}
        sid = twilio.create(form).sid
        assert await twilio.press(ANA, "No") == 200
        pressed = listener.at("/message")[-1].form
        assert (pressed["ButtonPayload"], pressed["ButtonText"], pressed["Body"]) == ("no", "No", "No")
        assert (pressed["OriginalRepliedMessageSid"], pressed["MessageType"]) == (sid, kind)
        assert (pressed["WaId"], pressed["From"]) == ("34600000001", WA_ANA)
        with pytest.raises(LookupError):
            await twilio.press(ANA, "Maybe")


async def test_media_location_and_user_ids_come_in_their_fields() -> None:
    """A picture, a place and a business-scoped user id have Twilio's field names."""
    async with account(TwilioRules(user_ids={ANA: "ES.123"})) as (twilio, listener):
        await twilio.reply(ANA, "", to=WA_OURS, channel="whatsapp", media=[("http://127.0.0.1/x.jpg", "image/jpeg")])
        await twilio.reply(ANA, "", to=WA_OURS, channel="whatsapp", location=(40.4, -3.7))
        picture, place = (h.form for h in listener.at("/message"))
        assert (picture["NumMedia"], picture["MediaContentType0"], picture["MessageType"]) == (
            "1",
            "image/jpeg",
            "image",
        )
        assert (place["Latitude"], place["Longitude"], place["MessageType"]) == ("40.4", "-3.7", "location")
        assert place["ExternalUserId"] == "whatsapp:ES.123"


@pytest.mark.parametrize("word", ["STOP", "stop", " Cancel. ", "OPTOUT", "End"])
async def test_an_opt_out_word_blocks_the_pair_until_an_opt_in_word(word: str) -> None:
    """The word alone, in any case, blocks this sender for this phone, is answered by Twilio, and still is passed on."""
    async with account() as (twilio, listener):
        send(twilio)
        await twilio.reply(ANA, word)
        assert twilio.world.ledger[-1].extra == {"auto_reply": True}
        assert listener.at("/message")[-1].form["Body"] == word
        with pytest.raises(TwilioRefused, match="21610"):
            send(twilio)
        send(twilio, sender="+14155550111")  # another sender is another pair
        send(twilio, to="+34600000002")
        await twilio.reply(ANA, "yes", to=OURS)
        assert "re-subscribed" in twilio.world.ledger[-1].text
        send(twilio)


@pytest.mark.parametrize("text", ["STOP please", "cancel it", "YES", "I'll stop by", "1"])
async def test_other_words_block_nothing(text: str) -> None:
    """Only the whole message counts, and an opt-in word of somebody who was never out is not answered."""
    async with account() as (twilio, _):
        send(twilio)
        await twilio.reply(ANA, text)
        assert len(twilio.world.ledger) == 1
        send(twilio)


async def test_the_word_lists_are_the_accounts() -> None:
    """An account that took CANCEL off its list gets it as a plain text; STOP cannot be taken off."""
    async with account(TwilioRules(opt_out_words={"BAJA"}, advanced_opt_out=True)) as (twilio, listener):
        send(twilio)
        await twilio.reply(ANA, "CANCEL")
        assert "OptOutType" not in listener.at("/message")[-1].form
        send(twilio)
        await twilio.reply(ANA, "baja")
        assert listener.at("/message")[-1].form["OptOutType"] == "STOP"
        with pytest.raises(TwilioRefused, match="21610"):
            send(twilio)
        await twilio.reply(ANA, "START")
        await twilio.reply(ANA, "STOP")
        with pytest.raises(TwilioRefused, match="21610"):
            send(twilio)


async def test_whatsapp_stop_is_a_plain_text_without_advanced_opt_out() -> None:
    """On WhatsApp Twilio keeps no list of its own unless the account says so."""
    async with account() as (twilio, _):
        await twilio.reply(ANA, "STOP", to=WA_OURS, channel="whatsapp")
        assert twilio.world.ledger == []
        send(twilio, WA_ANA, WA_OURS)
        assert len(twilio.world.ledger) == 1


async def test_a_one_way_sender_cannot_be_answered() -> None:
    """An alphanumeric sender takes no replies, and somebody whom nobody wrote to needs an addressee."""
    async with account() as (twilio, _):
        with pytest.raises(LookupError):
            await twilio.reply(ANA, "hello?")
        send(twilio, sender="DemoShop")
        with pytest.raises(ValueError, match="alphanumeric"):
            await twilio.reply(ANA, "YES")


async def test_by_default_only_a_missing_connection_is_tried_again() -> None:
    """A 503 is told to the customer's side as it is, once; the fragment may ask for more tries."""
    async with account() as (twilio, listener):
        listener.answers = [503, 200]
        assert await twilio.reply(ANA, "YES", to=OURS) == 503
        assert len(listener.heard) == 1
    async with account(fragment="#rc=3&rp=all") as (twilio, listener):
        listener.answers = [503, 500, 200]
        assert await twilio.reply(ANA, "YES", to=OURS) == 200
        assert len({(h.body, h.headers["X-Twilio-Signature"]) for h in listener.heard}) == 1
        assert len({h.headers["I-Twilio-Idempotency-Token"] for h in listener.heard}) == 1
        assert len(listener.heard) == 3


def test_the_default_policy_is_one_more_connect_within_15_seconds() -> None:
    """Without a fragment: one retry, on connect failures alone, 5 s to connect, 15 s in all."""
    retry = retry_of("https://x.example/hook")
    assert (len(retry.waits_s), set(retry.on), retry.connect_s, retry.total_s) == (1, {"connect"}, 5.0, 15.0)


async def test_a_persistent_account_delivers_once_the_service_is_back() -> None:
    """With `persist` a message survives a service that is down, and one that answers 500 first."""
    async with account(TwilioRules(persist=True)) as (twilio, _):
        app, heard = web.Application(), []

        async def take(request: web.Request) -> web.Response:
            heard.append(await request.read())
            return web.Response(status=500 if len(heard) == 1 else 204)

        app.router.add_post("/message", take)
        async with serve(web.Application()) as free:
            port = int(free.rpartition(":")[2])
        twilio.webhooks.message_url = f"http://127.0.0.1:{port}/message"
        waiting = asyncio.ensure_future(twilio.reply(ANA, "YES", to=OURS))
        while not twilio.hooks.tries:  # noqa: ASYNC110 (a deque has no event)
            await asyncio.sleep(0.01)
        assert twilio.hooks.tries[0].failure == "connect"
        async with serve(app, port):
            assert await waiting == 204
        assert heard[0] == heard[1]


async def test_copies_and_held_reports_make_duplicates_and_another_order() -> None:
    """`copies` posts one message several times; held reports go out in the order that the test wants; `again` repeats."""
    async with account() as (twilio, listener):
        twilio.hooks.copies = 3
        await twilio.reply(ANA, "YES", to=OURS)
        assert len(listener.heard) == 3
        assert len({h.body for h in listener.heard}) == 1
        twilio.hooks.copies = 1
        await twilio.again(listener.heard[0].form["MessageSid"])
        assert listener.heard[3].body == listener.heard[0].body
        twilio.hooks.hold()
        send(twilio, callback=f"{listener.url}/status")
        await twilio.world.settled()
        assert listener.at("/status") == []
        assert await twilio.hooks.release([2, 0, 1]) == [200, 200, 200]
        assert [h.form["MessageStatus"] for h in listener.at("/status")] == ["delivered", "queued", "sent"]


async def test_read_is_reported_for_whatsapp() -> None:
    """A customer who opens the chat causes a read report, signed like the others."""
    async with account() as (twilio, listener):
        await twilio.reply(ANA, "hi", to=WA_OURS, channel="whatsapp")
        send(twilio, WA_ANA, WA_OURS, callback=f"{listener.url}/status")
        await twilio.world.settled()
        assert await twilio.read(ANA) == 200
        assert listener.at("/status")[-1].form["MessageStatus"] == "read"
