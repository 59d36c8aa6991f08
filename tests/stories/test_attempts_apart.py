"""Each attempt of one effect comes back as an event of its own, so that what two of them plan are two effects."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.events import EffectSettled
from tests.town import town


@pytest.mark.source_only  # it listens in on the engine by replacing a method of it
async def test_a_later_and_the_yes_after_it_are_two_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that Twilio puts off and then takes settles twice, under two event ids; the customer has it once."""
    async with town(tmp_path) as t:
        settled: list[EffectSettled] = []
        handle = t.house.engine.handle

        async def heard(event, *rest, **more):
            if isinstance(event, EffectSettled):
                settled.append(event)
            return await handle(event, *rest, **more)

        monkeypatch.setattr(t.house.engine, "handle", heard)
        t.breaks("twilio", "status", "Messages.json", status=429, headers={"Retry-After": "30"})
        await t.order()
        await t.skip(minutes=2)
        assert len(t.got("sms")) == 1
        of_the_text = [one for one in settled if one.effect_id == settled[0].effect_id]
        assert [type(one.outcome).__name__ for one in of_the_text] == ["TryAgain", "Accepted"]
        assert len({one.event_id for one in of_the_text}) == 2
