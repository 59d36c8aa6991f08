"""What providers say about texts (SMS) in 70 countries: the built-in rows of flows/countries.py.

One row a country: two_way, links, name senders, tag, source. Each fact is one provider's statement and no legal advice; the
tag is that of the two-way fact: S = stated on the provider's own guideline page, 2 = told by another provider or a rewrite.

- two_way: `yes`; `local` = only a short code or a number of that country receives replies; `no`; `unknown` = sources
  conflict or are silent.
- links: `allowed`; `shorteners_refused` = full addresses pass; `registration` = only an address (or a sender with it)
  registered beforehand passes, or none from a company without a seat there; `forbidden`; `unknown`.
- names (alphanumeric senders): `free`, `registered` = after registration, `never`, `unknown`.

Two readings are ours: MX counts as `registration`, because addresses from Mexican numbers are likely blocked and only
registered names are kept; GB too, because addresses are said to be allow-listed. Read November 2026.
"""

from __future__ import annotations

from typing import Literal, NamedTuple


class Fact(NamedTuple):
    """One country's row."""

    two_way: Literal["yes", "no", "local", "unknown"]
    links: Literal["allowed", "forbidden", "registration", "shorteners_refused", "unknown"]
    names: Literal["free", "registered", "never", "unknown"]
    tag: Literal["S", "2"]
    source: str


