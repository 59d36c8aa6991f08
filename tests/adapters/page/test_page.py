"""The customer's page over real HTTP and real decisions."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession
from msgspec.structs import replace

from adapters import shopify
from adapters.page import Page
from adapters.page_guard import MOST_PRESSES
from flows.events import PagePressed
from flows.pointers import Pointer
from tests.adapters.shop_front import NOW, FakeFront, demo_policy, serving
from tests.adapters.shops.bodies import as_body, shopify_order

SMS, MAIL, OLD, GONE = (
    "sms-token-0000000000aa",
    "mail-token-000000000bb",
    "old-token-0000000000cc",
    "gone-token-000000000dd",
)
KEY = b"k" * 32
SECRETS = ("Ruiz", "600112233", "600 11 22 33", "Luna", "28004", "ana.ruiz")


@pytest.fixture
async def front() -> FakeFront:
    front = FakeFront(demo_policy())
    await front.handle(shopify.parse(as_body(shopify_order(customer_locale="en")), front.policies["demo"], NOW)[0])
    front.tokens = {
        SMS: ("demo", "1042", 1, "sms"),
        MAIL: ("demo", "1042", 1, "email"),
        OLD: ("demo", "1042", 0, "sms"),
    }
    front.events.clear()
    return front


@pytest.fixture
async def client(front: FakeFront) -> AsyncIterator[ClientSession]:
    async with serving(front, Page(front, KEY, "https://orders.example.com").routes()) as client:
        yield client


def order_of(front: FakeFront) -> Any:
    return next(order for document in front.documents.values() for order in document.orders)


def nonce_in(html: str) -> str:
    match = re.search(r'name="nonce" value="([^"]+)"', html)
    assert match
    return match[1]


async def shown(client: ClientSession, token: str = SMS, **headers: str) -> str:
    response = await client.get(f"/c/{token}", headers=headers)
    assert response.status == 200
    return unescape(await response.text())


async def press(
    client: ClientSession, action: str, token: str = SMS, *, headers: dict[str, str] | None = None, **fields: str
) -> ClientResponse:
    if "nonce" not in fields:
        html = await (await client.get(f"/c/{token}")).text()
        fields["nonce"] = nonce_in(html) if "nonce" in html else ""
    return await client.post(f"/c/{token}", data={"action": action} | fields, headers=headers)


async def test_the_page_shows_masked_facts(client: ClientSession) -> None:
    """First name, items, amount, two digits of the phone; nothing else of the person."""
    html = await shown(client)
    for fact in ("Order 1042", ">Ana<", "2 ×", "Taza - azul", "39.80", "•••••33", "Demo Shop"):
        assert fact in html
    for secret in SECRETS:
        assert secret not in html


async def test_the_page_is_locked_down(client: ClientSession) -> None:
    """No script, nothing from elsewhere, not framed, not kept, not indexed, no referrer; the one stylesheet is ours."""
    response = await client.get(f"/c/{SMS}")
    html = await response.text()
    headers = response.headers
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "noindex" in headers["X-Robots-Tag"]
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "<script" not in html
    assert "style=" not in html
    assert re.findall(r'(?:src|href|action)="([^"]*)"', html) == ["/assets/page.css", "/privacy/demo?lang=en"]
    css = await client.get("/assets/page.css")
    assert (css.status, css.content_type) == (200, "text/css")
    assert "url(" not in await css.text()


async def test_every_field_has_its_label(client: ClientSession) -> None:
    """A screen reader names each input, and no id stands twice."""
    html = await shown(client)
    ids = re.findall(r'<input id="([^"]+)"', html)
    assert len(ids) == len(set(ids)) == 6
    for name in ids:
        assert f'<label for="{name}">' in html
    assert '<html lang="en" dir="ltr">' in html
    assert 'name="viewport" content="width=device-width' in html


async def test_confirming_is_a_press_on_the_one_road(client: ClientSession, front: FakeFront) -> None:
    """The event is bound to conversation, order, version and channel; the page then says that it is done."""
    response = await press(client, "confirm")
    assert response.status == 200
    assert "Thank you, the order is confirmed." in await response.text()
    [event] = front.events
    assert isinstance(event, PagePressed)
    assert (event.order_id, event.version, event.channel, event.action) == ("1042", 1, "sms", "confirm")
    assert event.to == (Pointer("conversation", "c1"),)
    assert event.event_id.startswith("page:")
    assert SMS not in event.event_id
    order = order_of(front)
    assert (order.state, order.decided_by, order.via) == ("confirmed", "customer", "page")


async def test_cancelling_takes_two_presses(client: ClientSession, front: FakeFront) -> None:
    """The first only asks; the second cancels; the page offers the way back, which reopens the order."""
    asked = await press(client, "cancel")
    html = unescape(await asked.text())
    assert "Cancel order 1042?" in html
    assert not front.events
    done = await press(client, "cancel_surely", nonce=nonce_in(html))
    assert "The order is cancelled." in await done.text()
    assert order_of(front).state == "cancelled"
    html = await shown(client)
    assert "I want it after all" in html
    assert "Change the phone number" not in html
    assert (await press(client, "confirm")).status == 200
    assert order_of(front).state == "confirmed"


async def test_a_repeated_press_changes_nothing_more(client: ClientSession, front: FakeFront) -> None:
    """A double tap, or a reload of the answer, is the same event."""
    nonce = nonce_in(await shown(client))
    for _ in range(3):
        assert (await press(client, "confirm", nonce=nonce)).status == 200
    assert len(front.events) == 1


async def test_going_back_and_choosing_otherwise_is_heard(client: ClientSession, front: FakeFront) -> None:
    """Two different presses from one rendered page are two events: the second is not taken for a repetition."""
    nonce = nonce_in(await shown(client))
    await press(client, "confirm", nonce=nonce)
    await press(client, "cancel_surely", nonce=nonce)
    assert order_of(front).state == "cancelled"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"User-Agent": "WhatsApp/2.24"},
        {"User-Agent": "facebookexternalhit/1.1"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
    ],
)
async def test_scanners_and_previews_change_nothing(
    client: ClientSession, front: FakeFront, method: str, headers: dict[str, str]
) -> None:
    """However often and with whatever query a link is opened, no event leaves."""
    before = dict(front.documents)
    for query in ("", "?action=confirm", "?action=cancel_surely&nonce=x"):
        await client.request(method, f"/c/{SMS}{query}", headers=headers)
    assert not front.events
    assert front.documents == before


async def test_a_post_needs_a_nonce_of_this_page(client: ClientSession, front: FakeFront) -> None:
    """None, a made-up one, another token's, one altered, or one from yesterday: 403, shown again, nothing changed."""
    good = nonce_in(await shown(client))
    others = nonce_in(await shown(client, MAIL))
    flipped = good[:-1] + ("0" if good[-1] != "0" else "1")
    for nonce in ("", "x", others, flipped, good.replace("-", "", 1), good + "0"):
        response = await press(client, "confirm", nonce=nonce)
        assert response.status == 403
        assert "Yes, confirm the order" in await response.text()
    front.clock = NOW + timedelta(hours=13)
    assert (await press(client, "confirm", nonce=good)).status == 403
    assert not front.events


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
async def test_a_form_sent_by_another_site_is_refused(client: ClientSession, front: FakeFront, site: str) -> None:
    """The browser says who sent the form; only this very page may."""
    assert (await press(client, "confirm", headers={"Sec-Fetch-Site": site})).status == 403
    assert not front.events
    assert (await press(client, "confirm", headers={"Sec-Fetch-Site": "same-origin"})).status == 200


