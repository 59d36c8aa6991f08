"""Columns by name, endings by word, dates and amounts by the style of their column."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from engine.history_columns import MissingColumns, map_columns, missing
from engine.history_outcomes import StillOpen, Told, UnknownOutcome, outcome
from engine.history_values import BadValue, amount, comma_decimal, date_style, moment
from flows.money import Money
from tests.history.shop import NOW

SHOPIFY = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Currency,Subtotal,Shipping,Taxes,Total,"
    "Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Name,Billing Street,"
    "Billing Address1,Billing Zip,Billing Phone,Shipping Name,Shipping Address1,Shipping City,Shipping Zip,Shipping Country,"
    "Shipping Phone,Cancelled at,Refunded Amount,Id,Tags,Source,Phone"
).split(",")
WOO = (
    "Order Number,Order Status,Order Date,First Name (Billing),Last Name (Billing),Email (Billing),Phone (Billing),"
    "Address 1&2 (Billing),Postcode (Billing),Address 1&2 (Shipping),City (Shipping),Postcode (Shipping),"
    "Order Shipping Amount,Order Subtotal Amount,Order Total Amount,SKU,Item Name"
).split(",")


def mapped(header: list[str]) -> dict[str, list[str]]:
    return {field: [header[at] for at in places] for field, places in map_columns(header).columns.items()}


def test_shopifys_export_is_known() -> None:
    """`Name` is the order there, the parcel's address goes before the bill's, and costs of shipping are no address."""
    assert map_columns(SHOPIFY).form == "Shopify"
    found = mapped(SHOPIFY)
    assert found["id"] == ["Name"]
    assert found["phone"] == ["Shipping Phone", "Phone", "Billing Phone"]
    assert found["line1"] == ["Shipping Address1", "Billing Address1"]
    assert (found["placed"], found["cancelled"], found["total"]) == (["Created at"], ["Cancelled at"], ["Total"])


def test_woocommerces_export_is_known() -> None:
    """The plugins' `(Billing)` and `(Shipping)` are told apart, and the order's total from the cost of shipping."""
    assert map_columns(WOO).form == "WooCommerce"
    found = mapped(WOO)
    assert found["line1"] == ["Address 1&2 (Shipping)", "Address 1&2 (Billing)"]
    assert (found["id"], found["total"]) == (["Order Number"], ["Order Total Amount"])


@pytest.mark.parametrize(
    "header",
    [
        "Nº pedido;Fecha;Cliente;Teléfono;Dirección de envío;Población;C.P.;Importe (€);Estado;Motivo devolución",
        "Número do pedido;Data;Nome completo;Telemóvel;Morada;Cidade;CEP;Valor total;Situação do pedido;Motivo",
        "Numéro de commande;Date de commande;Nom complet;Téléphone;Adresse;Ville;Code postal;Montant;Statut;Motif",
        "Bestellnummer;Bestelldatum;Kunde;Handynummer;Lieferadresse Straße;Ort;PLZ;Gesamtsumme;Status;Grund",
        "Numer zamówienia;Data zamówienia;Imię i nazwisko;Telefon;Adres;Miasto;Kod pocztowy;Kwota;Status;Powód",
        "Номер заказа;Дата;ФИО;Номер телефона;Адрес доставки;Город;Индекс;Сумма;Статус;Причина",
        "رقم الطلب;التاريخ;اسم العميل;رقم الجوال;العنوان;المدينة;الرمز البريدي;المبلغ;الحالة;السبب",
        "ऑर्डर नंबर;तारीख;नाम;मोबाइल नंबर;पता;शहर;पिन कोड;राशि;स्थिति;कारण",
        "order_number;order_date;customer_name;customer_phone;shipping_address_1;shipping_city;shipping_postcode;order_total;status;reason",
    ],
)
def test_columns_are_known_in_many_languages(header: str) -> None:
    """Ten columns, ten fields, whatever the shop's language."""
    names = header.split(";")
    fields = ("id", "placed", "name", "phone", "line1", "city", "postcode", "total", "status", "reason")
    assert mapped(names) == {field: [name] for field, name in zip(fields, names, strict=True)}


def test_what_a_file_lacks_is_told_and_can_be_named() -> None:
    """A file without dates, endings or customers says so; --map gives a column a meaning; a wrong one is refused."""
    assert len(missing(map_columns(["foo", "bar"]).columns)) == 3
    assert map_columns(["foo", "bar"], {"placed": "bar"}).columns == {"placed": (1,)}
    for told in ({"placed": "nowhere"}, {"nothing": "foo"}):
        with pytest.raises(MissingColumns):
            map_columns(["foo", "bar"], told)


