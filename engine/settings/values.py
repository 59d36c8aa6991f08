"""The kinds of value that settings have: texts, switches, durations, hours, places, languages, addresses, secrets.

Each is an annotated type for the models; its validator takes what a person writes and raises `wrong(what, mend)`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, PlainValidator, ValidationInfo

from engine.secret import ENV_NAME, Secret
from engine.settings import clockwork
from engine.settings.faults import did_you_mean, wrong
from flows.emails import read_email
from flows.money import NotMoney, parse
from flows.phones import read_phone
from flows.policy import Hours, Quiet

_DURATION = re.compile(r"(\d{1,5})\s*([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_SENDER_NAME = re.compile(
    r"(?=.*[A-Za-z])[A-Za-z0-9 &+_-]{1,11}"
)  # Source: twilio.com alphanumeric sender id, read 2026-10
_SHELL_NAME = re.compile(r"\$\(?[A-Za-z_][A-Za-z0-9_]*\)?")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z]{4})?(?:[-_](?:[A-Za-z]{2}|\d{3}))?")


def _text(value: str) -> str:
    if ENV_NAME.search(value):
        raise wrong("only secrets are taken from the environment", "Write the value itself here.")
    return value.strip()


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).casefold()
    if word not in ("true", "false"):
        raise wrong(f"{value!r} is neither true nor false", "Write true or false (yes and no are words in YAML 1.2).")
    return word == "true"


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(str(value).strip())
    if match is None:
        raise wrong(f"{str(value)[:20]!r} is no duration", "Write a whole number and its unit: 30s, 15m, 4h or 2d.")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _some_time(value: timedelta) -> timedelta:
    if not value:
        raise wrong("the duration is nothing", "Write at least 1s.")
    return value


def _zone(value: str) -> str:
    if clockwork.zone_exists(value):
        return value
    mend = did_you_mean(value, clockwork.zone_names(), "Write Continent/City, for example Europe/Madrid.")
    raise wrong(f"{value[:40]!r} is no time zone", mend)


@cache
def _territories() -> dict[str, str]:
    """Country code -> English name. Source: Unicode CLDR through babel, the codes that have telephones."""
    from babel import Locale  # imported where needed: most runs never show a country's name
    from phonenumbers import SUPPORTED_REGIONS

    names = Locale("en").territories
    return {code: names.get(code, code) for code in sorted(SUPPORTED_REGIONS)}


def country_code(value: str) -> str:
    """An ISO 3166 code in upper case. Raises the fault with the nearest code."""
    code = value.strip().upper()
    known = _territories()
    if code in known:
        return code
    by_name = {name: iso for iso, name in known.items()}
    near = did_you_mean(value, by_name, "")
    if code == "UK" or near:
        iso = "GB" if code == "UK" else by_name[near.removeprefix("Did you mean ").removesuffix("?")]
        raise wrong(f"{value[:40]!r} is no country code", f"Did you mean {iso}?")
    raise wrong(f"{value[:40]!r} is no country code", "Write the two letters of ISO 3166, for example ES.")


def _currency(value: str) -> str:
    from babel.numbers import list_currencies

    code = value.strip().upper()
    if code not in list_currencies():
        mend = did_you_mean(code, list_currencies("en"), "Write the three letters of ISO 4217, for example EUR.")
        raise wrong(f"{value[:20]!r} is no currency", mend)
    return code


def _language(value: str) -> str:
    from babel.localedata import exists

    tag = value.strip().replace("_", "-")
    if not _LANGUAGE.fullmatch(tag) or not exists(tag.split("-")[0].lower()):
        raise wrong(
            f"{value[:20]!r} is no language", "Write its code of two or three letters, for example es or pt-BR."
        )
    head, *rest = tag.split("-")
    return "-".join([head.lower(), *(part.title() if len(part) == 4 else part.upper() for part in rest)])


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise wrong(
            f"{value[:40]!r} cannot stand in a web address", "Use a-z, 0-9, - and _, at most 40, for example demo."
        )
    return value


def _phone(value: str) -> str:
    found = read_phone(value, None) if value.strip().startswith(("+", "00")) else None
    if found is None:
        raise wrong("this is no telephone number", "Write it with + and the country's code, for example +34600000000.")
    return found.e164


def _sms_sender(value: str) -> str:
    """A number with +, a short code, or a name of at most 11 characters."""
    text = value.strip()
    if text.startswith("+"):
        return _phone(text)
    if text.isascii() and text.isdigit() and 3 <= len(text) <= 8:
        return text
    if _SENDER_NAME.fullmatch(text):
        return text
    if text.isascii() and text.isdigit() and read_phone(f"+{text}", None) is not None:
        raise wrong("a number begins with +", f'Did you mean "+{text}"?')
    raise wrong(
        f"{text[:30]!r} cannot send texts",
        "Write a number (+14155550100), a short code (12345) or a name of at most 11 plain letters and digits.",
    )


def _whatsapp_sender(value: str) -> str:
    return _phone(value.strip().removeprefix("whatsapp:"))


def _email(value: str) -> str:
    found = read_email(value)
    if found is None:
        raise wrong("this is no e-mail address", "Write for example orders@example.com.")
    return value.strip()


def _money(value: str) -> str:
    amount, _, currency = value.strip().partition(" ")
    if not currency:
        raise wrong("the amount has no currency", "Write an amount and its currency, for example 20.00 EUR.")
    try:
        parse(amount, currency)
    except NotMoney as error:
        raise wrong(str(error), "Write an amount and its currency, for example 20.00 EUR.") from error
    return f"{amount} {currency.strip().upper()}"


def _rate(value: object) -> float | None:
    if value is None or str(value).strip() == "auto":
        return None
    try:
        rate = float(str(value))
    except ValueError:
        rate = 0.0
    if not 0 < rate <= 10_000:
        raise wrong(f"{str(value)[:20]!r} is no rate", "Write auto, or messages a second such as 1 or 0.5.")
    return rate


def loopback(host: str) -> bool:
    """Whether a host is this machine, where nothing can listen on the wire."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _web(value: str) -> str:
    parts = _split(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise wrong("this is no web address", "Write for example https://orders.example.com.")
    if re.search(r"\s", value.strip()):
        raise wrong("there is a blank in the address", "Write it without blanks.")
    if parts.username or parts.password:
        raise wrong("a password does not belong in the file", "Write the address without it.")
    if parts.scheme == "http" and not loopback(parts.hostname):
        raise wrong(
            "http can be read by everybody on the way", f"Write https://{parts.netloc}, or use a loopback host."
        )
    return value.strip().rstrip("/")


def _site(value: str) -> str:
    """An address that others are built from: nothing may stand behind it."""
    parts = _split(value)
    if parts.query or parts.fragment:
        raise wrong("nothing may follow ? or # here", f"Write {parts.scheme}://{parts.netloc}{parts.path}".rstrip("/"))
    return value


def _split(value: str) -> Any:
    try:
        parts = urlsplit(value.strip())
        _ = parts.port  # raises on a port that is no number
    except ValueError as error:
        raise wrong("the address cannot be read", "Look at its host and port.") from error
    return parts


def _environment(info: ValidationInfo) -> Mapping[str, str]:
    context = info.context
    return context["env"] if isinstance(context, dict) and "env" in context else {}


def _secret(value: object, info: ValidationInfo) -> Secret:
    """Exactly one ${NAME}."""
    if isinstance(value, Secret):
        return value
    if isinstance(value, str) and _SHELL_NAME.fullmatch(value.strip()):
        name = value.strip().strip("$()")
        raise wrong("a variable is named in braces here", f"Write ${{{name}}}.")
    if not isinstance(value, str) or not ENV_NAME.fullmatch(value.strip()):
        raise wrong("a secret does not belong in the file", "Write ${A_NAME} and set that environment variable.")
    return Secret.read(value.strip(), _environment(info))


def _no_blank_ends(secret: Secret) -> Secret:
    if secret.known and secret.reveal() != secret.reveal().strip():
        name = secret.written.strip("${} ")
        raise wrong(f"what {name} holds begins or ends with a blank or a line break", "Set it again without that.")
    return secret


def _secret_text(value: object, info: ValidationInfo) -> Secret:
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str):
        raise wrong("a text belongs here", "Secrets inside it as ${A_NAME}.")
    return Secret.read(value, _environment(info))


