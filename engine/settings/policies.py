"""What the settings mean to decisions: one Policy for each shop."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache

from msgspec.structs import replace

from engine.settings.model import Blocks, Settings, Shop
from engine.settings.rules import LimitRules
from engine.settings.senders import email_sender, sms_sender, voice_sender, whatsapp_sender
from engine.settings.sharing import shops_by_address
from flows.countries import Override, merged
from flows.desk import Person
from flows.payment import DEFAULT_LABELS
from flows.policy import CANCEL_AFTER, Calls, Country, Hours, Limits, Policy, Prices

#: The floor of limits.first_sms_per_hour: auto. Source: our own value; few shops of one person pass it.
AUTO_PER_HOUR = 50


def policies(settings: Settings) -> dict[str, Policy]:
    """Shop id -> its policy, in the order of the file."""
    shares = _shares(settings)
    return {shop.id: _policy(shop, settings.blocks(shop), shares.get(shop.id, {})) for shop in settings.shops}


def people(settings: Settings, shop_id: str) -> tuple[Person, ...]:
    """Staff and owners of a shop, for the table's first filling."""
    return tuple(
        Person(
            telegram=person.telegram,
            name=person.name,
            role=person.role,
            phone=person.phone or "",
            email=person.email or "",
            language=person.language or "",
        )
        for person in settings.blocks(settings.shop(shop_id)).people
    )


def _policy(shop: Shop, blocks: Blocks, shares: dict[str, tuple[str, ...]]) -> Policy:
    confirmation = blocks.confirmation
    labels = shop.cod_payment_methods
    return Policy(
        shop=shop.id,
        name=shop.name,
        language=shop.language,
        country=shop.country,
        currency=shop.currency,
        zone=shop.timezone,
        hours=Hours(shop.hours.week, shop.hours.holidays | frozenset(shop.holidays)),
        ladder=tuple(step.rung() for step in confirmation.ladder),
        calls=Calls(confirmation.calls.attempts, confirmation.calls.apart, confirmation.calls.then),
        if_unanswered=confirmation.if_unanswered,
        quiet=confirmation.quiet_hours,
        sms=sms_sender(blocks),
        whatsapp=whatsapp_sender(blocks),
        email=email_sender(blocks),
        voice=voice_sender(blocks),
        staff_chat=str(blocks.telegram.staff_group) if blocks.telegram else "",
        take_for=blocks.telegram.take_for if blocks.telegram else timedelta(minutes=30),
        topics={str(k): v for k, v in blocks.telegram.topics.items()} if blocks.telegram else {},
        replies=blocks.telegram.replies if blocks.telegram else {},
        call_from=shop.call_from or "",
        daily_recipients=_recipients(blocks),
        wa_templates=_templates(blocks),
        countries=_countries(blocks),
        consent_whatsapp=shop.consent_default.whatsapp,
        consent_news=shop.consent_default.news,
        consent_polls=shop.consent_default.polls,
        cod_labels=DEFAULT_LABELS if labels is None else frozenset(label.casefold() for label in labels),
        limits=_limits(blocks.limits),
        shares=shares,
        overrides=shop.texts,
        script=shop.script,
        not_shipped_after=blocks.delivery.not_shipped_after,
        no_news_after=blocks.delivery.no_news_after,
        after=blocks.delivery.after(),
        risk_enabled=blocks.risk.enabled,
        risk=blocks.risk.policy(),
        group=blocks.risk.group or "" if blocks.risk.enabled else "",
        on_trusted=blocks.risk.trusted,
        on_review=blocks.risk.review,
        ask_more=blocks.risk.ask.by_verdict(),
        disposable=_disposable(),
        payment_link=shop.payment_link or "",
        later_within=blocks.offers.later_within,
        exchange=blocks.offers.exchange,
        offers=blocks.offers.bounds(),
        polls=blocks.polls.rules(),
        faq={language: {str(topic): text for topic, text in told.items()} for language, told in shop.faq.items()},
        tells=_tells(shop),
        cancel_after=shop.shopify.cancel_after if shop.shopify else CANCEL_AFTER,
        complaints=blocks.complaints.rules(),
        keep=blocks.privacy.keep(),
        prices=Prices(blocks.numbers.sms_segment, blocks.numbers.whatsapp_message),
    )


def _tells(shop: Shop) -> frozenset[str]:
    """The places that hear of decisions: those whose credentials are whole."""
    places = {
        "callback": shop.callback is not None,
        "shopify": shop.shopify is not None and shop.shopify.admin_url is not None,
        "woocommerce": shop.woocommerce is not None and shop.woocommerce.writes,
    }
    return frozenset(place for place, there in places.items() if there)


@lru_cache(maxsize=1)
def _disposable() -> frozenset[str]:
    """Domains of throw-away e-mail, as the package of that name lists them: a signal, never a block."""
    from disposable_email_domains import blocklist

    return frozenset(blocklist)


def _templates(blocks: Blocks) -> frozenset[tuple[str, str]]:
    """(our template, language) that the WhatsApp provider of this shop has approved."""
    if blocks.channels.whatsapp == "twilio" and blocks.twilio:
        approved = blocks.twilio.content_sids
    elif blocks.channels.whatsapp == "meta" and blocks.meta:
        approved = blocks.meta.templates
    else:
        return frozenset()
    return frozenset((name, language) for name, ids in approved.items() for language in ids)


def _recipients(blocks: Blocks) -> int:
    """People whom WhatsApp lets this shop write to first within 24 hours; 0: as it tells."""
    block = {"twilio": blocks.twilio, "meta": blocks.meta}.get(blocks.channels.whatsapp or "")
    return block.daily_recipients if block is not None else 0


def _countries(blocks: Blocks) -> dict[str, Country]:
    return merged(
        {
            code: Override(two_way_sms=rule.two_way_sms, links_allowed=rule.links_allowed, sender=rule.sender)
            for code, rule in blocks.countries.items()
        }
    )


def _limits(rules: LimitRules) -> Limits:
    limits = Limits(
        first_sms_per_number_day=rules.first_sms_per_number_day,
        first_sms_per_prefix_hour=rules.first_sms_per_prefix_hour,
        money_per_day=rules.money_per_day,
    )
    if rules.first_sms_per_hour == "auto":
        return replace(limits, first_sms_per_hour=AUTO_PER_HOUR, hour_follows_usual=True)
    return replace(limits, first_sms_per_hour=rules.first_sms_per_hour)


def _shares(settings: Settings) -> dict[str, dict[str, tuple[str, ...]]]:
    """Shop id -> channel -> the other shops that write from the same sender."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for (channel, _, _), ids in shops_by_address(settings).items():
        for shop in ids if len(ids) > 1 and channel != "group" else ():
            others = found.setdefault(shop, {}).get(channel, ())
            found[shop][channel] = tuple(dict.fromkeys((*others, *(other for other in ids if other != shop))))
    return found
