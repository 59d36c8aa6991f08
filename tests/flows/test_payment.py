"""Payment labels: what means cash on delivery in any language, and what only looks like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.payment import DEFAULT_LABELS, means_cod

CASH = [
    "Pague ao receber", "Pagar al recibir", "Paga cuando recibas", "Betaal bij ontvangst", "نقدا عند التسليم", "ادفع عند الاستلام",
    "Plata la curier", "Bezahlung bei Lieferung", "Paiement à la réception", "Платеж при получении", "Partial COD", "Advance COD",
    "woocommerce_cod",
    "cod", "COD", "Cod", "C.O.D.", "Cash on Delivery (COD)", "cash_on_delivery", "Cash on delivery", "CASH ON DELIVERY",
    "Cash On Delivery - Pay when you receive", "  cash   on  delivery ", "COD payment", "COD (+3.00 EUR fee)", "COD fee +3",
    "Shop payment (COD)", "Cash no delivery", "Cash / Card on delivery cash on delivery", "cash-on-delivery",
    "Contra reembolso", "CONTRAREEMBOLSO", "Contrareembolso (+3 €)", "Pago contra entrega", "Pago contra-entrega",
    "Pago en efectivo a la entrega", "Pagamento na entrega", "Pagamento no ato da entrega", "Envio à cobrança",
    "Paiement à la livraison", "PAIEMENT A LA LIVRAISON", "Paiement en espèces à la livraison", "Contre-remboursement",
    "Contrassegno", "Pagamento in contrassegno (+5€)", "Nachnahme", "Per Nachnahme (DHL)", "Rembours", "Postförskott",
    "Za pobraniem", "Pobranie", "Kurier DPD pobranie", "PŁATNOŚĆ PRZY ODBIORZE", "Dobírka", "Na dobírku", "Utánvét",
    "Utánvéttel", "Ramburs", "Plată ramburs la curier", "Pouzećem", "Plaćanje pouzećem", "Po povzetju",
    "Наложенный платеж", "Наложенный платёж", "Наложен платеж", "Оплата при получении", "ПІСЛЯПЛАТА", "Післяплата (Нова Пошта)",
    "Плащане при доставка", "Оплата картой или наличными при получении — оплата при получении",
    "Kapıda Ödeme", "KAPIDA ÖDEME", "kapida odeme", "Kapıda Nakit Ödeme", "Αντικαταβολή", "ΑΝΤΙΚΑΤΑΒΟΛΗ",
    "الدفع عند الاستلام", "الدفع عند الإستلام", "الدفع عند التسليم", "الدفع نقداً عند الاستلام", "دفع عند الاستلام (COD)",
    "پرداخت در محل", "کیش آن ڈلیوری", "كيش آن ڈلیوری", "कैश ऑन डिलीवरी", "कैश ऑन डिलीवरी (COD)", "নগদ (ক্যাশ অন ডেলিভারি)",
    "কেশ অন ডেলিভারি", "Bayar di tempat", "Bayar di Tempat (COD)", "Thanh toán khi nhận hàng", "THANH TOÁN KHI NHẬN HÀNG",
    "เก็บเงินปลายทาง", "ชำระแบบเก็บเงินปลายทางเท่านั้น", "货到付款", "支持货到付款服务", "代金引換", "תשלום לשליח",
]  # fmt: skip

NOT_CASH = [
    "", " ", "codigo", "Código", "Código QR", "CODENSA", "Codi Pay", "codec", "encoded", "decode", "barcode", "CODI",
    "Card on delivery", "Credit card on delivery", "Pay on delivery by card", "Tarjeta contra entrega",
    "Pago contra entrega con tarjeta", "Paiement à la livraison par carte bancaire", "Оплата картой при получении",
    "оплата при получении картой", "Kapıda kredi kartı ile ödeme", "Kapıda ödeme kredi kartı", "POS terminal on delivery",
    "Płatność przy odbiorze kartą karta", "الدفع عند الاستلام بالبطاقة", "Card (COD)",
    "No cash on delivery", "No COD", "without cash on delivery", "Cash on delivery not available", "COD unavailable here",
    "Prepaid (no COD)", "Ohne Nachnahme", "sin contra reembolso", "без наложенный платеж", "Cash on delivery is disabled",
    "Cash", "Efectivo", "Cash App", "Cash in store", "Pick up and pay", "Bank transfer", "bacs", "cheque", "paypal",
    "Stripe", "shopify_payments", "manual", "Bogus Gateway", "Klarna", "Visa", "UPI", "Delivery", "on delivery", "delivery",
    "Promo cod SUMMER", "Cod postal 10115", "Fish: cod fillet", "Carte de crédit", "Vorkasse", "Überweisung", "BLIK",
    "Оплата онлайн", "بطاقة ائتمان", "मुफ़्त डिलीवरी", "银行转账", "โอนเงิน",
]  # fmt: skip


@pytest.mark.parametrize("label", CASH)
def test_labels_that_mean_cash_on_delivery(label: str) -> None:
    """A label of a real shop in any language and spelling is recognised."""
    assert means_cod(label)


@pytest.mark.parametrize("label", NOT_CASH)
def test_labels_that_do_not(label: str) -> None:
    """Card at the door, a denial, a word that only begins alike: none is cash on delivery."""
    assert not means_cod(label)


def test_every_built_in_label_means_itself() -> None:
    """No built-in label is lost to folding, in lower or upper case."""
    lost = [label for label in DEFAULT_LABELS if label.strip() and not (means_cod(label) and means_cod(label.upper()))]
    assert lost == []


def test_a_shop_s_own_labels_replace_the_built_in_ones() -> None:
    """With labels of its own a shop decides alone, even for words that otherwise say card."""
    own = frozenset({"pay ali", "card at door"})
    assert means_cod("Pay Ali", own)
    assert means_cod("Card at door", own)
    assert means_cod("Pay Ali (Madrid)", own)
    assert not means_cod("cash on delivery", own)
    assert not means_cod("nachnahme", own)


def test_a_note_is_no_label() -> None:
    """A text longer than any label proves nothing, whatever it mentions."""
    assert not means_cod("please " * 20 + "cash on delivery")


@given(st.text(max_size=60))
def test_any_text_is_read(label: str) -> None:
    """Whatever a shop sends as a label, the answer is a plain yes or no and is the same in upper case for ASCII."""
    answer = means_cod(label)
    assert answer in (True, False)
    if label.isascii():
        assert means_cod(label.upper()) == answer


@given(st.sampled_from(["cod", "nachnahme", "ramburs"]), st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=5))
def test_part_of_a_word_is_no_match(word: str, tail: str) -> None:
    """Letters glued to a label make another word, unless that word is a label too."""
    glued = word + tail
    assert means_cod(glued) == (glued in DEFAULT_LABELS)
