"""A pretend courier: tells the service of a parcel through the shop's API, and fails as real couriers do.

It knocks in vain, with a reason; it tells the same twice or three times; it tells things in the wrong order, or days late; or it says
nothing between the shop and the door. What it told, and what the service answered, stands in `told`.
"""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

from sandbox.shops import Answer, PretendShop

Json = dict[str, Any]
#: Reasons of a failed attempt. Source: the service's API, POST /orders/{id}/events.
REASONS = ("customer_refused", "not_home", "no_money", "wrong_address", "courier_fault", "damaged", "other")


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """One report and the HTTP status that it got."""

    order_id: str
    type: str
    status: int


class PretendCourier:
    """`repeats`: how often each report is sent; `backwards`: the latest first; `silent`: no out_for_delivery."""

    def __init__(
        self,
        shop: PretendShop,
        *,
        repeats: int = 1,
        backwards: bool = False,
        silent: bool = False,
        late: timedelta = timedelta(),
    ) -> None:
        self._shop = shop
        self.repeats = repeats
        self.backwards = backwards
        self.silent = silent
        self.late = late
        self.told: list[Told] = []

    async def knocks(self, order_id: str, failed: str = "") -> Answer:
        """One attempt at the door: out for delivery, then `failed` with this reason, or delivered. The last answer."""
        if failed and failed not in REASONS:
            raise ValueError(f"reason: {', '.join(REASONS)}")
        now = self._shop.world.now() - self.late
        left = {"type": "out_for_delivery", "at": (now - timedelta(minutes=30)).isoformat()}
        ended: Json = {"type": "attempt_failed" if failed else "delivered", "at": now.isoformat()}
        if failed:
            ended["reason"] = failed
        reports = [ended] if self.silent else [left, ended]
        answer = Answer(order_id, 0)
        for report in reversed(reports) if self.backwards else reports:
            for _ in range(self.repeats):
                answer = await self._shop.reports(order_id, report)
                self.told.append(Told(order_id, str(report["type"]), answer.status))
        return answer
