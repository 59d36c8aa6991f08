"""Templates at the pretend providers: Twilio's checked with Twilio's own client and OpenAPI file, Meta's with its documented rules."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from conformity import misfits, spec_file
from listening_service import Listener, listening
from twilio.rest import Client

from sandbox.meta import MetaAccount, MetaRules, PretendMeta
from sandbox.serving import serve
from sandbox.twilio import PretendTwilio
from sandbox.world import World
from tests.sandbox.test_twilio_pretend import SID, TOKEN, Loopback

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ACCOUNT = MetaAccount("106540352242922", "the token", "the app secret", "verify-me", waba_id="204")
RIGHT = {"Authorization": "Bearer the token"}
BODY = "Hello, this is {{1}}. Is your order {{2}} right?"
#: what breaks a rule of WhatsApp's, and Meta's subcode for it
UNFIT: list[tuple[dict[str, Any], int]] = [
    ({"body": "{{1}}, is your order {{2}} right?"}, 2388299),
    ({"body": "Is it right, {{1}} and {{2}}"}, 2388299),
    ({"body": "Hello {{1}} {{2}}, right?"}, 2388299),
    ({"body": "Hello {{2}}, this is {{1}}, right?"}, 2388047),
    ({"body": "x" * 1025, "examples": []}, 2388040),
    ({"examples": ["Demo"]}, 2388043),
    ({"buttons": ["x" * 26]}, 2388040),
    ({"buttons": ["Yes", "Yes"]}, 2388047),
    ({"name": "Confirm Order"}, 2388072),
    ({"language": "pt"}, 2388006),
    ({"category": "TRANSACTIONAL"}, 2388073),
]


def asked(
    body: str = BODY,
    examples: list[str] | None = None,
    buttons: list[str] | None = None,
    name: str = "confirm",
    language: str = "en",
    category: str = "UTILITY",
) -> dict[str, Any]:
    """A create request of Meta's."""
    given = ["Demo Shop", "1001"] if examples is None else examples
    part: dict[str, Any] = {"type": "BODY", "text": body}
    if given:
        part["example"] = {"body_text": [given]}
    titles = ["Yes", "No"] if buttons is None else buttons
    quick = {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": title} for title in titles]}
    return {"name": name, "language": language, "category": category, "components": [part, quick]}


@asynccontextmanager
async def at_meta() -> AsyncIterator[tuple[PretendMeta, aiohttp.ClientSession, Listener]]:
    async with listening() as listener:
        meta = PretendMeta(World(NOON), ACCOUNT, f"{listener.url}/hooks/meta", MetaRules(daily_limit=2000))
        async with serve(meta.app()) as url, aiohttp.ClientSession(url, headers=RIGHT) as session:
            yield meta, session, listener
            await meta.world.settled()


async def post(session: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> tuple[int, Any]:
    async with session.post(path, json=body) as answer:
        return answer.status, await answer.json()


async def get(session: aiohttp.ClientSession, path: str) -> Any:
    async with session.get(path) as answer:
        return await answer.json()


async def test_meta_takes_judges_and_tells() -> None:
    """A template waits for its review, the webhook tells of it in Meta's form, a rejected one may be edited, a second one of the name
    and language is refused."""
    async with at_meta() as (meta, session, listener):
        status, made = await post(session, "/v23.0/204/message_templates", asked())
        assert (status, made["status"], made["category"]) == (200, "PENDING", "UTILITY")
        assert (await post(session, "/v23.0/204/message_templates", asked()))[1]["error"]["error_subcode"] == 2388024
        status, no = await post(session, f"/v23.0/{made['id']}", asked(body="Order {{1}} of {{2}}: right?"))
        assert (status, no["error"]["error_subcode"]) == (400, 2388039)
        await meta.reviews.review("confirm", "en", "REJECTED", "INVALID_FORMAT")
        change = listener.heard[-1].json["entry"][0]
        assert change["id"] == "204"
        assert change["changes"][0]["field"] == "message_template_status_update"
        assert change["changes"][0]["value"] == {
            "event": "REJECTED",
            "message_template_id": int(made["id"]),
            "message_template_name": "confirm",
            "message_template_language": "en",
            "reason": "INVALID_FORMAT",
            "message_template_category": "UTILITY",
        }
        edited = asked(body="Order {{1}} of {{2}}: right?")
        assert await post(session, f"/v23.0/{made['id']}", edited) == (200, {"success": True})
        (one,) = (await get(session, "/v23.0/204/message_templates?name=confirm"))["data"]
        assert (one["status"], one["components"][0]["text"]) == ("PENDING", "Order {{1}} of {{2}}: right?")


async def test_metas_list_has_pages() -> None:
    """`limit` cuts, `after` goes on, and the last page has no next."""
    async with at_meta() as (meta, session, _):
        for n in range(5):
            meta.register_template(f"t{n}", "en", "Hello")
        first = await get(session, "/v23.0/204/message_templates?limit=3")
        assert [t["name"] for t in first["data"]] == ["t0", "t1", "t2"]
        assert "next" in first["paging"]
        after = first["paging"]["cursors"]["after"]
        rest = await get(session, f"/v23.0/204/message_templates?limit=3&after={after}")
        assert [t["name"] for t in rest["data"]] == ["t3", "t4"]
        assert "next" not in rest["paging"]


async def test_metas_number_tells_the_limit() -> None:
    """The field whatsapp_business_manager_messaging_limit is there when it is asked for, in Meta's words."""
    async with at_meta() as (meta, session, _):
        path = f"/v23.0/{ACCOUNT.phone_number_id}?fields=whatsapp_business_manager_messaging_limit"
        assert (await get(session, path))["whatsapp_business_manager_messaging_limit"] == "TIER_2K"
        await meta.reviews.tier(-1)
        assert (await get(session, path))["whatsapp_business_manager_messaging_limit"] == "TIER_UNLIMITED"


@pytest.mark.parametrize(("broken", "subcode"), UNFIT)
async def test_what_whatsapp_refuses_is_refused_at_both(broken: dict[str, Any], subcode: int) -> None:
    """Meta answers 400 with its subcode; through Twilio the approval request is rejected, with the rule as its reason."""
    async with at_meta() as (meta, session, _):
        body = asked(**broken)
        status, no = await post(session, "/v23.0/204/message_templates", body)
        assert (status, no["error"]["code"], no["error"]["error_subcode"]) == (400, 100, subcode)
        assert meta.templates == {}
    text, examples = body["components"][0]["text"], body["components"][0].get("example", {}).get("body_text", [[]])[0]
    titles = [button["text"] for button in body["components"][1]["buttons"]]
    if any(len(title) > 20 for title in titles):
        return  # Twilio does not even make a content of it
    twilio = PretendTwilio(World(NOON), SID, TOKEN, "http://127.0.0.1:9/none")
    variables = {str(n): example for n, example in enumerate(examples, start=1)}
    quick = {"twilio/quick-reply": {"body": text, "actions": [{"title": title, "id": title} for title in titles]}}
    made = {"friendly_name": "x", "language": body["language"], "types": quick, "variables": variables}
    content = twilio.contents.create(made, NOON)
    judged = twilio.contents.submit(content.sid, {"name": body["name"], "category": body["category"]})
    assert judged.status == "rejected"
    assert judged.reason


async def test_twilios_own_client_reads_what_was_submitted() -> None:
    """A content and its approval request, read with Twilio's SDK; request and answers fit Twilio's own schemas."""
    schemas = json.loads(spec_file("twilio_content_v1.json").read_text())["components"]["schemas"]
    twilio = PretendTwilio(World(NOON), SID, TOKEN, "http://127.0.0.1:9/none")
    async with serve(twilio.app()) as url, Loopback(url) as http:
        client = Client(SID, TOKEN, http_client=http)
        quick = {"body": BODY, "actions": [{"type": "QUICK_REPLY", "title": "Yes", "id": "yes"}]}
        async with aiohttp.ClientSession(url, headers={"Authorization": aiohttp.encode_basic_auth(SID, TOKEN)}) as raw:
            sent = {"friendly_name": "doorstep_confirm", "language": "en", "variables": {"1": "Demo Shop", "2": "1001"}}
            made = await post(raw, "/v1/Content", {**sent, "types": {"twilio/quick-reply": quick}})
            sid = made[1]["sid"]
            wished = {"name": "doorstep_confirm", "category": "UTILITY"}
            status, approval = await post(raw, f"/v1/Content/{sid}/ApprovalRequests/whatsapp", wished)
            assert (status, approval["status"], approval["name"]) == (201, "received", "doorstep_confirm")
            assert misfits(wished, schemas["ContentApprovalRequest"], schemas) == []
            assert misfits(approval, schemas["content.v1.content.approval_create"], schemas) == []
            twilio.contents.judge(sid, "approved")
            (listed,) = await client.content.v1.content_and_approvals.list_async()
            assert (listed.sid, listed.approval_requests["status"]) == (sid, "approved")
            fetched = await client.content.v1.contents(sid).approval_fetch().fetch_async()
            assert fetched.whatsapp["category"] == "UTILITY"
            page = await get(raw, "/v1/ContentAndApprovals")
            assert misfits(page["contents"][0], schemas["content.v1.content_and_approvals"], schemas) == []
            again = await post(
                raw, f"/v1/Content/{sid}/ApprovalRequests/whatsapp", {"name": "x", "category": "UTILITY"}
            )
            assert again[0] == 400
