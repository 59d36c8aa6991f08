"""Answers that decide nothing: where the order is, the shop's own answers to common questions, a greeting, a thank-you."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from flows import hours, news
from flows.effects import Value
from flows.events import CustomerWrote
from flows.orders import ASKABLE, Order
from flows.talk import answer, to_staff
from flows.turn import Turn
from flows.wording import Moment
from flows.wording.values import moment_text

#: A greeting and thanks are answered once in so long: two machines must not thank each other all night.
POLITE_ONCE = timedelta(hours=12)

#: Topic of the shop's faq -> beginnings of words that ask for it, in the languages where cash on delivery lives.
_TOPICS: dict[str, tuple[str, ...]] = {
    "delivery_cost": (
        "shipping", "delivery charge", "delivery cost", "delivery fee", "fee", "charges", "envio", "envío", "gastos",
        "livraison coûte", "frais", "frete", "ongkir", "kargo ücret", "стоимость доставки", "сколько стоит доставка",
        "رسوم", "تكلفة", "مصاريف", "سعر التوصيل", "سعر الشحن", "ثمن التوصيل", "بكم التوصيل", "كم التوصيل", "كم الشحن",
        "डिलीवरी चार्ज", "शिपिंग", "ڈیلیوری چارج", "ডেলিভারি চার্জ", "versandkosten",
    ),
    "delivery_time": (
        "how long", "how many days", "when will", "delivery time", "arrive", "cuándo", "cuando", "cuánto tarda", "quand",
        "combien de temps", "quanto tempo", "quando", "berapa lama", "kapan", "ne zaman", "kaç gün", "когда", "сколько дней",
        "متى", "كم يوم", "وقت", "كم يستغرق", "كم تستغرق", "كم مدة", "كم المدة", "مدة التوصيل",
        "कब", "कितने दिन", "kab", "kitne din", "کب", "کتنے دن", "কবে", "কতদিন", "wann", "wie lange",
    ),
    "returns": (
        "return", "refund", "exchange", "devol", "cambio", "retour", "rembours", "échange", "troca", "reembolso", "kembali",
        "tukar", "iade", "değişim", "возврат", "вернуть", "обмен", "إرجاع", "ارجاع", "استرجاع", "تبديل", "استبدال",
        "वापस", "वापसी", "रिफंड", "wapas", "واپس", "ফেরত", "rückgabe", "umtausch",
    ),
    "pickup": (
        "pick up", "pickup", "pick it up", "collect", "store address", "recog", "tienda", "magasin", "boutique", "retirer",
        "retirar", "loja", "ambil", "toko", "mağaza", "самовывоз", "забрать", "магазин", "استلام", "المحل", "المتجر",
        "दुकान", "dukaan", "دکان", "দোকান", "abhol", "laden",
    ),
}  # fmt: skip
_SPACE = re.compile(r"[\s_-]+")


def status(turn: Turn, event: CustomerWrote, order: Order) -> None:
    """Where the order is, from its state."""
    values: dict[str, Value] = {}
    if order.state == "returned":
        to_staff(turn, event, order, "reply.order_status")  # whether it can come once more is a person's to say
        return
    if order.state == "shipped" and order.tracking:
        values["tracking"] = order.tracking
    if order.state == "confirmed":
        values |= news.plan(turn, order) or _wish(order, turn.language)
    kind = {"flagged": "pending", "held": "pending", "ignored": "confirmed"}
    answer(turn, event, f"status_{kind.get(order.state, order.state)}", order, **values)


def _wish(order: Order, lang: str) -> dict[str, Value]:
    """The time that they wished for, its day in their own words."""
    day, _, window = order.wish.partition(" ")
    try:
        noon = datetime.combine(date.fromisoformat(day), time(12), UTC)
    except ValueError:
        return {"delivery": order.wish} if order.wish else {}
    return {"delivery": f"{moment_text(Moment(noon, 'UTC', 'day'), lang)} {window}".strip()}


def faq(turn: Turn, event: CustomerWrote, order: Order | None) -> bool:
    """Answer from the shop's own short answers, where the words point at exactly one of them; False: a person answers."""
    answers = _answers(turn)
    words = _SPACE.sub(" ", event.text.casefold())
    found = {topic for topic in answers if _asks_for(topic, words)}
    if len(found) != 1:
        return False
    topic = found.pop()
    turn.note("faq", order.id if order else "", by="customer", via=event.channel, topic=topic)
    return bool(answer(turn, event, "faq_answer", order, answer=answers[topic]))


def delivery_time(turn: Turn) -> str:
    """When parcels come, in the shop's own words (faq: delivery_time); "" where it says nothing."""
    return _answers(turn).get("delivery_time", "")


def _answers(turn: Turn) -> dict[str, str]:
    """The shop's answers in the customer's language, else in the shop's."""
    faq_ = turn.policy.faq
    return faq_.get(turn.language) or faq_.get(turn.language.split("-")[0]) or faq_.get(turn.policy.language) or {}


def _asks_for(topic: str, words: str) -> bool:
    known = (*_TOPICS.get(topic, ()), _SPACE.sub(" ", topic.casefold()))
    return any(re.search(rf"(?<!\w){re.escape(word)}", words) for word in known)


def polite(turn: Turn, event: CustomerWrote, intent: str, order: Order | None) -> None:
    """A greeting or thanks: answered in a few words, once; who still owes an answer is reminded of the question."""
    if intent == "greeting" and order is not None and order.promise_by is not None:
        to_staff(turn, event, order, "reply.greeting")  # "hello??": an answer was promised, and they wait for it
        return
    last = turn.was.polite_at
    turn.note("small_talk", by="customer", via=event.channel, intent=intent)
    if last is not None and turn.now - last < POLITE_ONCE:
        return
    turn.set(polite_at=turn.now)
    if order is None or order.state not in ASKABLE or event.channel == "email":
        answer(turn, event, f"{intent}_reply", order)
    else:
        answer(turn, event, "status_pending", order)


def moment(turn: Turn, order: Order, at: object) -> Moment:
    """On the customer's clock."""
    zone = hours.zone_for(order.fields.address.country, turn.policy)
    return Moment(at=at, zone=zone, style="daytime")  # type: ignore[arg-type]
