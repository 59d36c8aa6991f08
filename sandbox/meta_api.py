"""The Graph API routes of the pretend Meta: requests and answers over HTTP; what they mean is in `meta`."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.meta_templates import json_of
from sandbox.meta_wire import MetaRefused

if TYPE_CHECKING:
    from sandbox.meta import PretendMeta


async def recipient(request: web.Request) -> str:
    """`to` (or the user id) of a message, else nothing."""
    if request.method != "POST" or not request.path.endswith("/messages"):
        return ""
    try:
        message = await request.json()
    except ValueError:
        return ""
    return str(message.get("to") or message.get("recipient") or "") if isinstance(message, dict) else ""


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A refusal as Meta's error body."""
    try:
        return await handler(request)
    except MetaRefused as refused:
        return web.json_response(refused.body(), status=refused.status)


def add_routes(app: web.Application, meta: PretendMeta) -> None:
    routes = _Routes(meta)
    version = r"/{version:v\d+\.\d+}"
    app.add_routes(
        [
            web.post(version + "/{node}/messages", routes.messages),
            web.get(version + "/{node}/message_templates", routes.templates),
            web.post(version + "/{node}/message_templates", routes.submit),
            web.get(version + "/{node}", routes.node),
            web.post(version + "/{node}", routes.edit),
            web.get("/media/{node}", routes.download),
        ]
    )


class _Routes:
    def __init__(self, meta: PretendMeta) -> None:
        self._meta = meta

    def _admit(self, request: web.Request) -> None:
        """Raises MetaRefused 190 without the access token."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        right = hmac.compare_digest(token.encode(), self._meta.account.access_token.encode())
        if kind.lower() != "bearer" or not right:
            raise MetaRefused(190)

    async def messages(self, request: web.Request) -> web.Response:
        """Sends a message, or marks an inbound one as read."""
        self._admit(request)
        if request.match_info["node"] != self._meta.account.phone_number_id:
            raise MetaRefused(100, "Object with this ID does not exist", subcode=33)
        message = await json_of(request)
        if message.get("status") == "read":
            if message.get("message_id") not in self._meta.posted:
                raise MetaRefused(131009, "no such message_id")
            return web.json_response({"success": True})
        try:
            sent, given = self._meta.create(message)
        except MetaRefused as refused:
            self._meta.refused.append(refused.code)
            raise
        contact = {"input": given, "wa_id": sent.phone.lstrip("+")}
        if user_id := self._meta.rules.user_ids.get(sent.phone):
            contact["user_id"] = user_id
        accepted: dict[str, str] = {"id": sent.wamid}
        if sent.kind == "template":
            accepted["message_status"] = "accepted"
        return web.json_response({"messaging_product": "whatsapp", "contacts": [contact], "messages": [accepted]})

    def _of_account(self, request: web.Request) -> None:
        self._admit(request)
        if request.match_info["node"] != self._meta.account.waba_id:
            raise MetaRefused(100, "Object with this ID does not exist", subcode=33)

    async def templates(self, request: web.Request) -> web.Response:
        """The account's templates; `?name=`, `?limit=` and `?after=` narrow them."""
        self._of_account(request)
        return web.json_response(self._meta.reviews.page(request.query))

    async def submit(self, request: web.Request) -> web.Response:
        """A new template, for Meta's review."""
        self._of_account(request)
        made = self._meta.reviews.create(await json_of(request))
        return web.json_response({"id": made.id, "status": made.status, "category": made.category})

    async def edit(self, request: web.Request) -> web.Response:
        """A template that was judged gets another text."""
        self._admit(request)
        template = self._meta.reviews.by_id(request.match_info["node"])
        if template is None:
            raise MetaRefused(100, "Object with this ID does not exist", subcode=33)
        self._meta.reviews.edit(template, await json_of(request))
        return web.json_response({"success": True})

    async def node(self, request: web.Request) -> web.Response:
        """The phone number itself, or where a medium can be fetched."""
        self._admit(request)
        wanted, account = request.match_info["node"], self._meta.account
        if wanted == account.phone_number_id:
            shown = {"display_phone_number": "+" + account.display_phone_number, "verified_name": "Sandbox"}
            limit = self._meta.rules.daily_limit
            facts_of = {"whatsapp_business_manager_messaging_limit": tier_name(limit)}
            asked = request.query.get("fields", "").split(",")
            more = {name: value for name, value in facts_of.items() if name in asked}
            return web.json_response({**shown, "quality_rating": "GREEN", "id": wanted, **more})
        mime_type, content = self._medium(wanted)
        url = self._meta.store_url or f"{request.scheme}://{request.host}/media/{wanted}"
        facts = {"mime_type": mime_type, "file_size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        return web.json_response({"messaging_product": "whatsapp", "url": url, "id": wanted, **facts})

    async def download(self, request: web.Request) -> web.Response:
        self._admit(request)
        mime_type, content = self._medium(request.match_info["node"])
        return web.Response(body=content, headers={"Content-Type": mime_type})

    def _medium(self, media_id: str) -> tuple[str, bytes]:
        if media_id not in self._meta.media:
            raise MetaRefused(100, "Object with this ID does not exist", subcode=33)
        return self._meta.media[media_id]


def tier_name(limit: int | None) -> str:
    """As Meta writes a messaging limit. Source: the page "messaging limits", read 2026-11."""
    if limit is None:
        return "TIER_UNLIMITED"
    return f"TIER_{limit // 1000}K" if limit >= 1000 else f"TIER_{limit}"
