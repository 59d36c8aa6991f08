"""The Graph API routes of the pretend Meta: requests and answers over HTTP; what they mean is in `meta`."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.typedefs import Handler

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
            web.get(version + "/{node}", routes.node),
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
        message = await _json(request)
        if message.get("status") == "read":
            if message.get("message_id") not in self._meta.posted:
                raise MetaRefused(131009, "no such message_id")
            return web.json_response({"success": True})
        sent, given = self._meta.create(message)
        contact = {"input": given, "wa_id": sent.phone.lstrip("+")}
        if user_id := self._meta.rules.user_ids.get(sent.phone):
            contact["user_id"] = user_id
        accepted: dict[str, str] = {"id": sent.wamid}
        if sent.kind == "template":
            accepted["message_status"] = "accepted"
        return web.json_response({"messaging_product": "whatsapp", "contacts": [contact], "messages": [accepted]})

    async def templates(self, request: web.Request) -> web.Response:
        """The account's templates; `?name=` and `?limit=` narrow them."""
        self._admit(request)
        if request.match_info["node"] != self._meta.account.waba_id:
            raise MetaRefused(100, "Object with this ID does not exist", subcode=33)
        name, limit = request.query.get("name"), request.query.get("limit", "25")
        found = [t.as_json() for t in self._meta.templates.values() if name in (None, t.name)]
        cursors = {"before": "MAZDZD", "after": "MjQZD"}
        return web.json_response({"data": found[: int(limit)], "paging": {"cursors": cursors}})

    async def node(self, request: web.Request) -> web.Response:
        """The phone number itself, or where a medium can be fetched."""
        self._admit(request)
        wanted, account = request.match_info["node"], self._meta.account
        if wanted == account.phone_number_id:
            shown = {"display_phone_number": "+" + account.display_phone_number, "verified_name": "Sandbox"}
            return web.json_response({**shown, "quality_rating": "GREEN", "id": wanted})
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


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        message = await request.json()
    except ValueError as error:
        raise MetaRefused(100, "The body is no JSON") from error
    if not isinstance(message, dict):
        raise MetaRefused(100, "The body is no JSON object")
    return message
