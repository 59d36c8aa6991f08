"""Does a shop's payment label mean cash on delivery?

Labels are what shops and their customers' pages show: "Cash on Delivery (COD)", "Contrareembolso +3 €", `cod`. A label
counts when, spelled plain, it is one of the known ones, or holds one of them as whole words; so neither "Código" nor
"CODENSA" is taken for COD. Paying by card at the door is no cash on delivery, and "no COD" is none either.

Weak spot: a label that a shop invented ("Pay Ali") is not known; `cod_payment_methods` in the settings takes it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

#: What shops write, by language. Spelling variants of accents, case and signs are folded and need no line of their own.
DEFAULT_LABELS: frozenset[str] = frozenset(
    label.strip()
    for label in """
    cod | c.o.d. | cash on delivery | cash on delivery (cod) | cash_on_delivery | cashondelivery | cash upon delivery
    cash at delivery | cash by delivery | cash no delivery | cash on dlivery | collect on delivery | pay on delivery
    payment on delivery | pay upon delivery | pay cash on delivery | cash on receipt | cash on arrival | pay at the door
    pay cash to courier | cash to courier
    contra reembolso | contrareembolso | contra-reembolso | pago contra entrega | pago contraentrega | contraentrega
    contra entrega | pago a la entrega | pago al recibir | pago en efectivo a la entrega | efectivo contra entrega
    pago en la entrega | paga al recibir | pagar al recibir | pagas al recibir | paga cuando recibas | pago en destino
    pagamento na entrega | pagamento no ato da entrega | pagamento contra entrega | pagar na entrega | à cobrança
    pague ao receber | pagar ao receber | pague na entrega | pagamento ao receber
    envio à cobrança | contra reembolso à cobrança | pagamento à cobrança | dinheiro na entrega
    paiement à la livraison | paiement a livraison | payer à la livraison | contre remboursement
    paiement contre remboursement | paiement en espèces à la livraison | espèces à la livraison | cash à la livraison
    paiement à réception | paiement à la réception | payez à la livraison | payez à la réception
    contrassegno | pagamento alla consegna | pagamento in contrassegno | pagamento contrassegno | contanti alla consegna
    nachnahme | per nachnahme | zahlung bei lieferung | barzahlung bei lieferung | bar bei lieferung | bezahlung bei lieferung
    bezahlen bei lieferung | zahlung bei zustellung
    rembours | onder rembours | betaling bij levering | betalen bij levering | betaling bij aflevering
    betaal bij ontvangst | betalen bij ontvangst | betaling bij ontvangst | betaal bij levering
    postförskott | efterkrav | postoppkrav | mot efterkrav | betaling ved levering | betalning vid leverans
    postiennakko | jälkivaatimus | lunamaks
    pobranie | za pobraniem | płatność przy odbiorze | zapłata przy odbiorze | gotówka przy odbiorze
    płatność za pobraniem | przesyłka pobraniowa
    dobírka | na dobírku | dobierka | na dobierku | platba při převzetí | platba pri prevzatí | platba na dobírku
    utánvét | utánvéttel | utánvétes fizetés | fizetés átvételkor | fizetés utánvéttel | készpénz átvételkor
    ramburs | plata ramburs | plata la livrare | plată la primire | numerar la livrare | plata cash la livrare
    plata la curier | plata cash la curier | plata numerar la curier | plătești la livrare
    pouzećem | plaćanje pouzećem | pouzeće | plaćanje prilikom preuzimanja | plaćanje po preuzimanju | gotovina pri dostavi
    po povzetju | plačilo po povzetju | plačilo ob prevzemu | поузећем | плаћање поузећем
    наложен платеж | наложенный платеж | наложенным платежом | плащане при доставка | плащане с наложен платеж
    плащане при получаване | оплата при получении | оплата при доставке | оплата курьеру | наличными при получении
    наличными курьеру | наличные при доставке | платеж при получении
    оплата наличными при получении | післяплата | накладений платіж | наложений платіж | оплата при отриманні
    оплата при получені | готівкою при отриманні | оплата при получении заказа
    плаќање при достава | плаќање при преземање
    kapıda ödeme | kapıda nakit ödeme | kapıda nakit | nakit kapıda ödeme | qapıda ödəmə | çatdırılma zamanı ödəniş
    pagesë në dorëzim | pagesa në dorëzim | paguaj në dorëzim
    apmaksa piegādes brīdī | apmokėjimas pristatymo metu | apmokėjimas atsiimant | pēcapmaksa
    αντικαταβολή | πληρωμή με αντικαταβολή | πληρωμή κατά την παράδοση
    الدفع عند الاستلام | الدفع عند التسليم | الدفع عند التوصيل | الدفع نقدا عند الاستلام | الدفع نقدًا عند التسليم
    دفع عند الاستلام | نقدا عند الاستلام | نقدا عند التسليم | نقدا عند التوصيل | ادفع عند الاستلام | ادفع نقدا عند الاستلام
    كاش عند التسليم | كاش عند الاستلام | الدفع كاش عند الاستلام | الدفع حين الاستلام
    الدفع عند استلام الطلب | الدفع عند باب البيت | خلص عند الاستلام | پرداخت در محل | پرداخت هنگام تحویل
    پرداخت نقدی هنگام تحویل | کیش آن ڈلیوری | کیش آن ڈیلیوری | ترسیل پر ادائیگی | ڈیلیوری پر ادائیگی
    تשלום במזומן לשליח | תשלום לשליח | תשלום בעת המסירה | מזומן לשליח
    कैश ऑन डिलीवरी | कैश ऑन डिलिवरी | नकद भुगतान डिलीवरी पर | डिलीवरी पर नकद | डिलीवरी पर भुगतान
    नकद ऑन डिलीवरी | नगद ऑन डिलीवरी | क्याश अन डेलिभरी | कॅश ऑन डिलिव्हरी
    ক্যাশ অন ডেলিভারি | কেশ অন ডেলিভারি | ক্যাশ অন ডেলিভারী | ডেলিভারিতে নগদ
    கேஷ் ஆன் டெலிவரி | క్యాష్ ఆన్ డెలివరీ | ക്യാഷ് ഓൺ ഡെലിവറി | ಕ್ಯಾಶ್ ಆನ್ ಡೆಲಿವರಿ | કેશ ઓન ડિલિવરી | ਕੈਸ਼ ਆਨ ਡਿਲੀਵਰੀ
    bayar di tempat | bayar ditempat | bayar di rumah | bayar semasa terima | bayaran semasa penghantaran
    bayar tunai semasa penghantaran | bayad pagdating | bayad sa pagdeliver | bayar saat terima
    thanh toán khi nhận hàng | trả tiền khi nhận hàng | thu tiền tận nơi | thanh toán khi giao hàng
    เก็บเงินปลายทาง | ชำระเงินปลายทาง | จ่ายเงินปลายทาง | ຈ່າຍປາຍທາງ | បង់ប្រាក់ពេលទទួល
    货到付款 | 貨到付款 | 代金引換 | 代引き | 대금상환
    malipo wakati wa kupokea | lipa ukipokea | kontant by aflewering
    """.replace("\n", "|").split("|")
    if label.strip()
)

#: Longer labels are notes or terms, where a phrase proves nothing.
_LONGEST = 120
_SHORTEST_WORD = (
    6  # one-word labels below this ("cod") are acronyms: they count alone or in brackets, not inside a text
)

_PLAIN = str.maketrans(
    {"ł": "l", "đ": "d", "ı": "i", "ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ə": "e", "ё": "е"}
    | dict.fromkeys("أإآٱ", "ا")
    | {"ى": "ي", "ی": "ي", "ة": "ه", "ک": "ك", "ـ": None, "’": " ", "'": " "}
)
#: Scripts whose marks only decorate; in Indic scripts and Thai they are letters and stay.
_MARKS = re.compile(r"[\u0300-\u036f\u064b-\u065f\u0670]")
#: Scripts written without spaces: there a label is found inside a run of letters.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_SUM = re.compile(r"[+(\[\s]*\d[\d.,]*\s*(?:[A-Za-z]{3}\b|[^\w\s]{1,2})?")  # "+3 €", "(3.00 EUR"
_BRACKETED = re.compile(r"[(\[（]([^)\]）]{1,20})[)\]）]")


def means_cod(label: str, labels: frozenset[str] = frozenset()) -> bool:
    """Whether `label` (a payment method's name or id) means cash on delivery.

    `labels` are the shop's own and replace the built-in ones; empty means built in.
    """
    if not label or len(label) > _LONGEST:
        return False
    known = _known(labels or DEFAULT_LABELS)
    words = _words(label)
    if " ".join(words) in known.whole:
        return True
    if _CARD.intersection(words) and not _CASH.intersection(words):
        return False
    return _acronym(label, words, known) or _phrase(words, known) or _unspaced(words, known)


class _Known:
    """The labels, spelled plain and sorted by how they may be found."""

    def __init__(self, labels: Iterable[str]) -> None:
        plain = [words for label in labels if (words := _words(label))]
        self.whole = frozenset(" ".join(words) for words in plain)
        self.acronyms = frozenset(w[0] for w in plain if len(w) == 1 and len(w[0]) < _SHORTEST_WORD and w[0].isascii())
        self.unspaced = tuple("".join(w) for w in plain if _UNSPACED.search(w[0]))
        self.phrases = frozenset(
            tuple(w) for w in plain if (len(w) > 1 and len("".join(w)) >= _SHORTEST_WORD) or len(w[0]) >= _SHORTEST_WORD
        )
        self.longest = max((len(phrase) for phrase in self.phrases), default=0)


@lru_cache(maxsize=64)
def _known(labels: frozenset[str]) -> _Known:
    return _Known(labels)


def _acronym(label: str, words: tuple[str, ...], known: _Known) -> bool:
    """COD with nothing beside it but fillers and sums, or in brackets behind the provider's name."""
    if _CARD.intersection(words) or _NOT_BEFORE.intersection(words):
        return False
    rest = [word for word in _words(_SUM.sub(" ", label)) if word not in _FILLERS]
    if len(rest) == 1 and rest[0] in known.acronyms:
        return True
    return any(" ".join(_words(inside)) in known.acronyms for inside in _BRACKETED.findall(label))


def _phrase(words: tuple[str, ...], known: _Known) -> bool:
    for start in range(len(words)):
        for end in range(start + 1, min(len(words), start + known.longest) + 1):
            if words[start:end] in known.phrases:
                denied = words[start - 1 : start] and words[start - 1] in _NOT_BEFORE
                return not denied and not _NOT_AFTER.intersection(words[end : end + 3])
    return False


def _unspaced(words: tuple[str, ...], known: _Known) -> bool:
    return any(label in word for word in words if _UNSPACED.search(word) for label in known.unspaced)


@lru_cache(maxsize=4096)
def _words(label: str) -> tuple[str, ...]:
    """The label's words, spelled plain: no case, no decorating marks, no signs; an id's underscores separate too."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", label).replace("İ", "i").casefold())
    text = unicodedata.normalize("NFC", _MARKS.sub("", folded)).translate(_PLAIN)
    dotted = re.sub(r"\b((?:\w\.){2,})", lambda found: found[1].replace(".", ""), text)  # c.o.d. is one word
    return tuple("".join(c if c.isalnum() or unicodedata.category(c) in ("Mn", "Mc") else " " for c in dotted).split())


def _folded(words: str) -> frozenset[str]:
    return frozenset(word for written in words.split() for word in _words(written))


#: Say that the money at the door is not, or not only, cash. Without a cash word beside them the label is no COD.
_CARD = _folded(
    """card cards credit debit pos terminal visa mastercard bizum tarjeta tarjetas datáfono cartão carte cartes cb carta
    bancomat karte kartenzahlung kaart pinnen kort karta kartę kartą karty kartou kártya kártyás bankkártyával cardul
    kartico karticom kartı kart kartla kredi карта карты карту картой картою картка карткою κάρτα بطاقة بالبطاقة البطاقة
    کارت کارڈ कार्ड কার্ড qr upi online prepaid prepago"""
)
_CASH = _folded(
    """cash efectivo metálico contado dinheiro espèces liquide contanti bar bargeld contant kontant kontanter gotówka
    gotówką hotově hotovost hotovosti készpénz készpénzzel numerar gotovina gotovinom наличными наличные готівка
    готівкою брой nakit μετρητά نقدا نقد كاش نقدی کیش नकद कैश নগদ ক্যাশ tunai tien"""
)
_NOT_BEFORE = _folded("no not non without sin sans senza ohne kein keine ikke inte bez fără без не بدون")
_NOT_AFTER = _folded("not unavailable disabled indisponible недоступна недоступно")

#: Beside an acronym ("COD payment", "free COD") these add nothing of their own.
_FILLERS = _folded(
    """payment pay paid method fee charge order orders free standard only available option pago pagamento paiement
    zahlung платеж оплата الدفع دفع with via by
    partial advance woocommerce wc"""
)
