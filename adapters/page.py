"""GET and POST /c/{token}: the customer's page. GET shows, and changes nothing; only a person's POST acts.

The page works without scripts, so each button is a form of its own. Cancelling takes two presses. The token binds to order,
version and channel; what a press may do is decided by the flow, on the one road.
"""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from aiohttp import web

from adapters.doors import Patience, client_address
from adapters.page_guard import (
    MOST_PRESSES,
    MOST_WRONG,
    PRESSES_WINDOW_S,
    WRONG_WINDOW_S,
    Nonces,
    could_be_token,
    from_the_page_itself,
)
from adapters.page_pressed import NotReadable, Opened, pressed
from adapters.page_sheet import (
    Said,
    accepted_language,
    allowed,
    gone,
    sheet,
    stylesheet,
)
from adapters.privacy import PrivacyNotice
from adapters.receiving import FORM, FORM_LIMIT_BYTES, Received, read
from engine.ports import Front, StoreUnavailable
from flows.events import PagePressed
from flows.opening import hours_value
from flows.orders import Order
from flows.policy import Policy

#: Source: PLATFORMS 3.4 of the design; the stylesheet is our own, nothing else is loaded.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Robots-Tag": "noindex, nofollow",
    "Server": "doorstep",
}
_ACTIONS = ("confirm", "cancel", "again", "phone", "address", "time", "why", "object")
#: What the flow answers to a press that changed nothing.
_UNDONE = frozenset({"closed", "shipped", "not_by_email", "unknown"})


class Page:
    """`key` signs the nonces (at least 16 bytes); `public_url` names the service where several shops share it."""

    def __init__(self, front: Front, key: bytes, public_url: str) -> None:
        self._front = front
        self._nonces = Nonces(key)
        self._wrong = Patience(MOST_WRONG, WRONG_WINDOW_S)
        self._presses = Patience(MOST_PRESSES, PRESSES_WINDOW_S)
        self._host = urlsplit(public_url).netloc
        self._css = stylesheet()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/c/{token}", self.show),
            web.post("/c/{token}", self.press),
            web.get("/assets/page.css", self.css),
            *PrivacyNotice(self._front, HEADERS).routes(),
        ]

    async def css(self, _request: web.Request) -> web.Response:
        headers = {"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff", "Server": "doorstep"}
        return web.Response(text=self._css, content_type="text/css", charset="utf-8", headers=headers)

    async def show(self, request: web.Request) -> web.Response:
        opened = await self._opened(request)
        if opened is None:
            return self._nowhere(request)
        self._front.count("page_shown", channel=opened.view.channel)
        return self._page(opened)

    async def press(self, request: web.Request) -> web.Response:
        """One press. Whatever is wrong with it shows the page again and changes nothing."""
        opened = await self._opened(request)
        if opened is None:
            return self._nowhere(request)
        if self._presses.ended(opened.token, time.monotonic()):
            self._front.count("page_refused")
            return self._page(opened, 429)
        received = await read(request, self._front.now(), FORM_LIMIT_BYTES, (FORM,))
        form = _form(received)
        if form is None:
            return self._page(opened, 400)
        nonce, action = form.get("nonce", ""), form.get("action", "")
        if not from_the_page_itself(request) or not self._nonces.good(nonce, opened.token, received.at):
            self._front.count("page_refused")
            return self._page(opened, 403, Said(opened.words("stale")))
        if action == "cancel" and "cancel" in allowed(opened.view, opened.order):
            return self._page(opened, sure=True)
        action = "cancel" if action == "cancel_surely" else action
        if action not in allowed(opened.view, opened.order):
            return self._page(opened, _not_allowed(action, opened.order))
        try:
            event, said = pressed(opened, action, form, received.at, nonce)
        except NotReadable as fault:
            return self._page(opened, 400, Said(opened.words(fault.key)))
        return await self._carried(opened, event, said)

    async def _carried(self, opened: Opened, event: PagePressed, said: Said | None) -> web.Response:
        try:
            handled = await self._front.handle(event)
        except StoreUnavailable:
            return self._page(opened, 503)
        self._front.count("page_pressed", action=event.action)
        notice = handled.decision.notice if handled.decision is not None else ""
        now_open = await self._look(opened.token)
        if notice == "stale":
            return self._page(now_open or opened, 409, Said(opened.words("stale")))
        if notice in _UNDONE:  # the order's state, as it is now, says why
            return self._page(now_open or opened, 409)
        if event.action == "why":
            return self._page(now_open or opened, why=True)
        if notice == "handed_over" and (event.action in ("address", "object") or opened.order.decided_by == "customer"):
            said = Said(opened.words.of("handed_over", **hours_value(opened.policy)))
        elif notice == "handed_over":
            said = Said(opened.words.of("reopen_handed", order=opened.order.id))
        if notice == "bad_time":
            said = Said(opened.words("bad_time"))
        if notice == "review":
            said = Said(opened.words.of("review_wait", order=opened.order.id))
        if now_open is None:  # the order went to another number: this link has done its work
            return self._page(opened, said=said, actions=frozenset())
        return self._page(now_open, said=said)

    async def _opened(self, request: web.Request) -> Opened | None:
        token = request.match_info["token"]
        return await self._look(token) if could_be_token(token) else None

    async def _look(self, token: str) -> Opened | None:
        view = await self._front.page(token)
        if view is None:
            return None
        order, policy = view.conversation.order(view.order_id), self._front.policies.get(view.conversation.shop)
        if order is None or policy is None or order.state == "ignored":
            return None
        return Opened(token, view, order, policy)

    def _page(
        self,
        opened: Opened,
        status: int = 200,
        said: Said | None = None,
        *,
        sure: bool = False,
        why: bool = False,
        actions: frozenset[str] | None = None,
    ) -> web.Response:
        now = self._front.now()
        nonce = self._nonces.new(opened.token, now)
        view, order, policy = opened.view, opened.order, opened.policy
        html = sheet(view, order, policy, now=now, nonce=nonce, said=said, sure=sure, why=why, actions=actions)
        return web.Response(status=status, text=html, content_type="text/html", charset="utf-8", headers=HEADERS)

    def _nowhere(self, request: web.Request) -> web.Response:
        """The same for unknown, ended and malformed tokens."""
        self._front.count("page_wrong_token")
        too_many = self._wrong.ended(client_address(request), time.monotonic())
        policies = list(self._front.policies.values())
        policy = policies[0] if len(policies) == 1 else Policy(shop="", name=self._host)
        lang = accepted_language(request.headers.get("Accept-Language", ""), policy.language)
        headers = HEADERS | {"Retry-After": "60"} if too_many else HEADERS
        return web.Response(
            status=429 if too_many else 404,
            text=gone(lang, policy),
            content_type="text/html",
            charset="utf-8",
            headers=headers,
        )


def _form(received: Received) -> dict[str, str] | None:
    """The form's fields, each once; None for anything else."""
    try:
        pairs = received.form
    except ValueError:
        return None
    form = dict(pairs)
    return form if len(form) == len(pairs) else None


def _not_allowed(action: str, order: Order) -> int:
    """The status: a second tap on what is done already is no conflict."""
    if (action, order.state) in (("confirm", "confirmed"), ("cancel", "cancelled")):
        return 200
    return 409 if action in _ACTIONS else 400
