"""What one Twilio account needs."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class TwilioSettings(Struct, frozen=True, kw_only=True):
    """One Twilio account. Addresses as Twilio writes them: "+34…", "whatsapp:+34…", a short code, "DemoShop"."""

    account_sid: str
    auth_tokens: tuple[str, ...]  # the first signs our requests; all are good on webhooks, for a rotation
    public_url: str
    base_url: str = "https://api.twilio.com"
    senders: Mapping[str, tuple[str, ...]] = {}  # our address -> the shops it belongs to, the first owns strangers
    messaging_service_sid: str = ""  # of SMS
    content_sids: Mapping[str, Mapping[str, str]] = {}  # our template name -> language -> HX…
    timeout_s: float = 15.0  # for one request as a whole
