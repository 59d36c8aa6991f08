"""Bodies that were kept because nobody could use them are read again at the next start, after a fix; what works now is dropped."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping

from adapters.receiving import Parse, PartlyUnreadable, Received
from engine.ports import Front, Store

log = logging.getLogger("doorstep.replaying")


async def replay(
    store: Store, front: Front, parsers: Mapping[str, Parse], takers: Mapping[str, Callable[[bytes], Awaitable[None]]]
) -> tuple[int, int]:
    """(carried out, still kept). `takers` are for routes of other rooms: they take a body whole, and keep it again if need be.
    Event ids make it safe to read a body again of which a part was carried out before."""
    done: list[str] = []
    left = 0
    for kept in await store.kept(limit=1000):
        parse = parsers.get(kept.route)
        try:
            if kept.route in takers:
                await store.drop_kept([kept.id])  # it is kept again under the same id where it still cannot be used
                await takers[kept.route](kept.body)
                continue
            if parse is None:
                raise LookupError(kept.route)
            for event in parse(Received.from_kept(kept, front.now())):
                await front.handle(event)
        except PartlyUnreadable:
            left += 1
        except Exception as error:  # noqa: BLE001 -- one that still fails stays kept; the others go on
            log.info("replay.still_kept", extra={"route": kept.route, "error": type(error).__name__})
            left += 1
        else:
            done.append(kept.id)
    if done:
        await store.drop_kept(done)
        log.info("replay.done", extra={"count": len(done), "left": left})
    return len(done), left
