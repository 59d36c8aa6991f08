"""Ids, tokens and addresses in the wrong form are told in words, with the mend, before a provider refuses them."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.settings import BadSettings, Fault, build
from engine.settings.document import parse
from engine.settings.loading import read

ACCOUNT = "AC" + "0" * 32
ENV = {
    "KEY": base64.b64encode(bytes(range(32))).decode(),
    "OK": "t0k3n",
    "BLANK": "t0 k3n",
    "LINE": "t0k3n\n",
    "BOT": "123456:abc",
    "CK": "ck_1",
    "CS": "cs_1",
}
BASE = """
public_url: @PUBLIC
storage: {url: "@STORE", encryption_key: "${KEY}"}
shops:
  - {id: demo, name: Demo Shop, language: en, country: ES, currency: EUR, timezone: Europe/Madrid@SHOP}
"""


def written(
    more: str = "", shop: str = "", public: str = "https://orders.example.com", store: str = "sqlite:///data/x.db"
) -> str:
    base = BASE.replace("@SHOP", f", {shop}" if shop else "").replace("@PUBLIC", public).replace("@STORE", store)
    return base + more


def faults(text: str, env: dict[str, str] = ENV) -> list[Fault]:
    with pytest.raises(BadSettings) as caught:
        build(parse(text), env)
    return list(caught.value.faults)


def twilio(**fields: str) -> str:
    block = {"account_sid": ACCOUNT, "auth_token": '"${OK}"', "sms_from": '"+14155550100"'} | fields
    return f"twilio: {{{', '.join(f'{name}: {value}' for name, value in block.items())}}}\n"


def meta(**fields: str) -> str:
    block = {"phone_number_id": "106", "access_token": '"${OK}"', "app_secret": '"${OK}"', "verify_token": '"${OK}"'}
    return f"meta: {{{', '.join(f'{name}: {value}' for name, value in (block | fields).items())}}}\n"


def telegram(**fields: str) -> str:
    block = {"token": '"${BOT}"', "staff_group": "-100123"} | fields
    return f"telegram: {{{', '.join(f'{name}: {value}' for name, value in block.items())}}}\n"


def gateway(send: str = 'url: "https://g.example.com/?to={to}&text={text}"', more: str = "") -> str:
    return f"sms_gateway: {{send: {{{send}}}{more}}}\n"


SHOPIFY = 'shopify: {webhook_secret: "${OK}", access_token: "${OK}", shop_domain: "@"}'
WOO = 'woocommerce: {webhook_secret: "${OK}", url: "@", consumer_key: "${CK}", consumer_secret: "${CS}"}'


@pytest.mark.parametrize(
    ("text", "where", "mend"),
    [
        (written(twilio(account_sid="123")), "twilio.account_sid", "Account SID"),
        (written(twilio(account_sid="SK" + "0" * 32)), "twilio.account_sid", "Account SID"),
        (written(twilio(account_sid=ACCOUNT[:-1])), "twilio.account_sid", "Account SID"),
        (written(twilio(messaging_service_sid="123")), "twilio.messaging_service_sid", "MG"),
        (written(twilio(content_sids="{confirm: {en: order_confirm}}")), "twilio.content_sids.confirm.en", "HX"),
        (written(twilio(auth_token='"${BLANK}"')), "twilio.auth_token", "again"),
        (written(twilio(auth_token='"${LINE}"')), "twilio.auth_token", "again"),
        (written(twilio(auth_token="$OK")), "twilio.auth_token", "${OK}"),
        (written(twilio(base_url="https://api.twilio.com/2010-04-01")), "twilio.base_url", "https://api.twilio.com"),
        (written(twilio(sms_from="34600000000")), "twilio.sms_from", "+34600000000"),
        (written(meta(phone_number_id='"+34600000000"')), "meta.phone_number_id", "API Setup"),
        (written(meta(waba_id="mine")), "meta.waba_id", "API Setup"),
        (written(meta(base_url="https://graph.facebook.com/v23.0")), "meta.base_url", "https://graph.facebook.com"),
        (written(meta(access_token='"${BLANK}"')), "meta.access_token", "again"),
        (written(telegram(token='"${OK}"')), "telegram.token", "@BotFather"),
        (written(telegram(webhook_secret='"${BOT}"')), "telegram.webhook_secret", "secrets"),
        (written(telegram(base_url="https://api.telegram.org/bot")), "telegram.base_url", "https://api.telegram.org"),
        (written(shop=SHOPIFY.replace("@", "https://demo.myshopify.com/")), "shops[0].shopify.shop_domain", "demo.my"),
        (written(shop=SHOPIFY.replace("@", "demo")), "shops[0].shopify.shop_domain", "demo.myshopify.com"),
        (written(shop=SHOPIFY.replace("@", "demo.example.com")), "shops[0].shopify.shop_domain", "myshopify.com"),
        (written(shop=WOO.replace("@", "https://s.example.com/wp-json/wc/v3")), "shops[0].woocommerce.url", "https://s.example.com"),
        (written(shop='api_token: "${BLANK}"'), "shops[0].api_token", "again"),
        (written(shop="payment_link: pay.example.com"), "shops[0].payment_link", "https://pay"),
        (written(shop='payment_link: "https://pay.example.com/{id}"'), "shops[0].payment_link", "{order}"),
        (written(shop="faq: {en: {delivry_cost: free}}"), "shops[0].faq.en.delivry_cost", "delivery_cost"),
        (written(gateway('url: "https://g.example.com/?text={text}"')), "sms_gateway.send", "{to}"),
        (written(gateway('url: "https://g.example.com/", body: "to={to}"')), "sms_gateway.send", "{text}"),
        (written(gateway(more=', reply_hook: {secret: "${OK}", fields: {sender: from, text: body}}')),
         "sms_gateway.reply_hook.fields", "from"),
        (written(gateway(more=', reply_hook: {secret: "${OK}", fields: {text: body}}')), "sms_gateway.reply_hook.fields", "from:"),
        (written(gateway(more=", delivery: {fields: {uuid: id}}")), "sms_gateway.delivery.fields", "status"),
        (written('smtp: {url: "smtp://user:${OK}@", from: "Shop <o@example.com>"}\n'), "smtp.url", "host"),
        (written(public="https://orders.example.com/hooks/twilio/message"), "public_url", "https://orders.example.com"),
        (written(public="https://orders.example.com/?a=1"), "public_url", "https://orders.example.com"),
        (written(public="https://me:secret@orders.example.com"), "public_url", "without"),
        (written(public='"https://orders example.com"'), "public_url", "blanks"),
        (written(store="sqlite://data/x.db"), "storage.url", "sqlite:///"),
        (written(store="sqlite:///"), "storage.url", "sqlite:///"),
        (written("limits: {first_sms_per_number_day: -1}\n"), "limits.first_sms_per_number_day", "at least 0"),
        ("- public_url: x\n- storage: y\n", "(file)", "the -"),
    ],
)  # fmt: skip
def test_a_wrong_form_is_told_at_its_place(text: str, where: str, mend: str) -> None:
    """One fault, at the setting itself, whose mend says what to write or where to copy it."""
    (fault,) = faults(text)
    assert (fault.where, fault.level) == (where, "error")
    assert mend in fault.mend
    assert "${" not in fault.what


def test_keys_in_each_others_place_are_told() -> None:
    """WooCommerce shows two keys side by side: the wrong way round, both say so."""
    swapped = WOO.replace("@", "https://s.example.com").replace("CK", "X").replace("CS", "CK").replace("X", "CS")
    assert [fault.where.rpartition(".")[2] for fault in faults(written(shop=swapped))] == [
        "consumer_key",
        "consumer_secret",
    ]


@given(
    st.sampled_from([twilio, meta]),
    st.text("ab0 \t\n", min_size=1, max_size=12).filter(lambda t: any(c in " \t\n" for c in t)),
)
def test_no_fault_repeats_a_secret(block: object, secret: str) -> None:
    """Whatever is wrong with a token, its value stands in no message."""
    field = "auth_token" if block is twilio else "access_token"
    marked = f"QQQ{secret}ZZZ"
    for fault in faults(written(block(**{field: '"${BAD}"'})), ENV | {"BAD": marked}):  # type: ignore[operator]
        assert "QQQ" not in str(fault)
        assert "BAD" in fault.what


@pytest.mark.parametrize(
    "text",
    [
        written(twilio(), public="https://example.com/doorstep/"),
        written(shop=SHOPIFY.replace("@", "demo-2.myshopify.com")),
        written(shop=WOO.replace("@", "https://s.example.com/boutique")),
        written(shop='callback: {url: "https://s.example.com/in?shop=1", secret: "${KEY}"}'),
        written(gateway('url: "${OK}"').replace("${OK}", "${GATEWAY}")),
        written(telegram(token='"${UNSET}"')),
        written(store="sqlite:////var/lib/doorstep.db"),
        written(store="mongodb://host"),
    ],
)
def test_what_is_right_in_its_own_way_is_taken(text: str) -> None:
    """A path before a proxy, a shop in a folder, a callback with a query, a variable that is not set yet."""
    build(parse(text), ENV | {"GATEWAY": "https://g.example.com/?to={to}&text={text}"})


@pytest.mark.parametrize("name", ["nowhere.yaml", "."])
def test_a_file_that_is_none_is_told(tmp_path: object, name: str) -> None:
    """Missing, or a folder: one fault with the way out."""
    with pytest.raises(BadSettings) as caught:
        read(f"{tmp_path}/{name}")
    (fault,) = caught.value.faults
    assert "--config" in fault.mend