async def test_an_e_mails_link_never_confirms(client: ClientSession, front: FakeFront) -> None:
    """It shows no Confirm, says why, refuses one that is posted all the same, and still changes and cancels."""
    html = await shown(client, MAIL)
    assert "Yes, confirm the order" not in html
    assert "cannot be confirmed from an e-mail" in html
    assert (await press(client, "confirm", MAIL)).status == 409
    assert not front.events
    assert (await press(client, "cancel_surely", MAIL)).status == 200
    assert order_of(front).state == "cancelled"
    assert "I want it after all" in await shown(client, MAIL), "a person reads that, see the stories of mail"
    assert (await press(client, "confirm", MAIL)).status in (403, 409)
    assert order_of(front).state == "cancelled"


async def test_a_new_number_is_read_in_the_orders_country(client: ClientSession, front: FakeFront) -> None:
    """The number arrives as E.164, is thanked for masked, and the order leaves this page."""
    response = await press(client, "phone", phone="611 22 33 44")
    html = unescape(await response.text())
    assert response.status == 200
    assert "We now ask at" in html
    assert "44" in html
    assert "611" not in html
    [event] = front.events
    assert isinstance(event, PagePressed)
    assert (event.phone, event.phone_mobile) == ("+34611223344", True)


@pytest.mark.parametrize("phone", ["", "12", "call me", "x" * 500, "+", "\u202e600"])
async def test_what_is_no_number_is_asked_again(client: ClientSession, front: FakeFront, phone: str) -> None:
    """400, the page again with what is wrong, and nothing changed."""
    response = await press(client, "phone", phone=phone)
    assert response.status == 400
    assert "does not look like a phone number" in await response.text()
    assert not front.events


