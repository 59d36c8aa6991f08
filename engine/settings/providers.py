"""The blocks of the providers: an absent one switches its part off."""

from __future__ import annotations

from email.utils import parseaddr
from typing import Annotated, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BeforeValidator, PlainValidator

from engine.secret import Secret
from engine.settings.block import Block, setting
from engine.settings.faults import wrong
from engine.settings.forms import (
    AccountSid,
    ApiAddress,
    BotToken,
    ContentSid,
    DeliveryFields,
    HookWord,
    MetaId,
    ReplyFields,
    ServiceSid,
    Token,
)
from engine.settings.values import (
    EnvSecret,
    Flag,
    Language,
    Name,
    Phone,
    Rate,
    SecretText,
    SmsSender,
    Text,
    Wait,
    WhatsAppSender,
    loopback,
    secret_url,
)
from flows.emails import read_email
from flows.policy import Policy

_POLICY = Policy(shop="", name="")

#: Our template's name -> language -> the provider's id or name of it.
Templates = dict[Text, dict[Language, Text]]

#: At Twilio these can never be taken off the list. Source: support.twilio.com/hc/en-us/articles/360034798533, read 2026-10.
UNREMOVABLE = "stop"


def _words(value: object) -> tuple[str, ...] | None:
    """None stands for `default`: the provider's own list."""
    if value == "default":
        return None
    if not isinstance(value, list | tuple) or not all(isinstance(word, str) and word.strip() for word in value):
        raise wrong("a list of words belongs here", "Write default, or for example [STOP, UNSUBSCRIBE].")
    return tuple(word.strip().casefold() for word in value)


