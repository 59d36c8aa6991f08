"""Voice notes, pictures and files of customers under the card, fetched from nobody but the provider that has them."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from adapters.media import SIZE_MOST, TwilioMedia
from adapters.twilio_settings import TwilioSettings
from flows.effects import Refused, TryAgain
from sandbox.meta import MetaAccount, PretendMeta
from sandbox.serving import serve
from sandbox.telegram_spec import BotApiSpec
from sandbox.world import World
from tests.stories.test_card_spec import SPEC
from tests.town import ACCOUNT, ANA, ANA_PHONE, START, TOKEN, Town, town
from tests.town_settings import SETTINGS

OGG, JPEG = b"OggS" + bytes(60), b"\xff\xd8\xff" + bytes(60)


def files(t: Town) -> list[tuple[str, str, bytes]]:
    """What the group shows of files: (voice, photo or document; caption; the bytes behind it)."""
    shown = []
    for post in t.tg.state.rooms[t.group].posts.values():
        for kind, held in post.media.items():
            file = held[0] if isinstance(held, list) else held
            shown.append((kind, post.text, t.tg.state.files[file["file_id"]].content))
    return shown


async def sends(t: Town, content: bytes, kind: str, text: str = "") -> None:
    assert await t.twilio.attach(ANA_PHONE, content, kind, text, to="+34911000002") == 200
    await t.settle()
    await t.skip(seconds=10)


async def test_a_voice_note_is_played_and_a_picture_is_seen_under_the_card(tmp_path: Path) -> None:
    """Each file stands as a reply to the card, with its bytes, without a sound of its own; a reply to it reaches the customer."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await sends(t, OGG, "audio/ogg; codecs=opus")
        await sends(t, JPEG, "image/jpeg", "like this?")
        await sends(t, b"%PDF", "application/pdf")
        assert files(t) == [
            ("voice", f"🎤 Voice note for order {order}", OGG),
            ("photo", f"🖼 Picture for order {order}", JPEG),
            ("document", f"📎 File for order {order}", b"%PDF"),
        ]
        (card,) = t.cards(order)
        said = [m for m in t.tg.shows(t.group) if m.media]
        assert {m.reply_to for m in said} == {card.message_id}
        rings = [p for name, p, _ in t.tg.calls if name == "sendMessage" and "picture, a voice" in str(p["text"])]
        assert len(rings) == 4, "the card, and one line for each message: one matter rings once"
        quiet = {p.get("disable_notification") for name, p, _ in t.tg.calls if name in ("sendVoice", "sendPhoto")}
        assert quiet <= {True, "true", "True"}
        await t.replies(ANA, "Yes, exactly like that", said[1])
        await t.skip(seconds=15)
        assert "Yes, exactly like that" in t.last("whatsapp")


async def test_what_came_without_words_has_a_name(tmp_path: Path) -> None:
    """The card and the line under it name a voice note and a place in the group's language, never by their technical kind."""
    async with town(tmp_path, telegram=True, settings=SETTINGS.replace("language: en", "language: ar")) as t:
        order = await t.order()
        await sends(t, OGG, "audio/ogg; codecs=opus")
        await t.whatsapp("", location=(40.4165, -3.70256))
        await t.staff(ANA, "🙋 أتولاه", order)
        await t.whatsapp("", location=(40.4165, -3.70256))
        await t.skip(minutes=1)
        (card,) = t.cards(order)
        shown = t.group_texts()
        assert "🎤 رسالة صوتية" in card.text
        assert sum("🎤 رسالة صوتية" in text for text in shown) >= 2
        assert any("📍 موقع" in text and "40.41650, -3.70256" in text for text in shown)
        assert not any("[audio" in text or "[location" in text for text in shown)


async def test_uploads_fit_the_bot_api(tmp_path: Path) -> None:
    """What brings a file into the group has no parameter and no answer that the Bot API does not know."""
    if not SPEC.exists():
        pytest.skip("the Bot API's description is not here")
    async with town(tmp_path, telegram=True) as t:
        await t.order()
        for content, kind in ((OGG, "audio/ogg"), (JPEG, "image/jpeg"), (b"%PDF", "application/pdf")):
            await sends(t, content, kind)
        spec = BotApiSpec(SPEC)
        calls = [c for c in t.tg.calls if c[0] in ("sendVoice", "sendPhoto", "sendDocument")]
        assert [fault for call in calls for fault in spec.faults_of_call(*call)] == []
        assert len(calls) == 3


