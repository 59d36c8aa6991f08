"""The WhatsApp Cloud API (Meta): its settings and its webhook. Parsing is in meta_inbound, sending in meta_send.

GET /hooks/meta is the handshake at set-up; POST brings batches of messages and of what became of ours.
Source: https://developers.facebook.com/docs/graph-api/webhooks/getting-started, read 2026-11.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from functools import partial

from aiohttp import web
from msgspec import Struct

from adapters import meta_inbound
from adapters.meta_inbound import MetaSender
from adapters.meta_notices import Account
from adapters.receiving import BATCH_LIMIT_BYTES, JSON, Parse, Received, receive
from engine.ports import BadSignature, Front

ROUTE = "meta"
PATH = "/hooks/meta"
SIGNATURE_HEADER = "x-hub-signature-256"


class MetaTemplate(Struct, frozen=True):
    """An approved template as Meta knows it; `language` is Meta's code, "en" or "en_US"."""

    name: str
    language: str

    @classmethod
    def read(cls, theirs: str, lang: str) -> MetaTemplate:
        """From config.yaml, where "order_confirm" is in our language as Meta calls it, and "order_confirm/pt_PT" names Meta's own."""
        name, slash, code = theirs.partition("/")
        return cls(name, code if slash else code_of(lang))


def code_of(lang: str) -> str:
    """Our language as Meta names it: Meta has no plain "pt", and our texts are written as in Brazil."""
    return {"pt": "pt_BR", "zh": "zh_CN"}.get(lang, lang.replace("-", "_"))


class MetaSettings(Struct, frozen=True, kw_only=True):
    """One Meta app with its business numbers."""

    access_token: str
    app_secrets: tuple[str, ...]  # all are good on webhooks, for a rotation
    verify_token: str
    waba_id: str = ""  # the WhatsApp Business Account, for its templates
    accounts: tuple[
        Account, ...
    ] = ()  # for notices about templates and limits; several apps behind one route have several
    senders: Mapping[str, MetaSender] = {}  # phone_number_id -> our number and its shops
    templates: Mapping[str, Mapping[str, MetaTemplate]] = {}  # our template name -> our language -> Meta's
    base_url: str = "https://graph.facebook.com"
    api_version: str = "v23.0"
    timeout_s: float = 15.0  # for one request as a whole


def verify(app_secrets: Sequence[str], received: Received) -> None:
    """Raises BadSignature unless one of the secrets signed the raw bytes (Meta escapes; JSON written anew differs)."""
    given = received.headers.get(SIGNATURE_HEADER, "").encode("utf-8", "surrogateescape")
    for secret in app_secrets:
        right = "sha256=" + hmac.new(secret.encode(), received.body, hashlib.sha256).hexdigest()
        if hmac.compare_digest(right.encode(), given):
            return
    raise BadSignature(SIGNATURE_HEADER)


def parsers(settings: MetaSettings) -> dict[str, Parse]:
    """Route name -> what reads its bodies, kept ones too."""
    return {ROUTE: partial(meta_inbound.parse, settings.senders, settings.accounts)}


def routes(front: Front, settings: MetaSettings) -> list[web.RouteDef]:
    """Raises ValueError without an app secret or a verify token: such a route would be open to everybody."""
    if not settings.app_secrets or not all(settings.app_secrets) or not settings.verify_token:
        raise ValueError("Meta's webhooks cannot be checked without app_secret and verify_token")
    check = partial(verify, settings.app_secrets)
    parse = parsers(settings)[ROUTE]

    async def shake_hands(request: web.Request) -> web.Response:
        return _handshake(request, front, settings.verify_token)

    async def take(request: web.Request) -> web.StreamResponse:
        return await receive(request, front, ROUTE, check, parse, BATCH_LIMIT_BYTES, (JSON,))

    return [web.get(PATH, shake_hands), web.post(PATH, take)]


def _handshake(request: web.Request, front: Front, verify_token: str) -> web.Response:
    """Echoes the challenge to whoever knows the verify token."""
    given = request.query.get("hub.verify_token", "").encode("utf-8", "surrogateescape")
    known = hmac.compare_digest(given, verify_token.encode())
    if not known or request.query.get("hub.mode") != "subscribe":
        front.count("hook_rejected", route=ROUTE)
        return web.Response(status=403)
    return web.Response(text=request.query.get("hub.challenge", ""))
