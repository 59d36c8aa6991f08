"""config.yaml: what is taken, what is refused and with which words, and what it means to decisions."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import time, timedelta
from pathlib import Path
from zoneinfo import available_timezones

import pytest

from engine.secret import Secret, UnsetSecret
from engine.settings import BadSettings, Fault, Settings, build, load, people, policies, shops_by_address, unset
from engine.settings.clockwork import zone_exists
from engine.settings.document import parse
from engine.settings.reference import markdown
from engine.settings.senders import TWILIO_OPT_OUT
from flows.couriers import Aftercare
from flows.policy import Policy, Quiet, Rung

ROOT = Path(__file__).parents[2]
KEY = base64.b64encode(bytes(range(32))).decode()
ENV = {"KEY": KEY, "TOKEN": "123456:t0k3n", "SHORT": "t0k3n"}

BASE = """
public_url: https://orders.example.com
storage: {url: "sqlite:///data/x.db", encryption_key: "${KEY}"}
shops:
  - {id: demo, name: Demo Shop, language: en, country: ES, currency: EUR, timezone: Europe/Madrid@SHOP}
"""
ACCOUNT = "AC" + "1" * 32
TWILIO = (
    'twilio: {account_sid: @ACCOUNT, auth_token: "${TOKEN}", sms_from: "@FROM", whatsapp_from: "+34600000000"@MORE}\n'
)


def text(more: str = "", shop: str = "") -> str:
    return BASE.replace("@SHOP", f", {shop}" if shop else "") + more


def settings(more: str = "", shop: str = "", env: Mapping[str, str] = ENV) -> Settings:
    return build(parse(text(more, shop)), env)


def policy(more: str = "", shop: str = "") -> Policy:
    return policies(settings(more, shop))["demo"]


def twilio(sender: str = "+14155550100", more: str = "") -> str:
    return TWILIO.replace("@ACCOUNT", ACCOUNT).replace("@FROM", sender).replace("@MORE", f", {more}" if more else "")


def faults(more: str = "", shop: str = "", whole: str | None = None) -> list[Fault]:
    with pytest.raises(BadSettings) as caught:
        build(parse(whole if whole is not None else text(more, shop)), ENV)
    return list(caught.value.faults)


def test_the_shipped_file_loads_without_any_variable() -> None:
    """config.yaml of the project is right as it stands, and means the contract's defaults."""
    shipped = load(ROOT / "config.yaml", {})
    found = policies(shipped)["demo"]
    plain = Policy(shop="demo", name="Demo Shop")
    assert (found.ladder, found.calls, found.quiet, found.if_unanswered) == (
        plain.ladder,
        plain.calls,
        plain.quiet,
        plain.if_unanswered,
    )
    assert unset(shipped, "sandbox") == []


def test_the_shipped_file_names_every_setting() -> None:
    """A setting that config.yaml does not show, commented or not, is a setting nobody finds."""
    shown = (ROOT / "config.yaml").read_text(encoding="utf-8")
    keys = {
        line.split("`")[1].split(".")[-1].removesuffix("[]")
        for line in markdown().splitlines()
        if line.startswith("| `")
    }
    assert {key for key in keys if key not in shown} == set()


def test_the_reference_is_the_model() -> None:
    """docs/settings.md is what the program would write today: python -m engine.settings.reference."""
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == markdown()


def test_yaml_1_2_words_stay_words() -> None:
    """NO, 21:30, a number with a plus and a date are what was written, not booleans, sexagesimals or integers."""
    found = settings(
        shop="texts: {NO: {thanks_reply: Takk}}, holidays: [2026-12-25], call_from: +34600000001",
        more="confirmation: {quiet_hours: 21:30-08:00}\n",
    )
    assert found.shops[0].texts == {"no": {"thanks_reply": "Takk"}}
    assert found.shops[0].call_from == "+34600000001"
    assert policies(found)["demo"].quiet == Quiet(time(21, 30), time(8))
    assert policies(found)["demo"].hours.holidays == {"2026-12-25"}


