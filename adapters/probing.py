"""`check --online`: one look at each provider that the settings name. Nothing is changed there, nothing is sent."""

from __future__ import annotations

import base64
from collections.abc import Iterable

import aiosmtplib
import msgspec

from adapters import shop_probing, template_probing
from adapters.exchange import Exchange
from adapters.replied import Answer
from engine.check import Probe
from engine.settings import Fault, Meta, Settings, Smtp, Twilio

TIMEOUT_S = 10.0


def probes(settings: Settings) -> list[Probe]:
    """One probe for each account, whatever number of shops share it."""
    found: dict[int, Probe] = {}
    for shop in settings.shops:
        blocks = settings.blocks(shop)
        for name, make in (
            ("twilio", TwilioProbe),
            ("meta", MetaProbe),
            ("smtp", SmtpProbe),
            ("telegram", TelegramProbe),
        ):
            block = getattr(blocks, name)
            if block is not None:
                where = settings.home(shop, name)[0]
                found.setdefault(id(block), make(where, block))
    return [*found.values(), *template_probing.probes(settings), *shop_probing.probes(settings)]


async def _get(url: str, headers: dict[str, str]) -> Answer | None:
    exchange = Exchange(TIMEOUT_S)
    try:
        answer = await exchange.ask("GET", url, headers=headers)
    finally:
        await exchange.close()
    return answer if isinstance(answer, Answer) else None


def _fault(where: str, what: str, mend: str, *, warning: bool = False) -> Fault:
    return Fault(where, None, what, mend, "warning" if warning else "error")


class TwilioProbe:
    """Are account and token good, and is the account active?"""

    def __init__(self, where: str, block: Twilio) -> None:
        self.name, self._block = where, block

    async def __call__(self, settings: Settings) -> Iterable[Fault]:
        block = self._block
        login = base64.b64encode(f"{block.account_sid}:{block.auth_token.reveal()}".encode()).decode()
        url = f"{block.base_url.rstrip('/')}/2010-04-01/Accounts/{block.account_sid}.json"
        answer = await _get(url, {"Authorization": f"Basic {login}"})
        if answer is None:
            return [_fault(self.name, "Twilio does not answer", "Look at base_url and the network.", warning=True)]
        if answer.status in (401, 403):
            mend = "Copy account_sid and auth_token from the Twilio console under Account Info."
            return [_fault(self.name, "Twilio does not take account_sid and auth_token", mend)]
        if answer.status == 404:
            return [_fault(f"{self.name}.account_sid", "Twilio knows no such account", "Copy it from the console.")]
        status = _field(answer, "status")
        if answer.status == 200 and status not in ("", "active"):
            return [_fault(self.name, f"the Twilio account is {status}", "Open the Twilio console; it says why.")]
        return []


def _field(answer: Answer, name: str) -> str:
    try:
        body = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        return ""
    return str(body.get(name, "")) if isinstance(body, dict) else ""


class MetaProbe:
    """Is the token good for the phone number id?"""

    def __init__(self, where: str, block: Meta) -> None:
        self.name, self._block = where, block

    async def __call__(self, settings: Settings) -> Iterable[Fault]:
        block = self._block
        url = f"{block.base_url.rstrip('/')}/v23.0/{block.phone_number_id}?fields=display_phone_number,quality_rating"
        answer = await _get(url, {"Authorization": f"Bearer {block.access_token.reveal()}"})
        if answer is None:
            return [_fault(self.name, "Meta does not answer", "Look at base_url and the network.", warning=True)]
        if answer.status != 200:
            mend = "Make a system user's token with whatsapp_business_messaging, and copy the phone number id from the app."
            return [_fault(self.name, f"Meta answers {answer.status} for this number and token", mend)]
        return []


class TelegramProbe:
    """Is the token good, and is the bot in the group?"""

    def __init__(self, where: str, block: object) -> None:
        self.name, self._block = where, block

    async def __call__(self, settings: Settings) -> Iterable[Fault]:
        block = self._block
        base = f"{block.base_url.rstrip('/')}/bot{block.token.reveal()}"  # type: ignore[attr-defined]
        me = await _get(f"{base}/getMe", {})
        if me is None:
            return [_fault(self.name, "Telegram does not answer", "Look at base_url and the network.", warning=True)]
        if me.status in (401, 404):
            return [_fault(f"{self.name}.token", "Telegram does not take the token", "@BotFather gives it: /token.")]
        chat = await _get(f"{base}/getChat?chat_id={block.staff_group}", {})  # type: ignore[attr-defined]
        if chat is not None and chat.status in (400, 403):
            mend = "Add the bot to the group, write /id there, and put that number here."
            return [_fault(f"{self.name}.staff_group", "the bot does not see this group", mend)]
        return []


class SmtpProbe:
    """Does the server take the login?"""

    def __init__(self, where: str, block: Smtp) -> None:
        self.name, self._block = where, block

    async def __call__(self, settings: Settings) -> Iterable[Fault]:
        server = self._block.server()
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            timeout=TIMEOUT_S,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
        )
        try:
            await client.connect()
            if server.user:
                await client.login(server.user, server.password)
        except aiosmtplib.SMTPAuthenticationError:
            return [_fault(f"{self.name}.url", "the mail server does not take user and password", "Look at both.")]
        except (TimeoutError, aiosmtplib.SMTPException, OSError) as error:
            what = f"the mail server cannot be reached ({type(error).__name__})"
            return [_fault(f"{self.name}.url", what, "Look at host and port.", warning=True)]
        finally:
            client.close()
        return []