def _twilio_words(words: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if words is not None and UNREMOVABLE not in words:
        raise wrong("Twilio always takes STOP as an opt-out", "Add STOP to the list.")
    return words


Words = Annotated[tuple[str, ...] | None, PlainValidator(_words)]


def _recipients(value: object) -> int:
    """0 stands for `auto`."""
    if value is None or str(value).strip() == "auto":
        return 0
    if not str(value).isascii() or not str(value).isdigit() or not 0 < int(str(value)[:9]) < 100_000_000:
        raise wrong(f"{str(value)[:20]!r} is no number of people", "Write auto, or for example 250.")
    return int(str(value))


Recipients = Annotated[int, PlainValidator(_recipients)]


class Twilio(Block):
    """SMS and WhatsApp through Twilio."""

    account_sid: AccountSid = setting("the account, from the Twilio console", eg="AC0123456789abcdef0123456789abcdef")
    auth_token: Token = setting("its token; signs the webhooks too", eg="${TWILIO_AUTH_TOKEN}")
    auth_token_previous: Token | None = setting(
        "the one before, good on what comes in while it is being replaced", None, eg="${TWILIO_AUTH_TOKEN_PREVIOUS}"
    )
    base_url: ApiAddress = setting("where the API answers", "https://api.twilio.com")
    sms_from: SmsSender | None = setting("number, short code or name that texts come from", None, eg='"+14155550100"')
    whatsapp_from: WhatsAppSender | None = setting("number that WhatsApp messages come from", None, eg='"+14155550100"')
    voice_from: Phone | None = setting(
        "number that calls come from, where the ladder has a step voice; null: nobody is called by a machine",
        None,
        eg='"+14155550100"',
    )
    messaging_service_sid: ServiceSid | None = setting("send through this Messaging Service", None, eg="MG0123")
    sms_rate: Rate = setting("segments a second; auto = by the sender's kind", None)
    whatsapp_rate: Rate = setting("messages a second; auto = 80", None)
    daily_recipients: Recipients = setting(
        "people whom WhatsApp lets you write to first within 24 hours; auto: as it tells (at Twilio it tells nothing)",
        0,
    )
    opt_out_words: Annotated[Words, AfterValidator(_twilio_words)] = setting(
        "words that Twilio takes as an opt-out; default is Twilio's own list. Name yours when Advanced Opt-Out differs",
        None,
    )
    content_sids: dict[Text, dict[Language, ContentSid]] = setting(
        "approved WhatsApp templates: our name -> language -> content SID", dict, eg="{confirm: {en: HX0123}}"
    )


class Meta(Block):
    """WhatsApp through Meta's Cloud API."""

    phone_number_id: MetaId = setting("the sender's id, from the app's WhatsApp page", eg='"106540352242922"')
    number: Phone | None = setting("the number that customers see", None, eg='"+34600000000"')
    waba_id: MetaId | None = setting(
        "the WhatsApp Business Account, for its templates: Business Settings, WhatsApp accounts",
        None,
        eg='"102290129340398"',
    )
    access_token: Token = setting("a system user's token", eg="${META_ACCESS_TOKEN}")
    app_secret: Token = setting("signs the webhooks", eg="${META_APP_SECRET}")
    app_secret_previous: Token | None = setting(
        "the one before, good on what comes in while it is being replaced", None, eg="${META_APP_SECRET_PREVIOUS}"
    )
    verify_token: EnvSecret = setting("what you type in when you register the webhook", eg="${META_VERIFY_TOKEN}")
    base_url: ApiAddress = setting("where the API answers", "https://graph.facebook.com")
    rate: Rate = setting("messages a second; auto = 80", None)
    daily_recipients: Recipients = setting(
        "people whom WhatsApp lets you write to first within 24 hours; auto: as it tells (at Twilio it tells nothing)",
        0,
    )
    templates: Templates = setting(
        "approved templates: our name -> language -> Meta's name", dict, eg="{confirm: {en: order_confirm}}"
    )


class MailServer(NamedTuple):
    """Where mail is handed over (or fetched). `security`: tls from the first byte, starttls demanded, or plain on loopback."""

    host: str
    port: int
    user: str
    password: str
    security: Literal["tls", "starttls", "plain"]


def _mail_server(address: Secret, ports: dict[str, int]) -> MailServer:
    parts = urlsplit(address.reveal())
    host = parts.hostname or ""
    security: Literal["tls", "starttls", "plain"] = "tls" if parts.scheme.endswith("s") else "starttls"
    if security == "starttls" and loopback(host):
        security = "plain"
    port = parts.port or ports[parts.scheme]
    return MailServer(host, port, unquote(parts.username or ""), unquote(parts.password or ""), security)


def _mailbox(value: str) -> str:
    if read_email(parseaddr(value)[1]) is None or any(c in value for c in "\r\n"):
        raise wrong("this is no sender of mail", 'Write "Demo Shop <orders@example.com>".')
    return value


class Smtp(Block):
    """E-mail out. Outside loopback the connection is always encrypted: smtps:// from the start, smtp:// by STARTTLS."""

    url: Annotated[Secret, secret_url("smtp", "smtps", example="smtp://user:${SMTP_PASSWORD}@host:587")] = setting(
        "server, port and login", eg='"smtp://user:${SMTP_PASSWORD}@mail.example.com:587"'
    )
    sender: Annotated[Text, AfterValidator(_mailbox)] = setting(
        "name and address that mail comes from", eg='"Demo Shop <orders@example.com>"', key="from"
    )
    rate: Rate = setting("messages a second; auto = 5", None)

    def server(self) -> MailServer:
        """Raises UnsetSecret."""
        return _mail_server(self.url, {"smtp": 587, "smtps": 465})


def _reply_to(value: str) -> str:
    if "{token}" not in value or read_email(value.replace("{token}", "a")) is None:
        raise wrong("the reply address carries the order's token", 'Write "reply+{token}@example.com".')
    return value


class Imap(Block):
    """E-mail in: replies are read from this mailbox."""

    url: Annotated[Secret, secret_url("imap", "imaps", example="imaps://user:${IMAP_PASSWORD}@host")] = setting(
        "server, port and login", eg='"imaps://user:${IMAP_PASSWORD}@mail.example.com"'
    )
    reply_to: Annotated[Text, AfterValidator(_reply_to)] = setting(
        "where customers' replies go; {token} says which order", eg='"reply+{token}@example.com"'
    )

    def server(self) -> MailServer:
        """Raises UnsetSecret."""
        return _mail_server(self.url, {"imap": 143, "imaps": 993})


def _group(value: int) -> int:
    if value >= 0:
        raise wrong(
            "a group's id begins with a minus", "Add the bot to the group and write /id there, for example -100123."
        )
    return value


class Telegram(Block):
    """The staff group and the owner's chat."""

    token: BotToken = setting("the bot's token from @BotFather", eg="${TELEGRAM_TOKEN}")
    base_url: ApiAddress = setting("where the Bot API answers", "https://api.telegram.org")
    mode: Literal["polling", "webhook"] = setting("how updates arrive; webhook needs a public https address", "polling")
    webhook_secret: HookWord | None = setting(
        "proves that a webhook is Telegram's", None, eg="${TELEGRAM_WEBHOOK_SECRET}"
    )
    staff_group: Annotated[int, AfterValidator(_group)] = setting("the group's id", eg="-1001234567890")
    take_for: Wait = setting("who has taken a card and does nothing gives it back after so long", _POLICY.take_for)
    topics: dict[Literal["flagged", "complaints", "deals", "conversations"], int] = setting(
        "where the group is a forum: topics of your own by their ids, in place of those that the bot makes", dict,
        eg="{flagged: 12, complaints: 34}",
    )  # fmt: skip
    replies: dict[Language, dict[Text, Text]] = setting(
        "texts that staff send with one press: language -> title -> text", dict,
        eg='{en: {"Closed today": "We are closed today and write tomorrow."}}',
    )  # fmt: skip


class GatewaySend(Block):
    """The request that sends one text. {to}, {from}, {text} and {id} are filled in, escaped as the body's kind needs."""

    url: Annotated[Secret, secret_url("http", "https", example="https://gateway.example.com/send")] = setting(
        "the address; may carry ${SECRET} and the fields above", eg='"https://gateway.example.com/send"'
    )
    method: Literal["POST", "GET", "PUT"] = setting("how", "POST")
    headers: dict[Text, SecretText] = setting("sent along", dict, eg='{Authorization: "Bearer ${GATEWAY_TOKEN}"}')
    body: SecretText | None = setting("the body", None, eg="""'{"to": "{to}", "text": "{text}"}'""")
    id_field: Text | None = setting(
        "where the answer holds the message's id, as a path; null: it gives none", None, eg="messages.0.id"
    )
    ok_field: Text | None = setting("what a 2xx answer must say to mean yes, as a path", None, eg="status")
    ok_values: tuple[Text, ...] = setting("the words of ok_field that mean yes", (), eg="[ok, queued]")
    refusals: dict[Text, Text] = setting(
        "words in the body of a no -> what they mean (invalid_number, opted_out)",
        dict,
        eg="{bad number: invalid_number}",
    )


class ReplyHook(Block):
    """POST /hooks/sms/{name}: what the gateway sends for a customer's text."""

    secret: EnvSecret = setting("proves that it is the gateway", eg="${GATEWAY_HOOK_SECRET}")
    secret_previous: EnvSecret | None = setting(
        "the one before, good on what comes in while it is being replaced", None, eg="${GATEWAY_HOOK_SECRET_PREVIOUS}"
    )
    header: Text = setting("carries the secret; Authorization: Bearer and ?secret= are taken too", "X-Gateway-Secret")
    fields: ReplyFields = setting(
        "our name -> the gateway's, as a path: id, from, text",
        lambda: {"id": "id", "from": "from", "text": "text"},
        eg="{from: sender, text: body, id: uuid}",
    )


class DeliveryHook(Block):
    """The same address, for what became of a text that we sent: a body whose status is one of these words is a report."""

    fields: DeliveryFields = setting(
        "our name -> the gateway's, as a path: id, status, to, code",
        lambda: {"id": "id", "status": "status", "to": "to", "code": "code"},
        eg="{id: uuid, status: state}",
    )
    sent: tuple[Text, ...] = setting("statuses that mean it is on its way", ("queued", "accepted", "sent"))
    delivered: tuple[Text, ...] = setting("statuses that mean it arrived", ("delivered",))
    failed: tuple[Text, ...] = setting("statuses that mean it never will", ("failed", "undelivered", "rejected"))


class SmsGateway(Block):
    """A local SMS gateway, described by templates."""

    name: Name = setting("its part of the hook's address: /hooks/sms/{name}", "local")
    sender: SmsSender | None = setting("what customers see the text come from", None, eg='"+34600000000"', key="from")
    send: GatewaySend = setting("how a text is sent", eg='{url: "https://gateway.example.com/send"}')
    reply_hook: ReplyHook | None = setting("how replies come in; null: they do not", None)
    delivery: DeliveryHook | None = setting("how receipts come in; null: they do not", None)
    two_way: Flag = setting("customers' replies arrive here, in every country", True)
    rate: Annotated[Rate, BeforeValidator(lambda v: 1.0 if v is None else v)] = setting("segments a second", 1.0)
    opt_out_words: Words = setting("words that the gateway itself takes as an opt-out; default is none", None)