def test_all_faults_come_at_once_with_place_line_and_mend() -> None:
    """One run shows everything that is wrong, in the order of the file, each with its line and what to do."""
    broken = (
        BASE.replace("@SHOP", "")
        .replace("Europe/Madrid", "Madrid")
        .replace("country: ES", "country: UK")
        .replace("public_url: https", "public_url: http")
    )
    found = faults(
        whole=broken + "confirmation:\n  ladder:\n  - {channel: sms, wait: 4}\n  quiet_hours: late\nlimit: {}\n"
    )
    assert [(f.where, f.line) for f in found] == [
        ("public_url", 2),
        ("shops[0].country", 5),
        ("shops[0].timezone", 5),
        ("confirmation.ladder[0].wait", 8),
        ("confirmation.quiet_hours", 9),
        ("limit", 10),
    ]
    assert all(fault.mend for fault in found)
    assert found[1].mend == "Did you mean GB?"
    assert found[2].mend == "Did you mean Europe/Madrid?"
    assert found[5].mend == "Did you mean limits?"


@pytest.mark.parametrize(
    ("more", "shop", "where", "hint"),
    [
        ("listen: 8080\n", "", "listen", "127.0.0.1:8080"),
        ("telegram: {token: abc, staff_group: -1}\n", "", "telegram.token", "${"),
        ('telegram: {token: "${TOKEN}", staff_group: 12}\n', "", "telegram.staff_group", "-100"),
        ('telegram: {token: "${TOKEN}", staff_group: -12, mode: webhook}\n', "", "telegram.mode", "webhook_secret"),
        ('telegram: {token: "${TOKEN}", staff_group: -12, mode: pulling}\n', "", "telegram.mode", "polling"),
        ("people: [{telegram: 0, name: x, role: owner}]\n", "", "people[0].telegram", "111"),
        ("channels: {sms: meta}\n", "", "channels.sms", "twilio"),
        ("channels: {smss: twilio}\n", "", "channels.smss", "sms"),
        ("confirmation: {ladder: []}\n", "", "confirmation.ladder", "staff"),
        (
            "confirmation: {ladder: [{channel: staff, wait: 1h}, {channel: sms, wait: 1h}]}\n",
            "",
            "confirmation.ladder",
            "last",
        ),
        ("confirmation: {calls: {attempts: 0}}\n", "", "confirmation.calls.attempts", ""),
        ("confirmation: {quiet_hours: 09:00-09:00}\n", "", "confirmation.quiet_hours", "21:00-09:00"),
        ("countries: {ES: {two_way_sms: yes}}\n", "", "countries.ES.two_way_sms", "true"),
        ("limits: {money_per_day: 20}\n", "", "limits.money_per_day", "EUR"),
        ("limits: {first_sms_per_number_day: -1}\n", "", "limits.first_sms_per_number_day", ""),
        ("delivery: {no_news_after: 3 weeks}\n", "", "delivery.no_news_after", "2d"),
        ("delivery: {couriers: [{name: C}]}\n", "", "delivery.couriers[0].windows", "windows"),
        ("delivery: {couriers: [{name: C, windows: {}}]}\n", "", "delivery.couriers[0].windows", "mon-fri"),
        ("delivery: {couriers: [{name: C, windows: {mon: '9-14'}}]}\n", "", "delivery.couriers[0].windows", "mon-fri"),
        (
            "delivery: {couriers: [{name: C, windows: {mon: '9:00-14:00'}, cut_off: noon}]}\n",
            "",
            "delivery.couriers[0].cut_off",
            "14:00",
        ),
        (
            "delivery: {couriers: [{name: C, windows: {mon: '9:00-14:00'}, collects: moonday}]}\n",
            "",
            "delivery.couriers[0].collects",
            "mon",
        ),
        (
            "delivery: {couriers: [{name: C, windows: {mon: '9:00-14:00'}, lead_days: soon}]}\n",
            "",
            "delivery.couriers[0].lead_days",
            "whole number",
        ),
        ("delivery: {ask_again_night: late}\n", "", "delivery.ask_again_night", "21:00-09:00"),
        ("delivery: {news: [everything]}\n", "", "delivery.news[0]", "shipped"),
        ('smtp: {url: "smtp://u:p@example.com", from: a@example.com}\n', "", "smtp.url", "${"),
        ('smtp: {url: "ftp://example.com", from: a@example.com}\n', "", "smtp.url", "smtp://"),
        ('smtp: {url: "smtp://localhost", from: "x\\r\\nBcc: y@example.com"}\n', "", "smtp.from", "orders@"),
        ('imap: {url: "imaps://h", reply_to: a@example.com}\n', "", "imap.reply_to", "{token}"),
        (twilio(more="opt_out_words: [CANCEL]"), "", "twilio.opt_out_words", "STOP"),
        (twilio(more="base_url: http://api.twilio.com"), "", "twilio.base_url", "https"),
        (twilio(more="sms_rate: fast"), "", "twilio.sms_rate", "auto"),
        (twilio("Shop Of Wonders"), "", "twilio.sms_from", "11"),
        (
            twilio("123"),
            "twilio: {account_sid: AC11111111111111111111111111111111}",
            "shops[0].twilio.auth_token",
            "auth_token",
        ),
        ("", "currency_: EUR", "shops[0].currency_", "currency"),
        ("", 'hours: {mon-fri: "18:00-09:00"}', "shops[0].hours", "next day"),
        ("", 'hours: {mon: "09:00-13:00, 12:00-15:00"}', "shops[0].hours", "09:00"),
        ("", 'hours: {mon-wed: "09:00-13:00", tue: "10:00-11:00"}', "shops[0].hours", "once"),
        ("", "faq: {xx-klingon: {returns: b}}", "shops[0].faq.xx-klingon", "es"),
        ("", "payment_link: '${KEY}'", "shops[0].payment_link", "itself"),
        ("", "api_token: ''", "shops[0].api_token", "${"),
        ("", "callback: {url: 'http://shop.example.com', secret: '${KEY}'}", "shops[0].callback.url", "https"),
        ("", "callback: {url: 'https://shop.example.com', secret: '${SHORT}'}", "shops[0].callback.secret", "whsec_"),
    ],
)
def test_each_wrong_value_is_told_apart(more: str, shop: str, where: str, hint: str) -> None:
    """A wrong value gives exactly one fault, at its own place, whose mend shows the way."""
    found = faults(more, shop)
    assert [fault.where for fault in found] == [where]
    assert hint in found[0].mend
    assert found[0].line is not None


