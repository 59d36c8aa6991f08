"""The senders of a shop, with what is known of the providers behind them: opt-out words, rates, two-way."""

from __future__ import annotations

from email.utils import parseaddr

from phonenumbers import PhoneNumberType, number_type
from phonenumbers import parse as parse_number

from engine.settings.model import Blocks
from engine.settings.providers import SmsGateway, Twilio
from flows.countries import sender_country, sender_kind
from flows.policy import Sender

#: Source: https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out.md (long codes), read 2026-10.
TWILIO_OPT_OUT = frozenset(["stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"])
#: Source: Braze's opt-in page and the help centre lists quoting Twilio (docs.braze.com), read 2026-10.
TWILIO_OPT_IN = frozenset(["start", "yes", "unstop"])
TWILIO_HELP = frozenset(["help", "info"])

#: Segments a second by kind of sender. Source for 1 (US and Canada), 3 (toll-free) and 100 (short code):
#: https://support.twilio.com/hc/en-us/articles/115002943027, read 2026-11. For 10 (numbers of other countries, names): a
#: public copy of the same table (anttone.paidot.net/help/voice/a9.htm) and AWS's page sms-limitations-mps for long codes;
#: second-hand, so set sms_rate where Twilio promised you another one.
NORTH_AMERICA_RATE, TOLL_FREE_RATE, SHORT_CODE_RATE, ELSEWHERE_RATE = 1.0, 3.0, 100.0, 10.0

#: Messages a second of one WhatsApp number. Source: Meta's throughput of the Cloud API (80 by default), read 2026-10.
WHATSAPP_RATE = 80.0

#: Calls that one account starts a second, unless Twilio raised it.
#: Source: https://www.twilio.com/docs/voice/api/call-resource (calls per second), read 2026-11.
CALLS_RATE = 1.0

#: Our own guess: what small mail providers take without a complaint.
SMTP_RATE = 5.0


def sms_rate(address: str) -> float:
    """Segments a second that Twilio releases from this sender, by its kind."""
    kind = sender_kind(address)
    if kind == "short":
        return SHORT_CODE_RATE
    if kind == "name" or sender_country(address) not in ("US", "CA"):
        return ELSEWHERE_RATE
    toll_free = number_type(parse_number(address)) == PhoneNumberType.TOLL_FREE
    return TOLL_FREE_RATE if toll_free else NORTH_AMERICA_RATE


def sms_sender(blocks: Blocks) -> Sender | None:
    """The sender of texts; None where the channel is off or its block is absent or has no sender."""
    if blocks.channels.sms == "twilio":
        return _twilio_sms(blocks.twilio) if blocks.twilio else None
    if blocks.channels.sms == "gateway":
        return _gateway(blocks.sms_gateway) if blocks.sms_gateway else None
    return None


def whatsapp_sender(blocks: Blocks) -> Sender | None:
    """The sender of WhatsApp messages; None where the channel is off."""
    twilio, meta = blocks.twilio, blocks.meta
    if blocks.channels.whatsapp == "twilio" and twilio and twilio.whatsapp_from:
        # The list reaches WhatsApp only inside a Messaging Service with Advanced Opt-Out.
        # Source: support.twilio.com/hc/en-us/articles/360034798533, read 2026-10.
        in_service = bool(twilio.messaging_service_sid) and twilio.opt_out_words is not None
        return Sender(
            channel="whatsapp",
            provider="twilio",
            address=twilio.whatsapp_from,
            opt_out=frozenset(twilio.opt_out_words or ()) if in_service else frozenset(),
            opt_in=TWILIO_OPT_IN if in_service else frozenset(),
            help=TWILIO_HELP if in_service else frozenset(),
            answers_opt_out=in_service,
            two_way=True,
            rate_per_s=twilio.whatsapp_rate or WHATSAPP_RATE,
            can_be_asked=True,
        )
    if blocks.channels.whatsapp == "meta" and meta:
        address = meta.number or meta.phone_number_id
        return Sender("whatsapp", "meta", address, two_way=True, rate_per_s=meta.rate or WHATSAPP_RATE)
    return None


def voice_sender(blocks: Blocks) -> Sender | None:
    """The number that a machine calls from; None where the shop has none."""
    if blocks.twilio is None or blocks.twilio.voice_from is None:
        return None
    return Sender("voice", "twilio", blocks.twilio.voice_from, two_way=True, rate_per_s=CALLS_RATE, can_be_asked=True)


def email_sender(blocks: Blocks) -> Sender | None:
    """The sender of e-mail; two-way where a mailbox is read for replies."""
    if blocks.channels.email is None or blocks.smtp is None:
        return None
    address = parseaddr(blocks.smtp.sender)[1]
    two_way = blocks.imap is not None
    return Sender("email", "smtp", address, two_way=two_way, rate_per_s=blocks.smtp.rate or SMTP_RATE)


def _twilio_sms(twilio: Twilio) -> Sender | None:
    if twilio.sms_from is None:
        return None
    return Sender(
        channel="sms",
        provider="twilio",
        address=twilio.sms_from,
        opt_out=TWILIO_OPT_OUT if twilio.opt_out_words is None else frozenset(twilio.opt_out_words),
        opt_in=TWILIO_OPT_IN,
        help=TWILIO_HELP,
        answers_opt_out=True,
        two_way=None,
        rate_per_s=twilio.sms_rate or sms_rate(twilio.sms_from),
        can_be_asked=True,
    )


def _gateway(gateway: SmsGateway) -> Sender:
    return Sender(
        channel="sms",
        provider="gateway",
        address=gateway.sender or gateway.name,
        opt_out=frozenset(gateway.opt_out_words or ()),
        two_way=gateway.two_way,
        rate_per_s=gateway.rate or 1.0,
    )