async def test_a_file_that_cannot_be_fetched_is_said_and_nothing_is_lost(tmp_path: Path) -> None:
    """A provider that is down is asked again; in the end a line says what is missing, and the words are there all the same."""
    async with town(tmp_path, telegram=True) as t:
        await t.order()
        t.breaks("twilio", "status", match="", status=503, times=2)
        await sends(t, OGG, "audio/ogg")
        await t.skip(minutes=2)
        assert [content for _, _, content in files(t)] == [OGG], "after two failures it is fetched"
        t.twilio.media.clear()
        assert await t.twilio.attach(ANA_PHONE, JPEG, "image/jpeg", "broken", to="+34911000002") == 200
        t.twilio.media.clear()
        await t.settle()
        await t.skip(minutes=3)
        texts = t.group_texts()
        assert any("broken" in text for text in texts)
        assert any(text.startswith("🖼 Picture from the customer, WhatsApp, cannot be shown") for text in texts)


async def test_a_file_that_is_too_big_is_said(tmp_path: Path) -> None:
    """Above 16 MB nothing is kept or uploaded."""
    async with town(tmp_path, telegram=True) as t:
        await t.order()
        await sends(t, bytes(SIZE_MOST + 1), "video/mp4")
        assert files(t) == []
        assert any("too large" in text for text in t.group_texts())


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{port}/inside",
        "http://169.254.169.254/latest/meta-data",
        "https://mms.twiliocdn.com.evil.example/x",
        "https://user@mms.twiliocdn.com/x",
        "https://mms.twiliocdn.com:444/x",
        "http://mms.twiliocdn.com/x",
        "https://s3-external-1.amazonaws.com/somebody-elses-bucket/x",
        "file:///etc/passwd",
        "/store/relative",
        "",
    ],
)
async def test_no_address_of_a_payload_or_of_a_redirect_is_called(tmp_path: Path, address: str) -> None:
    """Neither the webhook's MediaUrl nor a redirect leads anywhere but to the provider: the inside of the network hears nothing."""
    heard: list[str] = []

    async def inside(request: web.Request) -> web.Response:
        heard.append(request.path)
        return web.Response(body=b"secret")

    inner = web.Application()
    inner.router.add_route("*", "/{path:.*}", inside)
    async with serve(inner) as url, town(tmp_path, telegram=True) as t:
        await t.order()
        wanted = address.format(port=url.rpartition(":")[2])
        assert (
            await t.twilio.reply(ANA_PHONE, "look", "+34911000002", "whatsapp", media=[(wanted, "image/jpeg")]) == 200
        )
        t.twilio.store_url = wanted or "x"
        await sends(t, JPEG, "image/jpeg")
        await t.skip(minutes=2)
        assert (heard, files(t)) == ([], [])
        assert any("cannot be shown" in text for text in t.group_texts())


async def test_a_reference_is_never_an_address() -> None:
    """Whatever stands in an event, only ids of the provider's own form make a request."""
    heard: list[str] = []

    async def any_path(request: web.Request) -> web.Response:
        heard.append(request.path)
        return web.Response(status=404)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", any_path)
    async with serve(app) as url:
        keeper = TwilioMedia(
            TwilioSettings(account_sid=ACCOUNT, auth_tokens=(TOKEN,), public_url="", base_url=url, senders={})
        )
        for ref in ("", "x/y", "../../secret", f"MM{'0' * 32}/ME{'0' * 32}/../x", "http://127.0.0.1/"):
            assert await keeper.fetch(ref) == Refused("not_theirs")
        assert heard == []
        assert isinstance(await keeper.fetch(f"MM{'0' * 32}/ME{'0' * 32}"), TryAgain)
        await keeper.close()
    assert heard == [f"/2010-04-01/Accounts/{ACCOUNT}/Messages/MM{'0' * 32}/Media/ME{'0' * 32}"]


META = """
meta: {{phone_number_id: "10999", number: "+15550783881", access_token: "${{TWILIO}}", app_secret: "${{API}}",
  verify_token: "${{WOO}}", base_url: "{meta}"}}
"""


async def test_a_file_comes_from_meta_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The media id becomes a download link, the link is called with our token only at Meta's hosts, and no log names it."""
    from tests.town import API_TOKEN
    from tests.town_settings import WOO_SECRET

    world = World(START)
    account = MetaAccount("10999", TOKEN, API_TOKEN, WOO_SECRET)
    meta: Any = PretendMeta(world, account, "")
    with caplog.at_level(logging.DEBUG):
        async with serve(meta.app()) as url:
            more = META.format(meta=url)
            async with town(tmp_path, telegram=True, more=more, in_shop="channels: {whatsapp: meta}") as t:
                meta.world, meta.webhook_url = t.world, f"{t.url}/hooks/meta"
                await t.order()
                assert await meta.attach(ANA_PHONE, "audio", "audio/ogg; codecs=opus", OGG) == 200
                await t.settle()
                await t.skip(seconds=10)
                assert [(kind, content) for kind, _, content in files(t)] == [("voice", OGG)]
                meta.store_url = "http://127.0.0.1:1/inside"
                assert await meta.attach(ANA_PHONE, "image", "image/jpeg", JPEG) == 200
                await t.settle()
                await t.skip(seconds=10)
                assert len(files(t)) == 1
                assert any("cannot be shown" in text for text in t.group_texts())
    assert TOKEN not in caplog.text