def test_a_required_setting_that_is_missing_is_named_with_an_example() -> None:
    """Every required key of the contract is asked for, with something to copy."""
    found = faults(whole="shops: [{id: demo}]\nstorage: {}\n")
    assert {fault.where for fault in found} == {
        "public_url",
        "storage.url",
        "storage.encryption_key",
        *(f"shops[0].{key}" for key in ("name", "language", "country", "currency", "timezone")),
    }
    assert all(fault.mend.startswith("Add ") for fault in found)
    (block,) = [fault.mend for fault in faults(whole="shops: []\n") if fault.where == "storage"]
    assert 'url: "sqlite:///data/doorstep.db"' in block, "of a block that is missing, what it cannot be without"


@pytest.mark.parametrize(
    ("whole", "line", "hint"),
    [
        ("", 1, "config.yaml"),
        ("- a\n", 1, "config.yaml"),
        ("a: {b: ${C}}\n", 1, "quotes"),
        ("a:\n\tb: 1\n", 2, "spaces"),
        ("a: 1\nb: [1\n", 3, "indentation"),
        ("a: &x [*x]\n", 1, "Write it out"),
    ],
)
def test_what_is_no_yaml_is_told_with_its_line(whole: str, line: int, hint: str) -> None:
    """A file that cannot be parsed names the line and the usual slip."""
    (fault,) = faults(whole=whole)
    assert (fault.line, hint in fault.mend) == (line, True)


