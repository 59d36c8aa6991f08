"""A customer's file on its way under the card: fetched from the provider that has it, handed to the staff's place, kept nowhere."""

from __future__ import annotations

from collections.abc import Mapping

from engine.ports import DeskPort, Media, MediaPort
from flows.effects import Outcome, Refused, ShowMedia


async def show(
    ports: Mapping[tuple[str, str], MediaPort], desk: DeskPort, effect: ShowMedia, effect_id: str, shop: str
) -> tuple[Outcome, str]:
    """The outcome, and whose it is: the provider's while fetching, then the staff's place's."""
    port = ports.get((shop, effect.channel))
    if port is None:
        return Refused("not_configured", f"nobody has the files of {effect.channel}"), "doorstep"
    found = await port.fetch(effect.ref)
    if not isinstance(found, Media):
        return found, port.provider
    return await desk.show_media(effect, found, effect_id, shop), "telegram"