FACTS: dict[str, Fact] = {
    "AE": Fact("no", "forbidden", "registered", "S", "https://www.twilio.com/en-us/guidelines/ae/sms"),
    "AR": Fact("local", "shorteners_refused", "free", "S", "https://www.twilio.com/en-us/guidelines/ar/sms"),
    "AZ": Fact("no", "unknown", "free", "S", "https://www.twilio.com/en/guidelines/az/sms"),
    "BD": Fact("no", "shorteners_refused", "registered", "S", "https://www.twilio.com/en-us/guidelines/bd/sms"),
    "BG": Fact("no", "shorteners_refused", "registered", "S", "https://www.twilio.com/en-us/guidelines/bg/sms"),
    "BH": Fact("unknown", "allowed", "free", "2", "https://help.salesforce.com/s/articleView?id=mktg.um_channel_sms_bahrain.htm"),
    "BR": Fact("local", "registration", "registered", "S", "https://www.twilio.com/en-us/guidelines/br/sms"),
    "CI": Fact("no", "unknown", "registered", "S", "https://www.twilio.com/guidelines/ci/sms"),
    "CL": Fact("local", "allowed", "free", "S", "https://www.twilio.com/en-us/guidelines/cl/sms"),
    "CM": Fact("no", "allowed", "registered", "S", "https://www.twilio.com/en-us/guidelines/cm/sms"),
    "CO": Fact("local", "registration", "never", "S", "https://www.twilio.com/en-us/guidelines/co/sms"),
    "CZ": Fact("yes", "shorteners_refused", "registered", "S", "https://www.twilio.com/en-us/guidelines/cz/sms"),
    "DE": Fact("yes", "unknown", "free", "2", "https://sent.dm/resources/de_sms_guidance"),
    "DO": Fact("local", "shorteners_refused", "free", "S", "https://www.twilio.com/en-us/guidelines/do/sms"),
    "DZ": Fact("no", "allowed", "registered", "S", "https://www.twilio.com/en-us/guidelines/dz/sms"),
    "EC": Fact("no", "allowed", "never", "S", "https://www.twilio.com/en-us/guidelines/ec/sms"),
    "EG": Fact("no", "allowed", "registered", "S", "https://www.twilio.com/en-us/guidelines/eg/sms"),
    "ES": Fact("local", "unknown", "registered", "2", "https://docs.aws.amazon.com/end-user-messaging/latest/userguide/nx-country-reg-es.md"),
    "ET": Fact("no", "shorteners_refused", "registered", "S", "https://www.twilio.com/en-us/guidelines/et/sms"),
    "FR": Fact("local", "shorteners_refused", "free", "S", "https://www.twilio.com/en-us/guidelines/fr/sms"),
    "GB": Fact("yes", "registration", "free", "S", "https://www.twilio.com/en-us/guidelines/gb/sms"),
    "GE": Fact("no", "unknown", "free", "2", "https://help.clicksend.com/article/uneiw84gvb-georgia"),
    "GH": Fact("no", "shorteners_refused", "registered", "S", "https://www.twilio.com/en-us/guidelines/gh/sms"),
    "GR": Fact("no", "unknown", "free", "2", "https://s.dm/resources/greece-sms-guide"),
    "GT": Fact("no", "allowed", "free", "S", "https://www.twilio.com/en-us/guidelines/gt/sms"),
    "HR": Fact("unknown", "unknown", "free", "2", "https://sent.dm/resources/hr_sms_guidance"),
    "HU": Fact("yes", "shorteners_refused", "free", "S", "https://www.twilio.com/en-us/guidelines/hu/sms"),
    "ID": Fact("no", "allowed", "registered", "S", "https://www.twilio.com/en-us/guidelines/id/sms"),
    "IN": Fact("local", "shorteners_refused", "registered", "S", "https://www.twilio.com/en-us/guidelines/in/sms"),
    "IQ": Fact("no", "allowed", "free", "S", "https://www.twilio.com/en-us/guidelines/iq/sms"),
    "IR": Fact("no", "shorteners_refused", "never", "S", "https://www.twilio.com/en-us/guidelines/ir/sms"),
    "IT": Fact("yes", "shorteners_refused", "free", "S", "https://www.twilio.com/en-us/guidelines/it/sms"),
    "JO": Fact("no", "allowed", "registered", "S", "https://www.twilio.com/en-us/guidelines/jo/sms"),
    "KE": Fact("no", "allowed", "registered", "S", "https://www.twilio.com/en-us/guidelines/ke/sms"),
    "KW": Fact("no", "shorteners_refused", "registered", "S", "https://www.twilio.com/en-us/guidelines/kw/sms"),
    "KZ": Fact("no", "shorteners_refused", "registered", "S", "https://www.twilio.com/en-us/guidelines/kz/sms"),
    "LB": Fact("no", "unknown", "registered", "2", "https://www.sent.dm/resources/lb-sms-guidance"),
    "LK": Fact("no", "shorteners_refused", "registered", "S", "https://www.twilio.com/en-us/guidelines/lk/sms"),
    "LY": Fact("no", "registration", "registered", "S", "https://twilio.com/guidelines/ly/sms"),
    "MA": Fact("no", "allowed", "registered", "S", "https://www.twilio.com/en-us/guidelines/ma/sms"),
    "MX": Fact("local", "registration", "registered", "S", "https://www.twilio.com/en-us/guidelines/mx/sms"),
    "MY": Fact("local", "forbidden", "free", "S", "https://www.twilio.com/en-us/guidelines/my/sms"),
    "NG": Fact("no", "shorteners_refused", "registered", "S", "https://www.twilio.com/en-us/guidelines/ng/sms"),
    "NL": Fact("yes", "unknown", "free", "S", "https://www.twilio.com/en/guidelines/nl/sms"),
    "NP": Fact("no", "shorteners_refused", "registered", "S", "https://www.twilio.com/en-us/guidelines/np/sms"),
    "OM": Fact("no", "shorteners_refused", "registered", "S", "https://www.twilio.com/en-us/guidelines/om/sms"),
    "PE": Fact("no", "allowed", "free", "S", "https://www.twilio.com/en-us/guidelines/pe/sms"),
    "PH": Fact("local", "registration", "registered", "S", "https://www.twilio.com/en-us/guidelines/ph/sms"),
    "PK": Fact("no", "shorteners_refused", "free", "S", "https://www.twilio.com/en-us/guidelines/pk/sms"),
    "PL": Fact("yes", "shorteners_refused", "free", "S", "https://www.twilio.com/en/guidelines/pl/sms"),
    "PS": Fact("no", "unknown", "free", "S", "https://www.twilio.com/en/guidelines/ps/sms"),
    "PT": Fact("yes", "unknown", "free", "2", "https://sent.dm/resources/pt_sms_guidance"),
    "QA": Fact("no", "unknown", "registered", "S", "https://www.twilio.com/en/guidelines/qa/sms"),
    "RO": Fact("no", "registration", "registered", "S", "https://www.twilio.com/en-us/guidelines/ro/sms"),
    "RS": Fact("no", "unknown", "registered", "S", "https://www.twilio.com/guidelines/rs/sms"),
    "RU": Fact("no", "unknown", "registered", "S", "https://www.twilio.com/en/guidelines/ru/sms"),
    "SA": Fact("no", "registration", "registered", "S", "https://www.twilio.com/en-us/guidelines/sa/sms"),
    "SK": Fact("unknown", "unknown", "free", "2", "https://s.dm/resources/slovakia-sms-guide"),
    "SN": Fact("no", "unknown", "free", "2", "https://www.s.dm/resources/senegal-sms-guide"),
    "TH": Fact("no", "registration", "registered", "S", "https://www.twilio.com/en-us/guidelines/th/sms"),
    "TN": Fact("no", "allowed", "registered", "S", "https://www.twilio.com/en-us/guidelines/tn/sms"),
    "TR": Fact("no", "registration", "registered", "S", "https://www.twilio.com/en-us/guidelines/tr/sms"),
    "TZ": Fact("no", "allowed", "registered", "S", "https://www.twilio.com/en-us/guidelines/tz/sms"),
    "UA": Fact("no", "shorteners_refused", "free", "S", "https://www.twilio.com/en-us/guidelines/ua/sms"),
    "UG": Fact("no", "allowed", "registered", "S", "https://www.twilio.com/en-us/guidelines/ug/sms"),
    "US": Fact("yes", "shorteners_refused", "never", "S", "https://www.twilio.com/en-us/guidelines/us/sms"),
    "UZ": Fact("no", "shorteners_refused", "free", "S", "https://www.twilio.com/en-us/guidelines/uz/sms"),
    "VE": Fact("no", "unknown", "registered", "2", "https://www.sent.dm/resources/venezuela-sms-guide"),
    "VN": Fact("no", "forbidden", "registered", "S", "https://www.twilio.com/en-us/guidelines/vn/sms"),
    "ZA": Fact("yes", "unknown", "unknown", "S", "https://www.twilio.com/en/guidelines/za/sms"),
}  # fmt: skip