def test_a_key_that_stands_twice_is_a_fault() -> None:
    """The second of two equal keys never wins silently."""
    found = faults("risk: {}\nlisten: 127.0.0.1:1\nrisk: {}\n")
    assert [(fault.where, fault.line) for fault in found] == [("risk", 8)]


def test_two_shops_of_one_name_are_a_fault_beside_others() -> None:
    """What only shows between settings comes in the same run as what is wrong inside one."""
    shop = "{id: demo, name: A, language: en, country: ES, currency: EUR, timezone: Europe/Madrid}"
    found = faults(whole=f"{text()}  - {shop}\nlisten: x\n")
    assert [fault.where for fault in found] == ["shops[1].id", "listen"]


def test_a_missing_file_is_a_fault_with_a_mend(tmp_path: Path) -> None:
    """A wrong path is told in plain words."""
    with pytest.raises(BadSettings, match="--config"):
        load(tmp_path / "no.yaml", {})


def test_secrets_are_never_shown() -> None:
    """Neither the settings, nor a secret, nor a fault prints what the environment or a careless file holds."""
    found = settings(twilio())
    shown = f"{found!r}{found}{found.twilio.auth_token if found.twilio else ''}"
    assert ENV["TOKEN"] not in shown
    assert KEY not in shown
    assert found.twilio is not None
    assert found.twilio.auth_token.reveal() == ENV["TOKEN"]
    careless = faults('telegram: {token: "123:ABCdef", staff_group: -1}\n')
    assert "ABCdef" not in str(BadSettings(careless))


def test_a_password_inside_an_address_is_taken_as_it_is() -> None:
    """${NAME} inside an address may hold @ and /, and comes out of the parsed address unchanged."""
    env = {**ENV, "PASS": "p@ss/w:rd"}
    found = settings('smtp: {url: "smtps://me:${PASS}@mail.example.com", from: a@example.com}\n', env=env)
    assert found.smtp is not None
    assert found.smtp.server() == ("mail.example.com", 465, "me", "p@ss/w:rd", "tls")


@pytest.mark.parametrize(
    ("url", "security", "port"),
    [
        ("smtp://mail.example.com", "starttls", 587),
        ("smtp://127.0.0.1:1025", "plain", 1025),
        ("smtp://localhost:25", "plain", 25),
        ("smtp://[::1]:25", "plain", 25),
        ("smtps://localhost", "tls", 465),
    ],
)
def test_mail_is_plain_on_loopback_only(url: str, security: str, port: int) -> None:
    """Outside this machine mail is always encrypted."""
    found = settings(f'smtp: {{url: "{url}", from: a@example.com}}\n')
    assert found.smtp is not None
    assert (found.smtp.server().security, found.smtp.server().port) == (security, port)


def test_http_is_taken_on_loopback() -> None:
    """The sandbox's peers are reached over http on this machine."""
    found = settings(twilio(more='base_url: "http://127.0.0.1:9001/"'))
    assert found.twilio is not None
    assert found.twilio.base_url == "http://127.0.0.1:9001"


def test_an_unset_variable_is_a_fault_only_where_it_is_used() -> None:
    """serve needs what its channels need; commands on the store need the key; the sandbox needs nothing."""
    bare = settings(
        twilio() + 'meta: {phone_number_id: "1", access_token: "${A}", app_secret: "${B}", verify_token: "${C}"}\n',
        env={},
    )
    assert [fault.where for fault in unset(bare, "serve")] == ["storage.encryption_key", "twilio.auth_token"]
    assert [fault.where for fault in unset(bare, "send-test")] == ["twilio.auth_token"]
    assert [fault.where for fault in unset(bare, "report")] == ["storage.encryption_key"]
    assert unset(bare, "sandbox") == unset(bare, "preview") == unset(bare, "understand") == []
    with pytest.raises(UnsetSecret, match="KEY"):
        bare.storage.key()
    assert unset(settings(twilio()), "serve") == []