@pytest.mark.parametrize(
    ("status", "reason", "ended", "fault"),
    [
        ("Delivered", "", "delivered", "none"),
        ("wc-completed", "", "paid", "none"),
        ("Entregado y pagado", "", "paid", "none"),
        ("доставлен", "", "delivered", "none"),
        ("تم التوصيل", "", "delivered", "none"),
        ("not delivered", "", "returned", "customer"),
        ("No entregado", "", "returned", "customer"),
        ("RTO", "", "returned", "customer"),
        ("Возврат", "", "returned", "customer"),
        ("Returned", "Customer refused to accept", "refused", "customer"),
        ("Devuelto", "ausente", "not_collected", "customer"),
        ("Returned", "damaged in transit", "returned", "courier"),
        ("Returned", "wrong size", "returned", "shop"),
        ("مرتجع", "تأخر التوصيل", "returned", "courier"),
        ("refused", "courier came too late", "refused", "courier"),
        ("Refunded", "", "returned", "none"),
        ("Odmowa przyjęcia", "", "refused", "customer"),
        ("Nicht abgeholt", "", "not_collected", "customer"),
        ("Cancelled by customer", "", "cancelled_by_customer", "none"),
        ("Storniert", "", "cancelled_by_shop", "none"),
        ("لا يرد", "", "cancelled_by_rule", "none"),
        ("Lost in transit", "", "lost", "courier"),
    ],
)
def test_endings_are_known_by_word(status: str, reason: str, ended: str, fault: str) -> None:
    """The words of the shop give the ending, the reason gives whose fault it was."""
    found = outcome(Told(status=status, reason=reason))
    assert (found.ended, found.fault) == (ended, fault)


def test_shopifys_parts_make_an_ending() -> None:
    """Paid and gone is paid; gone and void came back; neither is still open; money back alone is nobody's fault."""
    assert outcome(Told(financial="paid", fulfilment="fulfilled")).ended == "paid"
    assert outcome(Told(financial="voided", fulfilment="fulfilled", cancelled=True)).ended == "returned"
    assert outcome(Told(financial="pending", fulfilment="unfulfilled", cancelled=True)).ended == "cancelled_by_shop"
    assert outcome(Told(financial="refunded", fulfilment="fulfilled")).fault == "none"
    with pytest.raises(StillOpen):
        outcome(Told(financial="pending", fulfilment="fulfilled"))


def test_a_denied_word_is_never_its_opposite() -> None:
    """Words with a "not" that no list knows are unknown, never the word without it; the shop's own words help."""
    for word in ("nicht so richtig geliefert", "is not a successful order", "", "???"):
        with pytest.raises(UnknownOutcome):
            outcome(Told(status=word))
    assert outcome(Told(status="Zorp 7"), {"zorp 7": "lost:courier"}).ended == "lost"


@pytest.mark.parametrize(
    ("dates", "style"),
    [
        (["2025-03-04", "2025-12-25"], "ymd"),
        (["2025/03/04", "2025/12/25"], "ymd"),
        (["03/04/2025", "25/12/2024"], "dmy"),
        (["03.04.2025", "25.12.2024"], "dmy"),
        (["03/04/2025", "12/25/2024"], "mdy"),
        (["12/01/2025", "11/12/2026"], "mdy"),  # 11 December 2026 is still to come
        (["03/04/2025"], None),
    ],
)
def test_the_style_of_dates_is_the_columns(dates: list[str], style: str | None) -> None:
    """One date above 12 tells for all; a date in the future tells too; nothing is guessed."""
    assert date_style(dates, NOW).style == style


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2025-03-31T10:00:00Z", datetime(2025, 3, 31, 10, tzinfo=UTC)),
        ("2025-03-31 10:00:00 +0200", datetime(2025, 3, 31, 8, tzinfo=UTC)),
        ("2025/3/31", datetime(2025, 3, 30, 22, tzinfo=UTC)),
        ("31/03/2025 14:05", datetime(2025, 3, 31, 12, 5, tzinfo=UTC)),
        ("31.3.25, 02:05 PM", datetime(2025, 3, 31, 12, 5, tzinfo=UTC)),
        ("٣١/٠٣/٢٠٢٥", datetime(2025, 3, 30, 22, tzinfo=UTC)),
    ],
)
def test_dates_are_read_in_the_shops_zone(text: str, at: datetime) -> None:
    """With an offset that, without one the shop's wall clock."""
    assert moment(text, "dmy", ZoneInfo("Europe/Madrid"), NOW) == at


@pytest.mark.parametrize(
    "text", ["", "soon", "31/02/2025", "12/25/2025", "01/01/1970", "01/01/2031", "1" * 500, "0000-00-00"]
)
def test_what_is_no_date_of_an_order_is_refused(text: str) -> None:
    """A day that does not exist, before the web, or in the future."""
    with pytest.raises(BadValue):
        moment(text, "dmy", UTC, NOW)


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("49.90", 4990),
        ("1.234,56", 123456),
        ("1,234.56", 123456),
        ("€ 49,90", 4990),
        ("1 234,5 zł", 123450),
        ("Rs. 1,299", 129900),
        ("1'234.50", 123450),
        ("12,345,678", 1234567800),
        ("٤٩٫٩٠", 4990),
    ],
)
def test_amounts_are_exact(text: str, minor: int) -> None:
    """Signs, spaces and both ways of writing thousands."""
    assert amount(text, "EUR", comma=None) == Money(minor, "EUR")


def test_one_sign_before_three_digits_is_the_columns_matter() -> None:
    """1.234 is a thousand in a column that writes 49,90, and dinars have three digits after the point."""
    assert comma_decimal(["49,90", "1.234", "5"]) is True
    assert amount("1.234", "EUR", comma=True).minor == 123400
    assert amount("1.234", "KWD", comma=False).minor == 1234


@pytest.mark.parametrize("text", ["-5", "(5.00)", "5,00-", "−5", "abc", "9" * 30, "4.999", "x" * 100])
def test_what_is_no_total_is_refused(text: str) -> None:
    """A negative total is a refund; nonsense is nonsense; nothing is rounded."""
    with pytest.raises(BadValue):
        amount(text, "EUR", comma=False)
