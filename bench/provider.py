"""A loopback Twilio that only accepts, for the bench: `python -m bench.provider PORT`. GET /count tells how many."""

from __future__ import annotations

import asyncio
import sys

from aiohttp import web


async def main() -> None:
    taken = 0

    async def create(request: web.Request) -> web.Response:
        nonlocal taken
        await request.read()
        taken += 1
        body = f'{{"sid": "SM{taken:032d}", "status": "queued"}}'
        return web.Response(status=201, text=body, content_type="application/json")

    async def count(_request: web.Request) -> web.Response:
        return web.Response(text=str(taken))

    app = web.Application()
    app.add_routes([web.post("/2010-04-01/Accounts/{sid}/Messages.json", create), web.get("/count", count)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(sys.argv[1]), backlog=512).start()
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


if __name__ == "__main__":
    asyncio.run(main())