def test_an_unset_secret_of_a_replaced_block_is_not_asked_for() -> None:
    """A global block that every shop replaces needs no credentials."""
    found = settings(twilio(), shop="channels: {sms: null, whatsapp: null}, api_token: '${API}'")
    assert [fault.where for fault in unset(found, "serve")] == ["shops[0].api_token"]
    bare = settings(twilio(), shop="twilio: null", env={"KEY": KEY})
    assert unset(bare, "serve") == []


@pytest.mark.parametrize("key", ["c2hvcnQ=", "not base64!", base64.b64encode(b"x" * 31).decode()])
def test_a_key_of_the_wrong_length_is_refused(key: str) -> None:
    """A key that is not 32 bytes never encrypts anything, and is not printed."""
    with pytest.raises(BadSettings) as caught:
        settings(env={"KEY": key})
    assert [fault.where for fault in caught.value.faults] == ["storage.encryption_key"]
    assert key not in str(caught.value)


def test_a_key_may_be_written_url_safe() -> None:
    """Both base64 alphabets give the same 32 bytes."""
    raw = b"\xfb\xff" * 16
    for spelled in (base64.b64encode(raw), base64.urlsafe_b64encode(raw)):
        assert settings(env={"KEY": spelled.decode()}).storage.key() == raw


def test_a_block_inside_a_shop_replaces_the_global_one_whole() -> None:
    """A shop's block stands alone: nothing of the global one shines through, and null switches the part off."""
    found = policy(
        twilio() + "confirmation: {if_unanswered: cancel, quiet_hours: null}\n",
        shop="twilio: null, confirmation: {ladder: [{channel: staff, wait: 1h}]}",
    )
    assert found.sms is None
    assert found.whatsapp is None
    assert found.ladder == (Rung("staff", timedelta(hours=1)),)
    assert found.if_unanswered == "hold"
    assert found.quiet == Quiet(time(21), time(9))


def test_a_block_whose_keys_are_all_commented_out_means_its_defaults() -> None:
    """`risk:` with nothing below is not an error."""
    assert policy("risk:\nlimits:\nconfirmation:\nchannels:\n") == policy()


@pytest.mark.parametrize(
    ("sender", "rate"),
    [
        ("+14155550100", 1.0),
        ("+16475550100", 1.0),
        ("+18885550100", 3.0),
        ("12345", 100.0),
        ("DEMOSHOP", 10.0),
        ("+34600000000", 10.0),
    ],
)
def test_the_rate_of_a_sender_follows_its_kind(sender: str, rate: float) -> None:
    """auto is what Twilio releases from that kind of sender; a number in the settings wins."""
    automatic, fixed = policy(twilio(sender)).sms, policy(twilio(sender, "sms_rate: 7")).sms
    assert automatic is not None
    assert fixed is not None
    assert (automatic.rate_per_s, fixed.rate_per_s) == (rate, 7.0)


def test_opt_out_words_are_the_provider_s() -> None:
    """Twilio's SMS has Twilio's list, or the one that the shop set up; WhatsApp and e-mail have none of their own."""
    found = policy(twilio() + 'smtp: {url: "smtp://localhost", from: "Demo <a@example.com>"}\n')
    assert found.sms is not None
    assert found.whatsapp is not None
    assert found.email is not None
    assert found.sms.opt_out == TWILIO_OPT_OUT
    assert "cancel" in found.sms.opt_out
    assert found.sms.opt_in == {"start", "yes", "unstop"}
    assert found.sms.answers_opt_out
    assert found.sms.can_be_asked
    assert found.whatsapp.opt_out == found.email.opt_out == frozenset()
    assert (found.email.address, found.email.rate_per_s, found.whatsapp.rate_per_s) == ("a@example.com", 5.0, 80.0)
    own = policy(twilio(more="opt_out_words: [STOP, Baja]")).sms
    assert own is not None
    assert own.opt_out == {"stop", "baja"}