async def test_a_new_address_keeps_what_was_left_blank(client: ClientSession, front: FakeFront) -> None:
    """Street alone keeps town and postcode; a new town drops the old region; the country stays."""
    assert (await press(client, "address", line1="Gran Vía 1", city="", postcode="")).status == 200
    assert (await press(client, "address", line1="Rambla 2", city="Barcelona", postcode="08001")).status == 200
    first, second = (event.address for event in front.events if isinstance(event, PagePressed))
    assert first is not None
    assert second is not None
    assert (first.line1, first.city, first.region, first.postcode, first.country) == (
        "Gran Vía 1",
        "Madrid",
        "Madrid",
        "28004",
        "ES",
    )
    assert (second.city, second.region, second.postcode) == ("Barcelona", "", "08001")


@pytest.mark.parametrize("line1", ["", "ab", "1234567", "  \u0000 "])
async def test_what_is_no_street_is_asked_again(client: ClientSession, front: FakeFront, line1: str) -> None:
    """A courier cannot look for it."""
    assert (await press(client, "address", line1=line1, city="Madrid")).status == 400
    assert not front.events


@pytest.mark.parametrize(
    ("day", "hour", "wish"),
    [
        ("2026-11-23", "17:00", "2026-11-23 17:00"),
        ("2026-11-23", "", "2026-11-23"),
        ("2026-11-21", "12:00", "2026-11-21 12:00"),
        ("2026-11-21", "10:30", None),  # half past ten in Madrid is past
        ("2026-11-20", "", None),
        ("2027-11-20", "", None),
        ("", "", None),
        ("tomorrow", "", None),
        ("2026-11-23", "25:00", None),
    ],
)
async def test_a_wished_time_is_local_and_ahead(
    client: ClientSession, front: FakeFront, day: str, hour: str, wish: str | None
) -> None:
    """A day, or a day and an hour, at the door's own clock; what is past or far off is asked again."""
    response = await press(client, "time", day=day, hour=hour)
    assert response.status == (200 if wish else 400)
    assert [event.time for event in front.events if isinstance(event, PagePressed)] == ([wish] if wish else [])


async def test_a_changed_order_shows_itself_and_takes_nothing(client: ClientSession, front: FakeFront) -> None:
    """A token of an older version says that the order has changed and offers no button."""
    html = await shown(client, OLD)
    assert "has changed meanwhile" in html
    assert "<form" not in html
    good = nonce_in(await shown(client))
    assert (await press(client, "confirm", OLD, nonce=good)).status == 403
    assert not front.events


async def test_after_dispatch_the_page_only_reads(client: ClientSession, front: FakeFront) -> None:
    """A shipped order can no longer be changed here, also from a page rendered before."""
    nonce = nonce_in(await shown(client))
    sent = shopify_order(fulfillment_status="fulfilled", updated_at="2026-11-21T12:00:00+01:00")
    await front.handle(shopify.parse(as_body(sent), front.policies["demo"], NOW)[0])
    html = await shown(client)
    assert "with the courier" in html
    assert "<form" not in html
    assert (await press(client, "cancel_surely", nonce=nonce)).status == 409
    assert order_of(front).state == "shipped"


async def test_unknown_ended_and_malformed_tokens_look_alike(client: ClientSession, front: FakeFront) -> None:
    """The same 404 body for all, by GET and POST, that says nothing of any order."""
    bodies = set()
    for token in (GONE, "x", "a" * 64, "..%00", "tok en"):
        response = await client.get(f"/c/{token}")
        assert response.status == 404
        bodies.add(await response.text())
    posted = await client.post(f"/c/{GONE}", data={"action": "confirm"})
    bodies.add(await posted.text())
    assert posted.status == 404
    assert len(bodies) == 1
    assert "no longer valid" in bodies.pop()


