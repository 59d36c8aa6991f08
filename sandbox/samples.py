"""The sample orders of the playground: who orders what, from which kind of shop, and what goes wrong with it.

Everything is invented. Numbers are valid in their country, so that they are read like anybody's, but stand at the dull end
of a range (600 00 01 01); nothing leaves loopback, so nobody is ever called.
"""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Literal

Platform = Literal["shopify", "woocommerce", "api"]


@dataclasses.dataclass(frozen=True, slots=True)
class Country:
    """What a shop's checkout in this country looks like. `zone` is an IANA name, `cod` the label of cash on delivery."""

    name: str
    currency: str
    zone: str
    language: str  # BCP 47
    cod: str


#: Of the demo shop.
SHOP_COUNTRY = "ES"
#: By ISO 3166 alpha-2: where the samples go, and a few more for one's own orders.
COUNTRIES: dict[str, Country] = {
    "ES": Country("Spain", "EUR", "Europe/Madrid", "es", "Contra reembolso"),
    "MX": Country("Mexico", "MXN", "America/Mexico_City", "es-MX", "Pago contra entrega"),
    "MA": Country("Morocco", "MAD", "Africa/Casablanca", "fr", "Paiement à la livraison"),
    "IN": Country("India", "INR", "Asia/Kolkata", "en-IN", "Cash on Delivery (COD)"),
    "PK": Country("Pakistan", "PKR", "Asia/Karachi", "en", "Cash on Delivery"),
    "AE": Country("United Arab Emirates", "AED", "Asia/Dubai", "ar", "الدفع عند الاستلام"),
    "PH": Country("Philippines", "PHP", "Asia/Manila", "en-PH", "Cash on delivery"),
    "BR": Country("Brazil", "BRL", "America/Sao_Paulo", "pt-BR", "Pagamento na entrega"),
    "DE": Country("Germany", "EUR", "Europe/Berlin", "de", "Nachnahme"),
    "EG": Country("Egypt", "EGP", "Africa/Cairo", "ar", "الدفع عند الاستلام"),
    "GB": Country("United Kingdom", "GBP", "Europe/London", "en-GB", "Cash on delivery"),
    "US": Country("United States", "USD", "America/New_York", "en-US", "Cash on Delivery (COD)"),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Address:
    line1: str
    city: str
    postcode: str
    region: str = ""
    line2: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Buyer:
    """A customer as typed at the checkout. `phone` is E.164, "" where none was given; `typed` is how it was written."""

    first: str
    last: str
    phone: str
    typed: str
    email: str
    country: str
    address: Address
    language: str = ""  # empty: the country's

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def speaks(self) -> str:
        return self.language or COUNTRIES[self.country].language


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One position; `price` is of one piece, as written in the order."""

    sku: str
    title: str
    price: str
    quantity: int = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Basket:
    """What one order holds, in the currency of the buyer's country."""

    buyer: Buyer
    lines: tuple[Line, ...]
    shipping: str = "0.00"
    payment: str = ""  # the label at the checkout; empty: cash on delivery in the country's words
    prepaid: bool = False
    note: str = ""

    @property
    def currency(self) -> str:
        return COUNTRIES[self.buyer.country].currency

    @property
    def label(self) -> str:
        return self.payment or COUNTRIES[self.buyer.country].cod

    @property
    def subtotal(self) -> Decimal:
        return sum((Decimal(line.price) * line.quantity for line in self.lines), Decimal("0.00"))

    @property
    def total(self) -> Decimal:
        return self.subtotal + Decimal(self.shipping)


@dataclasses.dataclass(frozen=True, slots=True)
class Sample:
    """One scenario of the gallery. `facts` become true of the buyer's phone (sandbox/phonebook.py) before the order goes;
    `broken` providers refuse everything from then on, until mended."""

    name: str
    title: str
    about: str
    platform: Platform
    basket: Basket
    facts: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()


ANA = Buyer(
    "Ana", "Ruiz", "+34600000101", "600 00 01 01", "ana.ruiz@example.com", "ES",
    Address("Calle de la Luna 14, 3º B", "Madrid", "28004", "Madrid"),
)  # fmt: skip
DIEGO = Buyer(
    "Diego", "Hernández", "+525550100102", "55 5010 0102", "diego.h@example.com", "MX",
    Address("Av. Álvaro Obregón 86, Int. 4", "Ciudad de México", "06700", "CDMX", "Col. Roma Norte"),
)  # fmt: skip
SALMA = Buyer(
    "Salma", "El Idrissi", "+212600000103", "06 00 00 01 03", "salma@example.com", "MA",
    Address("12, rue Ibn Batouta, appt 7", "Casablanca", "20250"),
)  # fmt: skip
PRIYA = Buyer(
    "Priya", "Nair", "+919000000104", "90000 00104", "priya.nair@example.com", "IN",
    Address("Flat 302, Lake View Apartments, MG Road", "Kochi", "682016", "Kerala", "Near Metro Pillar 612"),
)  # fmt: skip
BILAL = Buyer(
    "Bilal", "Ahmed", "+923000000105", "0300-0000105", "bilal@example.com", "PK",
    Address("House 24, Street 9, Block 5, Gulshan-e-Iqbal", "Karachi", "75300", "Sindh"),
)  # fmt: skip
MARYAM = Buyer(
    "مريم", "الكعبي", "+971500000106", "050 000 0106", "maryam@example.com", "AE",
    Address("شقة 1204، برج النخيل، شارع الشيخ زايد", "دبي", "", "دبي"),
)  # fmt: skip
JUN = Buyer(
    "Jun", "Santos", "+639170000107", "0917 000 0107", "jun.santos@example.com", "PH",
    Address("Unit 5C, 118 Katipunan Avenue, Brgy. Loyola Heights", "Quezon City", "1108", "Metro Manila"),
)  # fmt: skip
LUCIA = Buyer(
    "Lucía", "Ortega", "", "", "lucia.ortega@example.com", "ES",
    Address("Plaza del Carmen 3, 1º A", "Granada", "18009", "Granada"),
)  # fmt: skip
NOBODY = Buyer(
    "Asdf", "Qwer", "+34600000109", "600000109", "asdf@example.com", "ES", Address("asdfgh jkl 999", "qwerty", "00000")
)  # fmt: skip
PABLO = Buyer(
    "Pablo", "Gil", "+34600000110", "600000110", "pablo.gil@example.com", "ES",
    Address("Carrer de Sant Pau 52, 2n 1a", "Barcelona", "08001", "Barcelona"),
)  # fmt: skip
CARMEN = Buyer(
    "Carmen", "Vega", "+34910000111", "91 000 01 11", "carmen.vega@example.com", "ES",
    Address("Calle Mayor 40, bajo", "Alcalá de Henares", "28801", "Madrid"),
)  # fmt: skip
TOMAS = Buyer(
    "Tomás", "Prieto", "+34600000112", "600 000 112", "tomas@example.com", "ES",
    Address("Avenida de la Constitución 8, 5º C", "Sevilla", "41001", "Sevilla"),
)  # fmt: skip
INES = Buyer(
    "Inés", "Blanco", "+34600000113", "600 000 113", "ines.blanco@example.com", "ES",
    Address("Calle Real 77", "A Coruña", "15003", "A Coruña"),
)  # fmt: skip
EMMA = Buyer(
    "Emma", "Clarke", "+34600000114", "+34 600 000 114", "emma.clarke@example.com", "ES",
    Address("Calle Larios 9, 4º D", "Málaga", "29005", "Málaga"), "en",
)  # fmt: skip

_LAMP = Line("LAMP-02", "Reading lamp, brass", "39.90")
_MUGS = Line("MUG-4", "Stoneware mugs, set of four", "24.50")

GALLERY: tuple[Sample, ...] = (
    Sample("good-spain", "A good order in Spain", "Everything is right: the text goes out at once.", "shopify",
           Basket(ANA, (_LAMP, Line("BULB-E27", "LED bulb E27", "5.00", 2)), "4.90")),
    Sample("again-spain", "Ana orders again", "A second open order on the same number: which one does she mean?", "api",
           Basket(ANA, (_MUGS,), "4.90")),
    Sample("english-spain", "A guest who reads English", "Delivered in Spain, written to in English.", "api",
           Basket(EMMA, (_MUGS, _LAMP), "4.90")),
    Sample("mexico", "Mexico", "Pago contra entrega, from Shopify.", "shopify",
           Basket(DIEGO, (Line("HAM-1", "Hamaca de algodón", "649.00"),), "99.00")),
    Sample("morocco", "Morocco", "In French, from WooCommerce; texts cannot be answered there.", "woocommerce",
           Basket(SALMA, (Line("THE-6", "Service à thé, 6 verres", "320.00"),), "30.00")),
    Sample("india", "India", "From WooCommerce, with a landmark in the address.", "woocommerce",
           Basket(PRIYA, (Line("KUR-M", "Cotton kurta, M", "799.00", 2),), "49.00")),
    Sample("pakistan", "Pakistan", "From the plain orders API.", "api",
           Basket(BILAL, (Line("SHAWL-3", "Woollen shawl", "3450.00"),), "200.00")),
    Sample("emirates", "United Arab Emirates", "Written from right to left.", "shopify",
           Basket(MARYAM, (Line("OUD-50", "عطر عود 50 مل", "185.00"),), "15.00")),
    Sample("philippines", "Philippines", "From WooCommerce, paid at the door.", "woocommerce",
           Basket(JUN, (Line("FAN-12", "Desk fan, 12 inch", "1290.00"),), "120.00")),
    Sample("no-phone", "No phone number", "Only a mailbox: no text, no WhatsApp.", "shopify",
           Basket(LUCIA, (_MUGS,), "4.90")),
    Sample("nonsense-address", "A nonsense address", "Somebody leaned on the keyboard.", "woocommerce",
           Basket(NOBODY, (Line("WATCH-9", "Chronograph, steel", "189.00", 3),))),
    Sample("paid-by-card", "Paid by card", "Nothing to confirm: taken, and left alone.", "shopify",
           Basket(PABLO, (_LAMP,), "4.90", payment="shopify_payments", prepaid=True)),
    Sample("landline", "A landline", "No text can arrive: the next channel comes at once.", "api",
           Basket(CARMEN, (_LAMP,), "4.90"), facts=("landline",)),
    Sample("not-on-whatsapp", "Not on WhatsApp", "The text stays unanswered, then WhatsApp finds nobody.", "shopify",
           Basket(TOMAS, (_MUGS,), "4.90"), facts=("no_whatsapp",)),
    Sample("wrong-number", "A wrong number", "Twilio takes the text and reports later that nobody has this number.", "woocommerce",
           Basket(INES, (_LAMP,), "4.90"), facts=("unknown", "no_whatsapp")),
    Sample("provider-down", "Twilio is down", "Every request is refused with 503 until you mend it.", "api",
           Basket(dataclasses.replace(PABLO, first="Marta", phone="+34600000115", typed="600 000 115", email="marta.gil@example.com"),
                  (_MUGS,), "4.90"), broken=("twilio",)),
)  # fmt: skip

SAMPLES: dict[str, Sample] = {sample.name: sample for sample in GALLERY}