GATEWAY = """
channels: {sms: gateway, whatsapp: meta, email: null}
sms_gateway:
  send: {url: "http://localhost:9/send?key=${SHORT}", headers: {Authorization: "Bearer ${TOKEN}"}, body: "to={to}&text={text}"}
  two_way: false
  rate: 2
meta:
  {phone_number_id: "106", access_token: "${TOKEN}", app_secret: "${TOKEN}", verify_token: "${TOKEN}",
   templates: {confirm: {en: c, es: c}}}
"""


def test_a_local_gateway_and_meta() -> None:
    """The gateway's own two_way, rate and words hold, and Meta's approved templates are known by language."""
    found = policy(GATEWAY)
    assert found.sms is not None
    assert found.whatsapp is not None
    assert (found.sms.provider, found.sms.two_way, found.sms.rate_per_s) == ("gateway", False, 2.0)
    assert found.sms.opt_out == frozenset()
    assert found.wa_templates == {("confirm", "en"), ("confirm", "es")}
    assert (found.whatsapp.provider, found.whatsapp.address) == ("meta", "106")
    assert found.email is None
    gateway = settings(GATEWAY).sms_gateway
    assert gateway is not None
    assert gateway.send.headers["Authorization"].reveal() == f"Bearer {ENV['TOKEN']}"


def test_country_overrides_lie_over_the_built_in_table() -> None:
    """An override changes what it names and nothing else."""
    found = policy("countries: {AE: {links_allowed: true}, ES: {two_way_sms: true, sender: '12345'}}\n").countries
    assert (found["AE"].two_way_sms, found["AE"].links_allowed) == ("no", True)
    assert (found["ES"].two_way_sms, found["ES"].sender) == ("yes", "12345")
    assert found["MA"] == policy().countries["MA"]


def second_shop(more: str = "") -> str:
    return f"  - {{id: two, name: Two, language: es, country: ES, currency: EUR, timezone: Europe/Madrid{more}}}\n"


def test_two_shops_share_a_sender_only_when_both_say_so() -> None:
    """An inbound message must belong to one shop, unless the shops agreed to share."""
    alone = faults(whole=text() + second_shop(", share: true") + twilio())
    assert {fault.where for fault in alone} == {"twilio.sms_from", "twilio.whatsapp_from"}
    both = build(parse(text(shop="share: true") + second_shop(", share: true") + twilio()), ENV)
    assert policies(both)["demo"].shares == {"sms": ("two",), "whatsapp": ("two",)}
    assert shops_by_address(both)["sms", "twilio", "+14155550100"] == ("demo", "two")
    own = (
        ', twilio: {account_sid: AC22222222222222222222222222222222, auth_token: "${TOKEN}", sms_from: "+14155550199"}'
    )
    apart = build(parse(text() + second_shop(own) + twilio()), ENV)
    assert policies(apart)["two"].shares == {}


def test_two_shops_share_a_group_only_when_both_say_so() -> None:
    """One staff group for two shops is a mistake unless it is meant."""
    group = 'telegram: {token: "${TOKEN}", staff_group: -5}\n'
    assert [fault.where for fault in faults(whole=text() + second_shop() + group)] == ["telegram.staff_group"]


def test_people_come_from_the_shop_s_own_list_first() -> None:
    """Staff of the shop's own block, in the shape of the desk's table."""
    found = settings(
        "people: [{telegram: 1, name: Olga, role: owner}]\n",
        shop="people: [{telegram: 2, name: Ana, role: staff, phone: '+34 600 00 00 01'}]",
    )
    assert [(p.telegram, p.role, p.phone) for p in people(found, "demo")] == [(2, "staff", "+34600000001")]


