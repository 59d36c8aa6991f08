"""`/_control/...` on every pretend provider: another process reads the ledger, acts as the customer, breaks things.

All answers are JSON. docs/sandbox-control.md is the reference.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from aiohttp import web

from sandbox import phonebook
from sandbox.world import Fault, Received, World

Act = Callable[..., Awaitable[int]]


class Provider(Protocol):
    """What the control routes need of a pretend provider."""

    name: str
    world: World

    def acts(self) -> Mapping[str, Act]:
        """What a customer can do there, by name; each returns the HTTP status of the service."""
        ...


def as_json(got: Received) -> dict[str, Any]:
    """A ledger line as the control endpoint shows it."""
    return {**dataclasses.asdict(got), "at": got.at.isoformat()}


def add_control(app: web.Application, provider: Provider) -> None:
    """Adds the control routes of `provider` to its application."""
    routes = _Control(provider)
    app.add_routes(
        [
            web.get("/_control/ledger", routes.ledger),
            web.get("/_control/settled", routes.settled),
            web.get("/_control/faults", routes.show_faults),
            web.post("/_control/faults", routes.add_fault),
            web.delete("/_control/faults", routes.mend),
            web.get("/_control/clock", routes.show_clock),
            web.put("/_control/clock", routes.set_clock),
            web.get("/_control/phones", routes.show_phones),
            web.put("/_control/phones", routes.set_phones),
            web.post("/_control/{act}", routes.act),
        ]
    )


class _Control:
    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._world = provider.world

    async def ledger(self, request: web.Request) -> web.Response:
        """Everything that arrived; `?to= &channel= &provider=` filter, `?after=N` leaves out lines up to number N."""
        asked = request.query
        rows = self._world.texts(asked.get("to"), asked.get("channel"))
        if not (number := asked.get("after", "0")).isdigit():
            raise _bad(f"after is the number of a line: {number}")
        after = int(number)
        wanted = asked.get("provider")
        return web.json_response([as_json(r) for r in rows if r.n > after and wanted in (None, r.provider)])

    async def settled(self, _: web.Request) -> web.Response:
        await self._world.settled()
        return web.json_response({"settled": True})

    async def show_faults(self, _: web.Request) -> web.Response:
        return web.json_response({name: [dataclasses.asdict(f) for f in fs] for name, fs in self._world.faults.items()})

    async def add_fault(self, request: web.Request) -> web.Response:
        """A fault in the words of `Fault`; `provider` names another than this one."""
        asked = await _object(request)
        provider = str(asked.pop("provider", self._provider.name))
        try:
            fault = Fault(**asked)
        except TypeError as error:
            raise _bad(str(error)) from error
        self._world.break_it(provider, fault)
        return web.json_response({"broken": provider}, status=201)

    async def mend(self, request: web.Request) -> web.Response:
        self._world.mend(request.query.get("provider"))
        return web.json_response({"mended": True})

    async def show_clock(self, _: web.Request) -> web.Response:
        return web.json_response({"now": self._world.now().isoformat()})

    async def set_clock(self, request: web.Request) -> web.Response:
        """`now`: an ISO 8601 moment with its offset, or null to run with the machine; or `advance_s`."""
        asked = await _object(request)
        if "advance_s" in asked:
            self._world.advance(timedelta(seconds=float(asked["advance_s"])))
        else:
            self._world.set_clock(_moment(asked.get("now")))
        return await self.show_clock(request)

    async def show_phones(self, _: web.Request) -> web.Response:
        return web.json_response({phone: sorted(known) for phone, known in self._world.phones.items()})

    async def set_phones(self, request: web.Request) -> web.Response:
        """Address -> list of facts; addresses that are not named keep theirs."""
        for address, names in (await _object(request)).items():
            try:
                phonebook.set_facts(self._world, address, set(names))
            except ValueError as error:
                raise _bad(str(error)) from error
        return await self.show_phones(request)

    async def act(self, request: web.Request) -> web.Response:
        """What a customer does; the body holds its arguments (`from` for the customer)."""
        act = self._provider.acts().get(request.match_info["act"])
        if act is None:
            raise _bad(f"{self._provider.name} knows only: {', '.join(self._provider.acts())}", web.HTTPNotFound)
        asked = await _object(request)
        if "from" in asked:
            asked["from_"] = asked.pop("from")
        try:
            status = await act(**asked)
        except (TypeError, ValueError, LookupError) as error:
            raise _bad(str(error)) from error
        return web.json_response({"status": status})


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise _bad(f"no ISO 8601 moment: {text}") from error
    if moment.tzinfo is None:
        raise _bad(f"a moment needs its offset, as in 2026-11-21T10:00:00Z: {text}")
    return moment.astimezone(UTC)


async def _object(request: web.Request) -> dict[str, Any]:
    try:
        asked = await request.json()
    except ValueError as error:
        raise _bad("the body is no JSON") from error
    if not isinstance(asked, dict):
        raise _bad("the body is no JSON object")
    return asked


def _bad(why: str, kind: type[web.HTTPClientError] = web.HTTPBadRequest) -> web.HTTPClientError:
    return kind(text=web.json_response({"error": why}).text, content_type="application/json")
