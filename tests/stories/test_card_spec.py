"""What the bot asks of Telegram, held against the machine-readable Bot API."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.telegram_spec import BotApiSpec
from tests.town import ANA, EVE, town

SPEC = Path(__file__).parents[3] / "shared" / "data" / "specs" / "telegram_bot_api_10.1.json"
CONFIRM = "✅ Confirm"


@pytest.mark.skipif(not SPEC.exists(), reason="the Bot API's description is not here")
async def test_every_call_of_the_bot_fits_the_bot_api(tmp_path: Path) -> None:
    """A card, its edits, replies under it, pings, toasts, commands: no parameter and no answer is unknown to the Bot API."""
    spec = BotApiSpec(SPEC)
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.sms("lorem ipsum dolor")
        await t.skip(seconds=10)
        await t.tg.says(EVE, t.group, "/flagged")
        await t.tg.says(ANA, t.group, "/flagged")
        await t.settle()
        await t.staff(ANA, CONFIRM, order)
        await t.skip(minutes=2)
        calls = list(t.tg.calls)
        faults = [fault for method, params, answer in calls for fault in spec.faults_of_call(method, params, answer)]
        assert faults == []
        assert {"sendMessage", "editMessageText", "answerCallbackQuery", "getUpdates", "setMyCommands"} <= {
            c[0] for c in calls
        }
