"""The policies that decisions read: what the settings say, with the desk's wishes and resting channels laid over.

One dict of policies is shared by engine, decider, adapters and bot; only this module puts anything into it after the start.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from flows import wishes
from flows.desk import Desk
from flows.policy import Policy


class Overlay:
    """Keeps `policies` (shop -> policy, written in place) true. In memory are only hints: every desk is read again at the start."""

    def __init__(self, policies: dict[str, Policy]) -> None:
        self._said = dict(policies)  # by the settings
        self._policies = policies
        self._desks: dict[str, Desk] = {}
        self.resting: dict[tuple[str, str], datetime] = {}  # (shop, channel) -> until when it rests after a fault

    def desk(self, desk: Desk, now: datetime) -> None:
        """A desk was committed or read."""
        self._desks[desk.shop] = desk
        self._lay(desk.shop, now)

    def rest(self, shop: str, channel: str, until: datetime, now: datetime) -> None:
        """A channel is left alone for a while."""
        self.resting[shop, channel] = until
        self._lay(shop, now)

    def look(self, now: datetime) -> None:
        """What has ended by now ends."""
        self.resting = {key: until for key, until in self.resting.items() if until > now}
        for shop in list(self._policies):
            self._lay(shop, now)

    def moved(self, old: str, new: str, now: datetime) -> None:
        """A staff group has a new id."""
        for shop, said in self._said.items():
            if said.staff_chat == old:
                self._said[shop] = replace(said, staff_chat=new)
        self.look(now)

    def _lay(self, shop: str, now: datetime) -> None:
        said = self._said.get(shop)
        if said is None:
            said = self._said[shop] = self._policies[shop]
        resting = frozenset(channel for of, channel in self.resting if of == shop)
        desk = self._desks.get(shop) or Desk(id="", shop=shop)
        policy = wishes.overlaid(said, desk, resting, now)
        if policy != self._policies.get(shop):
            self._policies[shop] = policy
