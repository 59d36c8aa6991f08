"""What the bot asks of Telegram, held against the machine-readable Bot API."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.telegram_spec import BotApiSpec
from tests.town import ANA, EVE, OLGA, town

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
        for text in ("/help", "/next", "/find Ana", "/new Eva\n655102938\n9.90", "/language", "/handover"):
            await t.tg.says(ANA, t.group, text)
        for text in ("/invite", "/people", "/pause", "/away"):
            await t.tg.says(OLGA, None, text)
        await t.settle()
        for button in ("🙋 Take", "🕓 Call later", "‹ Back", "✏️ Message", "‹ Back", "📱 New number"):
            await t.staff(ANA, button, order)
        await t.replies(ANA, "wait a moment", t.cards(order)[0])
        await t.staff(ANA, CONFIRM, order)
        await t.skip(minutes=2)
        calls = list(t.tg.calls)
        faults = [fault for method, params, answer in calls for fault in spec.faults_of_call(method, params, answer)]
        assert faults == []
        assert {
            "sendMessage",
            "editMessageText",
            "editMessageReplyMarkup",
            "sendChatAction",
            "answerCallbackQuery",
            "getUpdates",
            "setMyCommands",
        } <= {c[0] for c in calls}
