"""Twilio's REST routes: requests and answers over HTTP; what they mean is in `twilio`."""

from __future__ import annotations

import base64
import binascii
import hmac
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox import twilio_calls
from sandbox.twilio_content import Content
from sandbox.twilio_wire import API_VERSION, Message, TwilioRefused

if TYPE_CHECKING:
    from sandbox.twilio import PretendTwilio

MAX_PAGE = 1000
DEFAULT_PAGE = 50


async def recipient(request: web.Request) -> str:
    """`To` of a create request, else nothing."""
    if request.method != "POST" or "json" in request.content_type:
        return ""
    return str((await request.post()).get("To", ""))


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A refusal as Twilio's error body."""
    try:
        return await handler(request)
    except TwilioRefused as refused:
        return web.json_response(refused.body(), status=refused.status)


def add_routes(app: web.Application, twilio: PretendTwilio) -> None:
    routes = _Routes(twilio)
    twilio_calls.add_routes(app, twilio, routes.admit)
    account = f"/{API_VERSION}/Accounts/{{account}}"
    app.add_routes(
        [
            web.get(account + ".json", routes.account),
            web.post(account + "/Messages.json", routes.create),
            web.get(account + "/Messages.json", routes.list_messages),
            web.get(account + "/Messages/{sid}.json", routes.fetch),
            web.get(account + "/Messages/{sid}/Media/{media}", routes.medium),
            web.get("/store/{media}", routes.stored),
            web.get(account + "/IncomingPhoneNumbers.json", routes.numbers),
            web.post("/v1/Content", routes.create_content),
            web.get("/v1/Content", routes.list_contents),
            web.get("/v1/Content/{sid}", routes.fetch_content),
            web.get("/v1/Content/{sid}/ApprovalRequests", routes.approval),
            web.post("/v1/Content/{sid}/ApprovalRequests/whatsapp", routes.submit),
            web.get("/v1/ContentAndApprovals", routes.list_contents),
        ]
    )