def test_hours_with_breaks_and_closings() -> None:
    """Ranges of days, breaks, and dated closings in either place."""
    found = policy(
        shop='hours: {mon-wed: "09:00-13:00, 15:00-18:00", sat: "10:00-24:00", "2026-12-24": closed}, holidays: [2026-12-25]'
    )
    assert sorted(found.hours.week) == [0, 1, 2, 5]
    assert found.hours.week[0] == ((time(9), time(13)), (time(15), time(18)))
    assert found.hours.week[5] == ((time(10), time.max),)
    assert found.hours.holidays == {"2026-12-24", "2026-12-25"}


def test_limits_say_how_much_and_null_is_off() -> None:
    """auto is a floor that follows what is usual; numbers and null are themselves."""
    automatic = policy().limits
    assert (automatic.first_sms_per_hour, automatic.hour_follows_usual) == (50, True)
    off = policy("limits: {first_sms_per_hour: null, first_sms_per_number_day: 9, money_per_day: 20 eur}\n").limits
    assert (off.first_sms_per_hour, off.hour_follows_usual) == (None, False)
    assert (off.first_sms_per_number_day, off.money_per_day) == (9, "20 EUR")


def test_every_zone_of_the_machine_is_taken() -> None:
    """No real Continent/City is refused."""
    zones = sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    refused = [zone for zone in zones if not zone_exists(zone)]
    assert refused == []
    assert not zone_exists("Europe")
    assert not zone_exists("../etc/passwd")


def test_the_sandbox_stands_in_for_providers_everywhere() -> None:
    """`replace` takes the place of a global block and of a shop's own, without a change of the file."""
    document = parse(text(shop="twilio: null"))
    own = {
        "account_sid": "AC" + "0" * 32,
        "auth_token": Secret.of("x"),
        "base_url": "http://127.0.0.1:1",
        "sms_from": "12345",
    }
    found = build(document, {}, {"twilio": own, "storage": {"url": "sqlite:///s.db", "encryption_key": "${NONE}"}})
    sender = policies(found)["demo"].sms
    assert sender is not None
    assert sender.address == "12345"


def test_secrets_compare_by_value_and_stay_hidden() -> None:
    """Two secrets are equal when their values are; an unset one equals only its like."""
    assert Secret.of("a") == Secret.of("a") != Secret.of("b")
    assert Secret.read("${X}", {}) == Secret.read("${X}", {}) != Secret.read("${Y}", {})
    assert Secret.read("${X}", {"X": ""}).missing == ("X",)
    assert f"{Secret.of('a')} {Secret.of('a')!r}" == "*** ***"


def test_couriers_are_what_was_written() -> None:
    """A described courier comes through whole, and with it news and re-planning are on unless the owner says otherwise."""
    written = """
delivery:
  couriers:
    - name: City Express
      windows: {mon-fri: "09:00-14:00, 15:00-20:00", "2026-12-24": closed}
      collects: [mon, wed-fri]
      cut_off: "14:30"
      holidays: [2026-12-25]
      postcodes: [28, "08001-08042"]
      cities: [Málaga]
      tells: false
  ask_again_after: 2d
  ask_again_night: "23:00-05:00"
"""
    after = policy(written).after
    (courier,) = after.couriers
    assert courier.week == dict.fromkeys(range(5), ((time(9), time(14)), (time(15), time(20))))
    assert courier.collects == {0, 2, 3, 4}
    assert courier.holidays == {"2026-12-24", "2026-12-25"}
    assert (courier.cut_off, courier.lead_days, courier.tells) == (time(14, 30), 1, False)
    assert (courier.area.postcodes, courier.area.cities) == (("28", "08001-08042"), {"malaga"})
    assert (after.news, after.replan) == ({"shipped", "today", "delivered"}, True)
    assert after.still_night is not None
    assert [after.still_night.holds(time(h)) for h in (22, 23, 4, 5)] == [False, True, True, False]
    assert policy().after == Aftercare()
