"""`check --online` against the pretend providers: good settings are silent, each wrong one is named with its mend."""

from __future__ import annotations

from adapters.probing import probes
from engine.check import check_online
from engine.settings import Settings
from sandbox.serving import serve
from sandbox.smtp import PretendSmtp
from sandbox.telegram import PretendTelegram
from sandbox.twilio import PretendTwilio
from sandbox.world import World
from tests import town

NOWHERE = "http://127.0.0.1:9"


SETTINGS = """
public_url: http://127.0.0.1:8080
storage: {{url: "sqlite:///unused.db", encryption_key: "${{KEY}}"}}
twilio: {{account_sid: {account}, auth_token: "${{TWILIO}}", base_url: "{twilio}", sms_from: "+34911000001"}}
smtp: {{url: "{smtp}", from: "Demo Shop <orders@example.com>"}}
telegram: {{token: "${{BOT}}", base_url: "{telegram}", staff_group: {group}}}
channels: {{whatsapp: null}}
shops: [{{id: demo, name: Demo, language: en, country: ES, currency: EUR, timezone: Europe/Madrid}}]
"""


def settings(twilio: str, telegram: str, smtp: str, group: int) -> Settings:
    text = SETTINGS.format(account=town.ACCOUNT, twilio=twilio, telegram=telegram, smtp=smtp, group=group)
    return town.settings_of(text)


async def look(made: Settings) -> list[str]:
    return [fault.where for fault in await check_online(made, probes(made))]


async def test_good_settings_are_silent_and_wrong_ones_are_named() -> None:
    """Right credentials give no fault; another token, a group the bot is not in and a silent provider are each named."""
    world = World()
    twilio = PretendTwilio(world, town.ACCOUNT, town.TOKEN, NOWHERE)
    telegram = PretendTelegram(world, town.BOT_TOKEN)
    group = telegram.group("Staff", telegram.user(1, "Olga")).id
    async with serve(twilio.app()) as twilio_url, serve(telegram.app()) as telegram_url, PretendSmtp(world) as smtp:
        assert await look(settings(twilio_url, telegram_url, smtp.url, group)) == []
        assert await look(settings(twilio_url, telegram_url, smtp.url, -100999)) == ["telegram.staff_group"]
        assert await look(settings(NOWHERE, NOWHERE, "smtp://127.0.0.1:9", group)) == ["twilio", "smtp.url", "telegram"]
        other = PretendTwilio(world, town.ACCOUNT, "another-token", NOWHERE)
        async with serve(other.app()) as other_url:
            assert await look(settings(other_url, telegram_url, smtp.url, group)) == ["twilio"]
