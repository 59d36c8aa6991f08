"""The thread that waits for the disk: one job at a time, told to the loop when it is done.

A ThreadPoolExecutor does the same with a future of its own, a lock and two hops more for each job, which by turns is 2 to 4 % of what an
answer costs (docs/performance.md).
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable

Job = Callable[[], object]
_Task = tuple[asyncio.AbstractEventLoop, "asyncio.Future[None]", Job]


class Committer:
    """Begins with its first job. Its thread is a daemon: who ends without closing ends as by a power cut, which the file survives."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._worker: threading.Thread | None = None

    def run(self, job: Job) -> asyncio.Future[None]:
        """Done when the job is; raises what the job raises. Called in a loop."""
        if self._worker is None:
            self._worker = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._worker.start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._tasks.put((loop, future, job))
        return future

    def close(self) -> None:
        """Waits for what is queued. Nothing may be run afterwards."""
        if self._worker is not None:
            self._tasks.put(None)
            self._worker.join()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            loop, future, job = task
            error: BaseException | None = None
            try:
                job()
            except BaseException as raised:  # noqa: BLE001 -- whoever waits hears of it, whatever it is
                error = raised
            try:
                loop.call_soon_threadsafe(_tell, future, error)
            except RuntimeError:  # the loop was closed meanwhile: nobody waits any more
                continue


def _tell(future: asyncio.Future[None], error: BaseException | None) -> None:
    if future.done():  # whoever waited was cancelled
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
