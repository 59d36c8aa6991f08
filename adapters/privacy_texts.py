"""The privacy notice in the languages that there is one in, and the word for the link to it in all.

A shop answers for its notice by law: these texts say what Doorstep does, in the shop's name, and a shop that needs more has its own page.
"""

from __future__ import annotations

from typing import NamedTuple


class Notice(NamedTuple):
    """One language. {shop} {controller} {contact} {providers} {days} are filled in; `ever` stands for a time without end."""

    title: str
    who: str
    what: str
    where: str
    past: str
    kept: str
    conversations: str
    history: str
    bodies: str
    days: str
    ever: str
    rights: str
    ask: str
    ask_shop: str
    stop: str


NOTICES: dict[str, Notice] = {
    "en": Notice(
        title="Your data at {shop}",
        who="{controller} answers for your data. It is used to confirm and deliver your order, to answer you, and for nothing else.",
        what="Kept are your name, phone, e-mail and address, your order, what we wrote to each other, and who decided what about the order.",
        where="It is stored encrypted. To reach you it passes through: {providers}. It is not sold, and no machine of others learns from it.",
        past="Before an order is sent, what became of your earlier orders here is looked at. A bad sign never cancels an order by itself: a person decides, and you may object.",
        kept="How long:",
        conversations="messages and orders: {days} after the last one",
        history="how orders ended: {days}",
        bodies="messages that could not be read: {days}",
        days="{n} days",
        ever="until you ask for erasure",
        rights="You may see everything that is held about you, have it corrected or erased, and complain to your data protection authority.",
        ask="Write to {contact}. You get an answer within a month.",
        ask_shop="Answer any of our messages, or ask the shop. You get an answer within a month.",
        stop="Whoever writes STOP gets no more messages there; that this was said stays known, without your name.",
    ),
    "es": Notice(
        title="Tus datos en {shop}",
        who="{controller} responde de tus datos. Se usan para confirmar y entregar tu pedido y para contestarte, y para nada más.",
        what="Se guardan tu nombre, teléfono, correo y dirección, tu pedido, lo que nos hemos escrito y quién decidió qué sobre el pedido.",
        where="Se guardan cifrados. Para llegar a ti pasan por: {providers}. No se venden, y ninguna máquina ajena aprende de ellos.",
        past="Antes de enviar un pedido se mira cómo acabaron tus pedidos anteriores aquí. Una mala señal nunca cancela un pedido por sí sola: decide una persona, y puedes oponerte.",
        kept="Cuánto tiempo:",
        conversations="mensajes y pedidos: {days} desde el último",
        history="cómo acabaron los pedidos: {days}",
        bodies="mensajes que no se pudieron leer: {days}",
        days="{n} días",
        ever="hasta que pidas que se borren",
        rights="Puedes ver todo lo que se guarda sobre ti, pedir que se corrija o se borre, y reclamar ante la autoridad de protección de datos.",
        ask="Escribe a {contact}. Tendrás respuesta en un mes.",
        ask_shop="Contesta a cualquiera de nuestros mensajes o pregunta en la tienda. Tendrás respuesta en un mes.",
        stop="Quien escribe STOP no recibe más mensajes allí; que se dijo queda anotado, sin tu nombre.",
    ),
    "ar": Notice(
        title="بياناتك لدى {shop}",
        who="{controller} هو المسؤول عن بياناتك. تُستخدم لتأكيد طلبك وتوصيله وللرد عليك، ولا لشيء آخر.",
        what="نحفظ اسمك وهاتفك وبريدك وعنوانك وطلبك وما تبادلناه من رسائل، ومن قرر ماذا بشأن الطلب.",
        where="تُحفظ مشفرة. وللوصول إليك تمر عبر: {providers}. لا تُباع، ولا تتعلم منها آلة لغيرنا.",
        past="قبل إرسال الطلب ننظر كيف انتهت طلباتك السابقة هنا. لا تُلغي علامة سيئة طلبًا من تلقاء نفسها: يقرر شخص، ولك أن تعترض.",
        kept="كم من الوقت:",
        conversations="الرسائل والطلبات: {days} بعد آخرها",
        history="كيف انتهت الطلبات: {days}",
        bodies="رسائل تعذرت قراءتها: {days}",
        days="{n} يومًا",
        ever="إلى أن تطلب المحو",
        rights="يمكنك أن ترى كل ما نحفظه عنك، وأن تطلب تصحيحه أو محوه، وأن تشتكي إلى هيئة حماية البيانات.",
        ask="اكتب إلى {contact}. يصلك الرد خلال شهر.",
        ask_shop="أجب عن أي رسالة منا أو اسأل المتجر. يصلك الرد خلال شهر.",
        stop="من يكتب STOP لا تصله رسائل هناك بعد ذلك؛ ويبقى معروفًا أن ذلك قيل، دون اسمك.",
    ),
}

#: The link's word by language; the page itself is in English where there is no notice in that language.
LINK: dict[str, str] = {
    "en": "Your data", "es": "Tus datos", "ar": "بياناتك", "fr": "Vos données", "hi": "आपका डेटा", "ur": "آپ کا ڈیٹا",
    "bn": "আপনার তথ্য", "pt": "Os seus dados", "id": "Data Anda", "tr": "Verileriniz", "ru": "Ваши данные",
    "it": "I tuoi dati", "de": "Deine Daten", "nl": "Je gegevens", "pl": "Twoje dane", "ro": "Datele tale",
    "el": "Τα δεδομένα σου", "uk": "Ваші дані", "fa": "داده‌های شما", "ms": "Data anda", "vi": "Dữ liệu của bạn",
    "th": "ข้อมูลของคุณ", "fil": "Ang iyong datos", "sw": "Data yako",
}  # fmt: skip


def link(shop: str, lang: str) -> tuple[str, str]:
    """(address, word) of the link to a shop's notice."""
    language = lang.replace("_", "-").split("-")[0].lower()
    return f"/privacy/{shop}?lang={language}", LINK.get(language, LINK["en"])