def secret_url(*schemes: str, example: str) -> BeforeValidator:
    """An address whose password, if any, is ${NAME}; other parts may be plain."""

    def check(value: object, info: ValidationInfo) -> Secret:
        if isinstance(value, Secret):
            return value
        text = str(value or "").strip()
        secret = Secret.read(text, _environment(info), url=True)
        if ENV_NAME.fullmatch(text) and not secret.known:
            return secret  # the whole address is in an unset variable: nothing to look at yet
        seen = secret.reveal() if secret.known else ENV_NAME.sub("unset", text)
        parts = _split(seen)
        if parts.scheme not in schemes:
            raise wrong("this address cannot be used here", f"Write for example {example}")
        if not ENV_NAME.fullmatch(text):
            password = _split(ENV_NAME.sub("ENV", text)).password
            if password and password != "ENV":  # noqa: S105  the marker that stands for ${NAME}
                raise wrong("a password does not belong in the file", "Write ${A_NAME} in its place.")
        if not parts.hostname and parts.scheme != "sqlite":
            raise wrong("the address has no host", f"Write for example {example}")
        if parts.scheme == "sqlite" and (not seen.startswith("sqlite:///") or len(seen) <= len("sqlite:///")):
            raise wrong("behind sqlite: belong three slashes and a path", f"Write for example {example}")
        if parts.scheme == "http" and not loopback(parts.hostname or ""):
            raise wrong("http can be read by everybody on the way", "Use https, or a loopback host.")
        return secret

    return BeforeValidator(check)


