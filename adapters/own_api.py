"""The service's own orders API, called by a command of ours as a shop's system would."""

from __future__ import annotations

from types import TracebackType
from urllib.parse import quote

import aiohttp

from engine.courier_import import Answer, NotHeard

#: The service answers as soon as the fact is on disk; a disk that takes longer is a fault.
TIMEOUT_S = 30.0


class OwnApi:
    """`url` is where the service listens (http://127.0.0.1:8080), `token` the shop's api_token."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> OwnApi:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        self._session = aiohttp.ClientSession(headers=self._headers, timeout=timeout)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def tell(self, order_id: str, body: dict[str, str]) -> Answer:
        """POST /orders/{id}/events. Raises NotHeard where nobody answers, or somebody else does."""
        assert self._session is not None, "used outside of `async with`"
        try:
            path = f"{self._url}/orders/{quote(order_id, safe='')}/events"
            async with self._session.post(path, json=body, allow_redirects=False) as answer:
                said = await answer.json(content_type=None)
                return self._read(answer.status, said if isinstance(said, dict) else {})
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise NotHeard(f"the service does not answer at {self._url}: start it, or say where with --url") from error

    def _read(self, status: int, said: dict[str, object]) -> Answer:
        match status:
            case 200:
                return Answer(str(said.get("outcome") or "accepted"))
            case 404:
                return Answer("unknown")
            case 400:
                return Answer(
                    "refused", str(said.get("detail") or said.get("error") or said.get("faults") or "refused")
                )
            case 401:
                raise NotHeard(f"the service at {self._url} does not know the shop's api_token")
        raise NotHeard(f"the service at {self._url} answered {status}: look at its log, then import again")