async def test_ten_wrong_tokens_a_minute_are_enough(client: ClientSession) -> None:
    """The eleventh wrong one is 429 from that address; a good link still opens, and other addresses are not touched."""
    proxied = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}
    statuses = [(await client.get(f"/c/{GONE}", headers=proxied)).status for _ in range(12)]
    assert statuses == [404] * 10 + [429] * 2
    assert (await client.get(f"/c/{SMS}", headers=proxied)).status == 200
    forged = {"X-Forwarded-For": "203.0.113.9, 198.51.100.8"}
    assert (await client.get(f"/c/{GONE}", headers=forged)).status == 404


async def test_a_link_is_not_pressed_without_end(client: ClientSession, front: FakeFront) -> None:
    """Thirty presses of one link in ten minutes are borne, then 429 for that link alone; looking at it stays free."""
    statuses = {(await press(client, "explode")).status for _ in range(MOST_PRESSES)}
    assert 429 not in statuses
    assert (await press(client, "confirm")).status == 429
    assert not front.events
    assert (await client.get(f"/c/{SMS}")).status == 200
    assert (await press(client, "cancel_surely", MAIL)).status == 200


async def test_bad_forms_change_nothing(client: ClientSession, front: FakeFront) -> None:
    """An unknown action, a field twice, broken UTF-8: 400; another type 415; more than 64 kB 413; storage away 503."""
    nonce = nonce_in(await shown(client))
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    async def sent(body: bytes, headers: dict[str, str] = form) -> int:
        return (await client.post(f"/c/{SMS}", data=body, headers=headers)).status

    assert await sent(f"nonce={nonce}&action=explode".encode()) == 400
    assert await sent(f"nonce={nonce}&action=confirm&action=cancel".encode()) == 400
    assert await sent(b"nonce=%ff&action=confirm") == 400
    assert await sent(b"{}", {"Content-Type": "application/json"}) == 415
    assert await sent(b"a=" + b"x" * 70_000) == 413
    assert not front.events


async def test_while_the_storage_is_away_nothing_is_thanked_for(client: ClientSession, front: FakeFront) -> None:
    """503, by GET and POST, and the order as it was."""
    nonce = nonce_in(await shown(client))
    front.down = True
    assert (await client.get(f"/c/{SMS}")).status == 503
    assert (await press(client, "confirm", nonce=nonce)).status == 503
    front.down = False
    assert order_of(front).state == "pending"


@pytest.mark.parametrize(("language", "direction"), [("ar", "rtl"), ("es-MX", "ltr"), ("ur", "rtl"), ("xx", "ltr")])
async def test_the_page_speaks_the_customers_language(
    client: ClientSession, front: FakeFront, language: str, direction: str
) -> None:
    """Language and direction are the conversation's; a language we do not speak is English."""
    front.documents["c1"] = replace(front.documents["c1"], language=language)
    html = await shown(client)
    tag = language.partition("-")[0] if language != "xx" else "en"
    assert f'<html lang="{tag}" dir="{direction}">' in html
    assert ("Is everything right?" in html) == (tag == "en")


async def test_a_link_that_is_gone_speaks_the_browsers_language(client: ClientSession) -> None:
    """Nothing is known of the customer, so the browser's first language that we speak counts."""
    response = await client.get(f"/c/{GONE}", headers={"Accept-Language": "xx, ar-MA;q=0.9, en;q=0.5"})
    assert '<html lang="ar" dir="rtl">' in await response.text()


async def test_hostile_words_of_an_order_stay_text(client: ClientSession, front: FakeFront) -> None:
    """A name or title with markup is shown as it is written, never as markup."""
    order = shopify_order(customer_locale="en", name="#7", phone="+34600998877")
    order["line_items"][0]["name"] = '<img src=x onerror="alert(1)">'
    order["shipping_address"] |= {"first_name": "<b>Ana</b>", "phone": "600998877"}
    await front.handle(shopify.parse(as_body(order), front.policies["demo"], NOW)[0])
    front.tokens[GONE] = ("demo", "7", 1, "sms")
    raw = await (await client.get(f"/c/{GONE}")).text()
    assert "<img" not in raw
    assert "<b>" not in raw
    assert "&lt;img" in raw


def test_the_nonce_key_is_long_enough() -> None:
    """A short key is refused at the start, not noticed after a break-in."""
    with pytest.raises(ValueError, match="16 bytes"):
        Page(FakeFront(), b"short", "https://orders.example.com")
