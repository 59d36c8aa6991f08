"""From the settings to the parts of this room: which provider carries which channel of which shop, and every HTTP route."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import get_args

import msgspec
from aiohttp import web

from adapters import gateway, meta, twilio, twilio_voice
from adapters.exchange import Exchange
from adapters.gateway import DeliveryStatus, GatewayDelivery, GatewayReplies, GatewaySend, GatewaySettings
from adapters.gateway_send import GatewayChannel
from adapters.media import MetaMedia, TwilioMedia
from adapters.meta import MetaSettings, MetaTemplate
from adapters.meta_inbound import MetaSender
from adapters.meta_notices import Account
from adapters.meta_send import MetaChannel
from adapters.meta_templates import MetaTemplates
from adapters.openapi import ApiDocs
from adapters.orders_api import OrdersApi
from adapters.page import Page
from adapters.receiving import Parse
from adapters.shop_hooks import ShopHook, shop_hooks
from adapters.shop_places import places
from adapters.shopify_admin import ShopifyAdmin
from adapters.shopify_sweep import ShopifySweep
from adapters.smtp import SmtpChannel, SmtpSettings
from adapters.twilio_send import TwilioChannel
from adapters.twilio_settings import TwilioSettings
from adapters.twilio_sweep import TwilioReceipts, TwilioReplies
from adapters.twilio_templates import TwilioTemplates
from adapters.twilio_voice import TwilioVoice
from adapters.twilio_watch import TwilioWatch
from adapters.woo_rest import WooRest
from adapters.woo_sweep import WooSweep, WooWatch
from engine.ports import Channel, Front, MediaPort, ShopPort, Sweeper, Watch
from engine.secret import Secret
from engine.settings import Imap, Meta, Settings, SmsGateway, Smtp, Twilio, shops_by_address
from engine.settings.model import Shopify, WooCommerce
from engine.settings.sharing import Address
from engine.templates import TemplatePlace

#: A list of hundreds of messages takes a provider seconds.
ASKING_TIMEOUT_S = 30.0

Carriers = dict[tuple[str, str], Channel]


class Providers:
    """The providers of all shops, each account once. `channels`: (shop, channel) -> who carries it."""

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._owners = shops_by_address(settings)
        self.twilio: list[TwilioSettings] = []
        self.meta: list[MetaSettings] = []
        self._voices: dict[str, TwilioVoice] = {}
        self.twilio_of: dict[int, TwilioSettings] = {}  # by the settings block they come from
        self.meta_of: dict[int, MetaSettings] = {}
        self.gateways: dict[str, GatewaySettings] = {}
        self.channels: Carriers = {}
        self.media: dict[tuple[str, str], MediaPort] = {}  # (shop, channel) -> who has what customers send there
        keepers: dict[int, MediaPort] = {}
        self._asking = Exchange(ASKING_TIMEOUT_S)  # for sweeps and watches, apart from what carries messages
        self.shops: dict[tuple[str, str], ShopPort] = places(settings)
        carriers: dict[int, Channel] = {}  # by the settings block they come from: shops share a connection pool
        mails: dict[tuple[int, str], Channel] = {}  # and by where the answers go, which may differ beside one account
        for shop in settings.shops:
            blocks = settings.blocks(shop)
            chosen = blocks.channels
            if blocks.twilio and "twilio" in (chosen.sms, chosen.whatsapp):
                carrier = carriers.setdefault(id(blocks.twilio), self._twilio(blocks.twilio, carriers))
                for channel in ("sms", "whatsapp"):
                    if getattr(chosen, channel) == "twilio":
                        self.channels[shop.id, channel] = carrier
                        self.media[shop.id, channel] = keepers.setdefault(
                            id(blocks.twilio), TwilioMedia(self.twilio_of[id(blocks.twilio)])
                        )
            if blocks.twilio and blocks.twilio.voice_from:
                carriers.setdefault(id(blocks.twilio), self._twilio(blocks.twilio, carriers))
                sid = blocks.twilio.account_sid
                account = next(account for account in self.twilio if account.account_sid == sid)
                self.channels[shop.id, "voice"] = self._voices.setdefault(sid, TwilioVoice(account))
            if blocks.meta and chosen.whatsapp == "meta":
                self.channels[shop.id, "whatsapp"] = carriers.setdefault(
                    id(blocks.meta), self._meta(blocks.meta, carriers)
                )
                self.media[shop.id, "whatsapp"] = keepers.setdefault(
                    id(blocks.meta), MetaMedia(self.meta_of[id(blocks.meta)])
                )
            if blocks.sms_gateway and chosen.sms == "gateway":
                carrier = carriers.setdefault(
                    id(blocks.sms_gateway), self._gateway(blocks.sms_gateway, shop.country, carriers)
                )
                self.channels[shop.id, "sms"] = carrier
            if blocks.smtp and chosen.email == "smtp":
                answers_to = (id(blocks.smtp), blocks.imap.reply_to if blocks.imap else "")
                self.channels[shop.id, "email"] = mails.setdefault(
                    answers_to, SmtpChannel(_smtp(blocks.smtp, blocks.imap), now)
                )

    def _shops(self, channel: str, provider: str) -> dict[Address, tuple[str, ...]]:
        return {a: shops for a, shops in self._owners.items() if a[0] == channel and a[1] == provider}

    def _twilio(self, block: Twilio, carriers: Mapping[int, Channel]) -> Channel:
        if id(block) in carriers:
            return carriers[id(block)]
        senders = {ours: shops for (_, _, ours), shops in self._shops("sms", "twilio").items()}
        senders |= {f"whatsapp:{ours}": shops for (_, _, ours), shops in self._shops("whatsapp", "twilio").items()}
        settings = TwilioSettings(
            account_sid=block.account_sid,
            auth_tokens=_both(block.auth_token, block.auth_token_previous),
            public_url=self._settings.public_url,
            base_url=block.base_url,
            senders=senders,
            messaging_service_sid=block.messaging_service_sid or "",
            content_sids=block.content_sids,
        )
        self.twilio.append(settings)
        self.twilio_of[id(block)] = settings
        return TwilioChannel(settings)

    def _meta(self, block: Meta, carriers: Mapping[int, Channel]) -> Channel:
        if id(block) in carriers:
            return carriers[id(block)]
        address = block.number or block.phone_number_id
        owners = self._owners.get(("whatsapp", "meta", block.phone_number_id), ())
        templates = {
            name: {lang: MetaTemplate.read(theirs, lang) for lang, theirs in ids.items()}
            for name, ids in block.templates.items()
        }
        known = {(t.name, t.language): (name, lang) for name, by in templates.items() for lang, t in by.items()}
        settings = MetaSettings(
            access_token=block.access_token.reveal(),
            app_secrets=_both(block.app_secret, block.app_secret_previous),
            verify_token=block.verify_token.reveal(),
            senders={block.phone_number_id: MetaSender(address, owners)},
            templates=templates,
            waba_id=block.waba_id or "",
            accounts=(Account(block.waba_id or "", self._with_templates_of("meta", id(block)), known),),
            base_url=block.base_url,
        )
        self.meta.append(settings)
        self.meta_of[id(block)] = settings
        return MetaChannel(settings)

    def _gateway(self, block: SmsGateway, country: str, carriers: Mapping[int, Channel]) -> Channel:
        if id(block) in carriers:
            return carriers[id(block)]
        shops = self._owners.get(("sms", "gateway", block.name), ())
        settings = _gateway(block, shops, country)
        self.gateways[block.name] = settings
        return GatewayChannel(settings)

    def parsers(self, front: Front) -> dict[str, Parse]:
        """Route name -> what reads its kept bodies again."""
        found: dict[str, Parse] = {}
        if self.twilio:
            found |= twilio.parsers(*self.twilio) | twilio_voice.parsers()
        for app in self.meta:
            found |= meta.parsers(app)
        for one in self.gateways.values():
            found |= gateway.parsers(one)
        for hook in self._hooks(front):
            found[hook.route] = hook.parse
        return found

    def _hooks(self, front: Front) -> tuple[ShopHook, ...]:
        shops = self._settings.shops
        return shop_hooks(
            front,
            shopify={s.id: _signers(s.shopify) for s in shops if s.shopify},
            woocommerce={s.id: _signers(s.woocommerce) for s in shops if s.woocommerce},
        )

    def routes(self, front: Front, page_key: bytes) -> list[web.RouteDef]:
        """Every route of this room, but for health."""
        shops, public_url = self._settings.shops, self._settings.public_url
        found: list[web.RouteDef] = []
        if self.twilio:
            found += twilio.routes(front, *self.twilio) + twilio_voice.routes(front, self.twilio)
        if self.gateways:
            found += gateway.routes(front, self.gateways)
        if self.meta:
            found += meta.routes(front, _one_app(self.meta))
        for hook in self._hooks(front):
            found += hook.routes()
        tokens = {s.id: _both(s.api_token, s.api_token_previous) for s in shops if s.api_token}
        found += OrdersApi(front, tokens).routes()
        found += Page(front, page_key, public_url).routes()
        found += ApiDocs(public_url).routes()
        return found

    def sweepers(self, front: Front) -> list[Sweeper]:
        """What finds what webhooks never told; orders before the answers to them. Meta has no list to ask."""
        found: list[Sweeper] = []
        for (shop, _), port in self.shops.items():
            policy = partial(front.policies.__getitem__, shop)
            if isinstance(port, ShopifyAdmin):
                found.append(ShopifySweep(shop, port, policy))
            elif isinstance(port, WooRest):
                found.append(WooSweep(shop, port, policy))
        for account in self.twilio:
            if account.senders:
                found += [TwilioReplies(account, self._asking), TwilioReceipts(account, self._asking)]
        return found

    def watches(self) -> list[Watch]:
        """What looks whether webhooks still come here."""
        found: list[Watch] = [TwilioWatch(account, self._asking) for account in self.twilio if account.senders]
        for (shop, _), port in self.shops.items():
            if isinstance(port, WooRest):
                found.append(WooWatch(shop, port, self._settings.public_url))
        return found

    def templates(self) -> list[TemplatePlace]:
        """Where the WhatsApp templates are kept: once for each block of the settings, with the shops that use it."""
        found: list[TemplatePlace] = []
        every: list[tuple[str, dict[int, TwilioSettings] | dict[int, MetaSettings]]]
        every = [("twilio", self.twilio_of), ("meta", self.meta_of)]
        for provider, known in every:
            for block, account in known.items():
                shops = self._with_templates_of(provider, block)
                if not shops:
                    continue
                if isinstance(account, TwilioSettings):
                    found.append(TwilioTemplates(account, self._asking, shops))
                else:
                    found.append(MetaTemplates(account, self._asking, shops))
        return found

    def _with_templates_of(self, provider: str, block: int) -> tuple[str, ...]:
        """The shops whose WhatsApp goes through this block."""
        return tuple(
            shop.id
            for shop in self._settings.shops
            if (blocks := self._settings.blocks(shop)).channels.whatsapp == provider
            and id(getattr(blocks, provider)) == block
        )

    async def close(self) -> None:
        await self._asking.close()
        for channel in {id(c): c for c in self.channels.values()}.values():
            await channel.close()
        for keeper in {id(k): k for k in self.media.values()}.values():
            await keeper.close()
        for place in self.shops.values():
            await place.close()


def _both(secret: Secret, previous: Secret | None) -> tuple[str, ...]:
    """Both secrets of a rotation, the one that we use ourselves first."""
    return (secret.reveal(),) if previous is None else (secret.reveal(), previous.reveal())


def _signers(block: Shopify | WooCommerce) -> tuple[str, ...]:
    return _both(block.webhook_secret, block.webhook_secret_previous)


def _one_app(apps: list[MetaSettings]) -> MetaSettings:
    """Several Meta apps behind one route: each one's secret is good, each one's numbers are ours. Only the first one's
    verify_token shakes hands, so shops of one Doorstep give their apps the same."""
    first = apps[0]
    return msgspec.structs.replace(
        first,
        app_secrets=tuple(dict.fromkeys(secret for app in apps for secret in app.app_secrets)),
        senders={number: sender for app in apps for number, sender in app.senders.items()},
        accounts=tuple(account for app in apps for account in app.accounts),
    )


def _smtp(block: Smtp, imap: Imap | None) -> SmtpSettings:
    server = block.server()
    return SmtpSettings(
        host=server.host,
        port=server.port,
        sender=block.sender,
        user=server.user,
        password=server.password,
        security="none" if server.security == "plain" else server.security,
        reply_to=imap.reply_to if imap else "",
    )


def _gateway(block: SmsGateway, shops: tuple[str, ...], country: str) -> GatewaySettings:
    send, hook, delivery = block.send, block.reply_hook, block.delivery
    statuses: dict[str, DeliveryStatus] = {}
    if delivery is not None:
        statuses |= dict.fromkeys(delivery.sent, get_args(DeliveryStatus)[1])
        statuses |= dict.fromkeys(delivery.delivered, get_args(DeliveryStatus)[2])
        statuses |= dict.fromkeys(delivery.failed, get_args(DeliveryStatus)[4])
    body = send.body.reveal() if send.body else None
    replies = None
    if hook is not None:
        replies = GatewayReplies(
            secret=hook.secret.reveal(),
            previous=hook.secret_previous.reveal() if hook.secret_previous else "",
            secret_header=hook.header or "X-Gateway-Secret",
            fields=dict(hook.fields),
        )
    return GatewaySettings(
        name=block.name,
        send=GatewaySend(
            url=send.url.reveal(),
            method=send.method,
            headers={name: value.reveal() for name, value in send.headers.items()},
            body=_body(body),
            id_field=send.id_field or "",
            ok_field=send.ok_field or "",
            ok_values=send.ok_values,
            refusals=dict(send.refusals),
        ),
        sender=block.sender or block.name,
        shops=shops,
        country=country,
        reply_hook=replies,
        delivery=GatewayDelivery(fields=dict(delivery.fields), statuses=statuses) if delivery else GatewayDelivery(),
    )


def _body(text: str | None) -> object:
    """A body written as JSON becomes a mapping, so that texts are escaped inside it; any other stays a text."""
    if text is None:
        return None
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