class _Routes:
    def __init__(self, twilio: PretendTwilio) -> None:
        self._twilio = twilio

    def admit(self, request: web.Request) -> None:
        """Raises TwilioRefused: 20003 without the account's credentials, 20404 for another account's path."""
        kind, _, coded = request.headers.get("Authorization", "").partition(" ")
        try:
            given = base64.b64decode(coded, validate=True)
        except binascii.Error:
            given = b""
        right = f"{self._twilio.account_sid}:{self._twilio.auth_token}".encode()
        if kind.lower() != "basic" or not hmac.compare_digest(given, right):
            raise TwilioRefused(20003)
        if request.match_info.get("account", self._twilio.account_sid) != self._twilio.account_sid:
            raise TwilioRefused(20404, request.path)

    async def account(self, request: web.Request) -> web.Response:
        """The Account resource, as far as a credentials check reads it."""
        self.admit(request)
        sid = self._twilio.account_sid
        facts = {"sid": sid, "friendly_name": "Sandbox", "status": "active", "type": "Full", "owner_account_sid": sid}
        return web.json_response({**facts, "uri": f"/{API_VERSION}/Accounts/{sid}.json"})

    async def numbers(self, request: web.Request) -> web.Response:
        """The number asked for, and where messages to it are sent. WhatsApp senders and short codes are none."""
        self.admit(request)
        number = request.query.get("PhoneNumber", "")
        address = self._twilio.leads_to.get(number, self._twilio.webhooks.message_url)
        one = {"phone_number": number, "sms_url": address, "sms_method": "POST", "sms_application_sid": ""}
        return web.json_response({"incoming_phone_numbers": [one] if number.startswith("+") else [], "page": 0})

    async def create(self, request: web.Request) -> web.Response:
        self.admit(request)
        form = {name: str(value) for name, value in (await request.post()).items()}
        # as it stands at this moment: the reports may overtake the answer
        return web.json_response(self._twilio.create(form).as_json(), status=201)

    async def fetch(self, request: web.Request) -> web.Response:
        self.admit(request)
        message = self._twilio.messages.get(request.match_info["sid"])
        if message is None:
            raise TwilioRefused(20404, request.path)
        return web.json_response(message.as_json())

    async def medium(self, request: web.Request) -> web.Response:
        """Leads to the store by a link that needs no password, as Twilio does where media are protected."""
        self.admit(request)
        wanted = request.match_info["media"]
        if wanted not in self._twilio.media or request.match_info["sid"] not in self._twilio.messages:
            raise TwilioRefused(20404, request.path)
        raise web.HTTPTemporaryRedirect(self._twilio.store_url or f"{_base(request)}/store/{wanted}")

    async def stored(self, request: web.Request) -> web.Response:
        """The bytes. A store refuses a request with two kinds of authority, as S3 does."""
        if "Authorization" in request.headers:
            raise web.HTTPBadRequest(text="Only one auth mechanism allowed")
        wanted = request.match_info["media"]
        if wanted not in self._twilio.media:
            raise web.HTTPNotFound
        kind, content = self._twilio.media[wanted]
        return web.Response(body=content, headers={"Content-Type": kind})

    async def list_messages(self, request: web.Request) -> web.Response:
        """Newest first; To, From, DateSent, `DateSent<` and `DateSent>` filter; PageSize and Page cut."""
        self.admit(request)
        query = request.query
        size = max(1, min(_number(query.get("PageSize"), DEFAULT_PAGE), MAX_PAGE))
        page = _number(query.get("Page"), 0)
        found = [m for m in reversed(self._twilio.messages.values()) if _matches(m, request)]
        shown = found[page * size : (page + 1) * size]

        def uri(n: int) -> str:
            kept = {k: v for k, v in query.items() if k not in ("Page", "PageToken")}
            return f"{request.path}?{urlencode({**kept, 'PageSize': size, 'Page': n})}"

        more = len(found) > (page + 1) * size
        return web.json_response(
            {
                "first_page_uri": uri(0),
                "uri": uri(page),
                "previous_page_uri": uri(page - 1) if page else None,
                "next_page_uri": f"{uri(page + 1)}&PageToken=PA{shown[-1].sid}" if more else None,
                "page": page,
                "page_size": size,
                "start": page * size,
                "end": page * size + max(len(shown) - 1, 0),
                "messages": [m.as_json() for m in shown],
            }
        )

    async def create_content(self, request: web.Request) -> web.Response:
        self.admit(request)
        content = self._twilio.contents.create(await request.json(), self._twilio.world.now())
        return web.json_response(content.as_json(self._twilio.account_sid, _base(request)), status=201)

    async def list_contents(self, request: web.Request) -> web.Response:
        """All templates on pages of PageSize; under ContentAndApprovals each with how it stands."""
        self.admit(request)
        size = max(1, min(_number(request.query.get("PageSize"), DEFAULT_PAGE), MAX_PAGE))
        page = _number(request.query.get("Page"), 0)
        every = list(self._twilio.contents.by_sid.values())
        base, path = _base(request), request.path

        def url(n: int) -> str:
            return f"{base}{path}?PageSize={size}&Page={n}"

        meta = {
            "key": "contents",
            "page": page,
            "page_size": size,
            "url": url(page),
            "first_page_url": url(0),
            "previous_page_url": url(page - 1) if page else None,
            "next_page_url": url(page + 1) if len(every) > (page + 1) * size else None,
        }
        shown = [self._content(c, base, path) for c in every[page * size : (page + 1) * size]]
        return web.json_response({"contents": shown, "meta": meta})

    def _content(self, content: Content, base: str, path: str) -> dict[str, Any]:
        found = content.as_json(self._twilio.account_sid, base)
        if path.endswith("/ContentAndApprovals"):
            del found["url"], found["links"]
            found["approval_requests"] = self._twilio.contents.approval(content).as_json(content.kind)
        return found

    async def submit(self, request: web.Request) -> web.Response:
        """Asks WhatsApp to approve a content."""
        self.admit(request)
        contents, sid = self._twilio.contents, request.match_info["sid"]
        approval = contents.submit(sid, await request.json())
        return web.json_response(approval.as_json(contents.by_sid[sid].kind), status=201)

    async def fetch_content(self, request: web.Request) -> web.Response:
        self.admit(request)
        content = self._twilio.contents.by_sid.get(request.match_info["sid"])
        if content is None:
            raise TwilioRefused(20404, request.path)
        return web.json_response(content.as_json(self._twilio.account_sid, _base(request)))

    async def approval(self, request: web.Request) -> web.Response:
        self.admit(request)
        content = self._twilio.contents.by_sid.get(request.match_info["sid"])
        if content is None:
            raise TwilioRefused(20404, request.path)
        approval = self._twilio.contents.approval(content).as_json(content.kind)
        url = f"{_base(request)}/v1/Content/{content.sid}/ApprovalRequests"
        found = {"sid": content.sid, "account_sid": self._twilio.account_sid, "whatsapp": approval, "url": url}
        return web.json_response(found)


def _base(request: web.Request) -> str:
    return f"{request.scheme}://{request.host}"


def _number(text: str | None, otherwise: int) -> int:
    if text is None:
        return otherwise
    if not text.isdigit():
        raise TwilioRefused(20001, f"not a number: {text}")
    return int(text)


def _matches(message: Message, request: web.Request) -> bool:
    query = request.query
    if query.get("To", message.to) != message.to or query.get("From", message.sender) != message.sender:
        return False
    sent = message.sent or message.created
    asked = [name for name in ("DateSent", "DateSent<", "DateSent>") if name in query]
    return all(_dated(sent, name.removeprefix("DateSent"), query[name]) for name in asked)


def _dated(sent: datetime, relation: str, text: str) -> bool:
    """Both ends count. A day without a time is the whole day, in GMT; a moment counts to the second."""
    try:
        start = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise TwilioRefused(20001, f"not a date: {text}") from error
    start = start if start.tzinfo else start.replace(tzinfo=sent.tzinfo)
    end = start + (timedelta(days=1) if len(text) == len("2026-11-21") else timedelta(seconds=1))
    return {"": start <= sent < end, "<": sent < end, ">": sent >= start.replace(microsecond=0)}[relation]
