"""Files that customers sent, fetched from the provider that has them: Twilio's Media resource, Meta's media ids.

No address out of a webhook is ever called. An event carries the provider's own ids; the address is made from the settings'
base_url. Where the provider then names another address (Twilio redirects to its store, Meta answers with a download link), that
one is called only on a host of the provider's own. Size and time have a cap.
Sources: https://www.twilio.com/docs/messaging/api/media-resource,
https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media, read 2026-11.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

import aiohttp
import msgspec
from msgspec import Struct
from yarl import URL

from adapters.exchange import CONNECT_TIMEOUT_S, KEEP_ALIVE_S, decoded
from adapters.meta import MetaSettings
from adapters.twilio_settings import TwilioSettings
from engine.ports import Media
from flows.effects import Refused, TryAgain

#: The most that WhatsApp takes of audio and video; pictures are smaller. Source: Meta's page above
SIZE_MOST = 16 * 1024 * 1024
#: For one file as a whole, redirect included.
TIMEOUT_S = 30.0
#: A file may be a moment later than the webhook that tells of it.
AGAIN_S = 15.0
#: Where Twilio keeps files: host -> how the path begins. Source: support.twilio.com, article 223183748, read 2026-11
TWILIO_STORES = {
    "mms.twiliocdn.com": "/",
    "media.twiliocdn.com": "/",
    "s3-external-1.amazonaws.com": "/media.twiliocdn.com/",
}
#: Where Meta's download links lead. Source: Meta's page above
META_STORES = {"lookaside.fbsbx.com": "/"}
_TWILIO_REF = re.compile(r"((?:MM|SM)[0-9a-fA-F]{32})/(ME[0-9a-fA-F]{32})")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class TwilioMedia:
    """Implements engine.ports.MediaPort; a ref is "<message sid>/<media sid>"."""

    provider = "twilio"

    def __init__(self, settings: TwilioSettings) -> None:
        self._base = settings.base_url.rstrip("/")
        self._account = settings.account_sid
        coded = base64.b64encode(f"{settings.account_sid}:{settings.auth_tokens[0]}".encode()).decode()
        self._auth = {"Authorization": f"Basic {coded}"}
        self._files = _Files()

    async def fetch(self, ref: str) -> Media | Refused | TryAgain:
        found = _TWILIO_REF.fullmatch(ref)
        if found is None:
            return Refused("not_theirs")
        url = f"{self._base}/2010-04-01/Accounts/{self._account}/Messages/{found[1]}/Media/{found[2]}"
        got = await self._files.get(url, self._auth)
        if not isinstance(got, _Elsewhere):
            return got
        if not _of(got.url, self._base, TWILIO_STORES):
            return Refused("not_theirs")
        stored = await self._files.get(got.url, {})  # the link is signed; our password is not for a store
        return Refused("not_theirs") if isinstance(stored, _Elsewhere) else stored

    async def close(self) -> None:
        await self._files.close()


class _Link(Struct):
    url: str
    file_size: int = 0


class MetaMedia:
    """Implements engine.ports.MediaPort; a ref is a media id."""

    provider = "meta"

    def __init__(self, settings: MetaSettings) -> None:
        self._base = settings.base_url.rstrip("/")
        self._version = settings.api_version
        self._auth = {"Authorization": f"Bearer {settings.access_token}"}
        self._files = _Files()

    async def fetch(self, ref: str) -> Media | Refused | TryAgain:
        if not (ref.isascii() and ref.isdigit()):
            return Refused("not_theirs")
        told = await self._files.get(f"{self._base}/{self._version}/{ref}", self._auth)
        if isinstance(told, Refused | TryAgain):
            return told
        link = decoded(told.content, _Link) if isinstance(told, Media) else None
        if link is None or not _of(link.url, self._base, META_STORES):
            return Refused("not_theirs")
        if link.file_size > SIZE_MOST:
            return Refused("too_big")
        got = await self._files.get(link.url, self._auth)
        return Refused("not_theirs") if isinstance(got, _Elsewhere) else got

    async def close(self) -> None:
        await self._files.close()


def _of(url: str, base: str, stores: Mapping[str, str]) -> bool:
    """Whether an address that the provider named is one of its own: where its API is, or HTTPS at one of its stores."""
    try:
        wanted, home = URL(url), URL(base)
    except ValueError:
        return False
    if wanted.user is not None or wanted.password is not None:
        return False
    if not wanted.is_absolute() or not wanted.host:
        return False
    if wanted.origin() == home.origin():
        return True
    start = stores.get(wanted.host or "")
    return start is not None and wanted.scheme == "https" and wanted.port == 443 and wanted.path.startswith(start)


class _Elsewhere(msgspec.Struct, frozen=True):
    url: str


class _Files:
    """Bounded GETs. Belongs to one event loop."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def get(self, url: str, headers: Mapping[str, str]) -> Media | _Elsewhere | Refused | TryAgain:
        """A redirect is told, not followed. The reasons never hold an address."""
        limit = aiohttp.ClientTimeout(total=TIMEOUT_S, sock_connect=CONNECT_TIMEOUT_S)
        try:
            async with self._client().get(url, headers=headers, timeout=limit, allow_redirects=False) as answer:
                if answer.status in _REDIRECTS:
                    return _Elsewhere(answer.headers.get("Location", ""))
                if answer.status != 200:
                    return _refusal(answer.status)
                content = await _whole(answer)
                return Refused("too_big") if content is None else Media(answer.content_type, content)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return TryAgain(AGAIN_S, type(error).__name__)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=8, keepalive_timeout=KEEP_ALIVE_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "doorstep"},
            )
        return self._session


def _refusal(status: int) -> Refused | TryAgain:
    """404 may mean: not yet."""
    if status in (404, 408, 425, 429) or status >= 500:
        return TryAgain(AGAIN_S, str(status))
    return Refused("not_allowed" if status in (401, 403) else "gone", str(status))


async def _whole(answer: aiohttp.ClientResponse) -> bytes | None:
    """None: more than the cap; no more of it is read."""
    if (answer.content_length or 0) > SIZE_MOST:
        return None
    chunks, size = [], 0
    while chunk := await answer.content.readany():
        size += len(chunk)
        if size > SIZE_MOST:
            return None
        chunks.append(chunk)
    return b"".join(chunks)