def _listen(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise wrong(f"{value[:40]!r} is no address to listen on", "Write host:port, for example 127.0.0.1:8080.")
    return value


def _closing(value: object) -> str:
    text = value.isoformat() if isinstance(value, date) else str(value).strip()
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise wrong(f"{text[:20]!r} is no date", "Write year-month-day, for example 2026-12-25.") from error


Text = Annotated[str, AfterValidator(_text)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
Wait = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_some_time)]
Zone = Annotated[Text, AfterValidator(_zone)]
Country = Annotated[Text, AfterValidator(country_code)]
Currency = Annotated[Text, AfterValidator(_currency)]
Language = Annotated[Text, AfterValidator(_language)]
Name = Annotated[Text, AfterValidator(_name)]
Phone = Annotated[Text, AfterValidator(_phone)]
SmsSender = Annotated[Text, AfterValidator(_sms_sender)]
WhatsAppSender = Annotated[Text, AfterValidator(_whatsapp_sender)]
Email = Annotated[Text, AfterValidator(_email)]
Amount = Annotated[Text, AfterValidator(_money)]
Rate = Annotated[float | None, PlainValidator(_rate)]
WebAddress = Annotated[Text, AfterValidator(_web)]
Listen = Annotated[Text, AfterValidator(_listen)]
Closing = Annotated[str, BeforeValidator(_closing)]
Site = Annotated[WebAddress, AfterValidator(_site)]
KeySecret = Annotated[Secret, BeforeValidator(_secret)]  # base64, around which blanks do no harm
EnvSecret = Annotated[KeySecret, AfterValidator(_no_blank_ends)]
SecretText = Annotated[Secret, BeforeValidator(_secret_text)]
OpeningHours = Annotated[Hours, PlainValidator(clockwork.read_hours)]
QuietHours = Annotated[Quiet | None, PlainValidator(clockwork.read_quiet)]
