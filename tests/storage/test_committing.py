"""The commit thread: jobs one after another, what they raise, waiters that went away."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from storage.committing import Committer


async def test_jobs_run_one_after_another_in_their_order_beside_the_loop() -> None:
    committer, done, at_once = Committer("commit"), list[int](), list[int]()
    busy = threading.Lock()

    def job(n: int) -> None:
        assert threading.current_thread().name == "commit"
        at_once.append(int(busy.acquire(blocking=False)))
        time.sleep(0.002)
        done.append(n)
        busy.release()

    await asyncio.gather(*(committer.run(lambda n=n: job(n)) for n in range(10)))  # type: ignore[misc]
    committer.close()
    assert done == list(range(10))
    assert at_once == [1] * 10


async def test_what_a_job_raises_goes_to_who_waits_and_the_next_runs() -> None:
    committer = Committer("commit")
    with pytest.raises(ZeroDivisionError):
        await committer.run(lambda: 1 // 0)
    assert await committer.run(lambda: 1) is None
    committer.close()


async def test_a_waiter_that_was_cancelled_harms_nobody() -> None:
    committer, begun, go_on, done = Committer("commit"), threading.Event(), threading.Event(), list[str]()

    def slow() -> None:
        begun.set()
        go_on.wait(10)
        done.append("slow")

    first = committer.run(slow)
    assert await asyncio.to_thread(begun.wait, 10)
    first.cancel()
    go_on.set()
    await committer.run(lambda: done.append("next"))
    committer.close()
    assert done == ["slow", "next"]


def test_closing_waits_for_what_is_queued_though_the_loop_is_gone() -> None:
    committer, go_on, done = Committer("commit"), threading.Event(), list[int]()

    async def leave() -> None:
        committer.run(lambda: go_on.wait(10))
        committer.run(lambda: done.append(1))

    asyncio.run(leave())
    go_on.set()
    committer.close()
    assert done == [1]


def test_closing_what_never_began() -> None:
    Committer("commit").close()
