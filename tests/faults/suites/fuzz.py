"""Made-up requests at the shop's API, drawn from its own description, with a good token: no 5xx, no leak."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path
from typing import Any

from tests.faults.suites.kit import FAST, OPEN, Figure, Suite, an_order, patched
from tests.town import API_TOKEN, town

#: What must not come out of an answer to a request that did not bring it: the customer of the other shop, secrets, our innards.
LEAKS = ("Secreta", "town-twilio-token", "Traceback", "sqlite", "/site-packages/")


async def api(size: int, folder: Path, dice: random.Random) -> Figure:
    """So many cases over all operations; every eighth without the token."""
    figure, statuses = Figure(), Counter[int]()
    async with town(folder, more=OPEN, twilio_more=FAST) as t:
        await t.api("POST", "/orders", an_order(t, 1, name="Secreta Ruiz"))
        await t.settle()
        seed = dice.randrange(10**6)
        await asyncio.to_thread(_drive, t.url, size, seed, figure, statuses)
        status, _ = await t.api("POST", "/orders", an_order(t, 2))
        figure.check(status == 202, f"after all that a good order was answered {status}")
        await t.settle()
    said = ", ".join(f"{n} x {status}" for status, n in sorted(statuses.items()))
    figure.said = f"{sum(statuses.values())} cases over every operation: 0 answered 5xx, 0 leaks ({said})"
    return figure


def _drive(url: str, size: int, seed: int, figure: Figure, statuses: Counter[int]) -> None:
    """In a thread of its own: the service answers in the event loop."""
    import requests
    import schemathesis

    with requests.Session() as session:
        document = session.get(f"{url}/openapi.json", timeout=10).json()
        operations = [found.ok() for found in schemathesis.openapi.from_dict(document).get_all_operations()]
        figure.check(bool(operations), "no operation is described")
        modes = list(schemathesis.GenerationMode)
        for at, operation in enumerate(operations):
            for mode in modes:
                _one(
                    operation,
                    mode,
                    url,
                    max(1, size // (len(operations) * len(modes))),
                    seed + at,
                    session,
                    figure,
                    statuses,
                )


def _one(
    operation: Any, mode: Any, url: str, cases: int, seed: int, session: Any, figure: Figure, statuses: Counter[int]
) -> None:
    import hypothesis
    from hypothesis import HealthCheck, Phase

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=cases,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def look(case: Any) -> None:
        unsigned = sum(statuses.values()) % 8 == 7
        headers = {"Authorization": "Bearer wrong" if unsigned else f"Bearer {API_TOKEN}"}
        if unsigned:
            headers["X-Forwarded-For"] = f"198.51.100.{sum(statuses.values()) % 251}"
        answer = case.call(base_url=url, headers=headers, session=session, timeout=20)
        statuses[answer.status_code] += 1
        where = f"{case.method} {case.path}"
        figure.check(answer.status_code < 500, f"{where} was answered {answer.status_code}")
        figure.check(
            not unsigned or answer.status_code in (401, 404, 405, 429), f"{where} without a token: {answer.status_code}"
        )
        told = answer.content.decode("utf-8", "replace")
        figure.check(unsigned or case.method == "GET" or LEAKS[0] not in told, f"{where} told another customer's name")
        figure.check(not any(leak in told for leak in LEAKS[1:]), f"{where} told its innards")

    try:
        look()
    except Exception as error:  # noqa: BLE001 - one that cannot be drawn is a finding, not the end of the run
        if type(error).__name__ not in ("Unsatisfiable", "InvalidArgument"):
            figure.failures.append(f"{operation.label}: {type(error).__name__}: {str(error)[:200]}")


def _careless(text: str, *_: Any) -> Any:
    raise ZeroDivisionError


SUITES = (
    Suite(
        "API fuzz", ("F25",), ("P14",), "cases", 200, 10_000, api,
        {"a parser raises what nobody catches": patched("adapters.orders_api.fields_of", _careless)},
    ),
)  # fmt: skip
