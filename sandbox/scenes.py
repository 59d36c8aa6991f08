"""The scenes of the playground: short scripted beginnings, each a list of requests to the page's own routes.

The page plays them one by one with a line of explanation; `curl` can do the same. In a body, "$phone" and "$email" are the scene's
own new customer, "$id" the order that was placed, "$lang" the language that the page is switched to.
"""

from __future__ import annotations

import dataclasses
from typing import Any

Json = dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One request: `route` below /sandbox/ with its JSON `body`; `says` is what the onlooker reads meanwhile.

    `look`: what the page shows then: sms, whatsapp, mail, group, owner, shop. `until`: the app of the phone, or the chat, in which
    something new has to stand before the scene goes on.
    """

    says: str
    route: str = ""
    body: Json = dataclasses.field(default_factory=dict)
    look: str = ""
    until: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Scene:
    """`country`: the customer's; `language`: the one that the scene needs, empty where any does. `then`: what to try next."""

    name: str
    title: str
    about: str
    steps: tuple[Step, ...]
    then: str
    country: str = "ES"
    language: str = ""


_ITEM = {"sku": "LAMP-02", "title": "Reading lamp, brass", "quantity": 1, "price": "44.80"}
_BROKEN = "وصل الطرد مكسوراً وأريد استرداد نقودي"
_PLACES = {
    "ES": ("EUR", {"line1": "Calle de la Luna 14", "city": "Madrid", "postcode": "28004", "country": "ES"}),
    "AE": ("AED", {"line1": "برج النخيل، شارع الشيخ زايد", "city": "دبي", "country": "AE"}),
}


def _order(name: str, country: str = "ES") -> Json:
    currency, address = _PLACES[country]
    order = {
        "name": name, "phone": "$phone", "email": "$email", "total": "44.80", "currency": currency, "payment": "cod",
        "language": "$lang", "address": address, "items": [_ITEM], "consent": {"whatsapp": True},
    }  # fmt: skip
    return {"order": order}


def _places(name: str, until: str, says: str, country: str = "ES") -> Step:
    return Step(says, "order", _order(name, country), until, until)


def _writes(channel: str, text: str, says: str, look: str = "", until: str = "") -> Step:
    return Step(says, "reply", {"phone": "$phone", "channel": channel, "text": text}, look, until)


def _fact(facts: list[str], says: str) -> Step:
    return Step(says, "fault", {"phone": "$phone", "facts": facts})


def _reports(kind: str, says: str) -> Step:
    return Step(says, "event", {"id": "$id", "type": kind})


SCENES: tuple[Scene, ...] = (
    Scene(
        "phantom", "A phantom", "Orders, and never answers anybody.",
        (
            _places("Hugo Sanz", "sms", "An order comes in: the customer is asked by SMS at once."),
            Step("Four hours and no answer: WhatsApp is next.", "skip", {"until": "whatsapp", "for": "$phone"}, "whatsapp", "whatsapp"),
            Step("Again nothing: an e-mail.", "skip", {"until": "email", "for": "$email"}, "mail", "mail"),
            Step("Nobody there: the order becomes a card in the staff group.", "skip", {"until": "group"}, "group", "group"),
        ),
        "Press No answer on the card, Skip 4 hours, press it again: two unanswered calls cancel the order, and the customer hears it.",
    ),
    Scene(
        "good", "A good customer", "Answers at once, and the parcel goes.",
        (
            _places("Alba Nieto", "sms", "An order comes in, and within seconds the text is on the phone."),
            _writes("sms", "1", "She answers with one key.", "sms", "sms"),
            _reports("shipped", "The order is confirmed, the shop has heard it, and sends the parcel."),
            Step("What the shop heard stands here.", look="shop"),
        ),
        "In the story, let the shop report “delivered”. Two days later she is asked how it was.",
    ),
    Scene(
        "haggler", "A haggler", "Wants it cheaper.",
        (
            _places("Bruno Vidal", "sms", "An order comes in: the customer is asked by SMS."),
            _writes("sms", "$haggle", "He would take it for less.", "sms", "sms"),
        ),
        "Answer YES to take the offer, or haggle on: the next step of the settings comes, then a person.",
    ),
    Scene(
        "complaint", "A complaint in Arabic", "It arrived broken; the owner hears of it.",
        (
            _places("مريم الكعبي", "whatsapp", "Texts to her country cannot be answered, so she is asked on WhatsApp.", "AE"),
            _writes("whatsapp", "نعم", "She says yes.", "whatsapp", "whatsapp"),
            _reports("shipped", "The parcel leaves …"),
            _reports("delivered", "… and arrives."),
            _writes("whatsapp", _BROKEN, "It is broken: she wants her money back.", "whatsapp", "whatsapp"),
            Step("She is told by when a person answers. The owner has it in the private chat, with buttons.", look="owner", until="owner"),
        ),
        "As the owner: reply to the message in words, or press Refund. She reads it on WhatsApp.", "AE", "ar",
    ),
    Scene(
        "wrong-number", "A wrong number", "The text reaches a stranger.",
        (
            _places("Inés Blanco", "sms", "The text goes to the number that was typed at the checkout."),
            _writes("sms", "$stranger", "Whoever reads it never ordered anything.", "sms", "sms"),
            Step("Nobody writes there again; the card asks staff, and the mailbox is still good.", look="group"),
        ),
        "Go to the next timer: the customer is asked by e-mail, and can give the right number on the page behind its link.",
    ),
    Scene(
        "no-whatsapp", "Not on WhatsApp", "The second step finds nobody.",
        (
            _fact(["no_whatsapp"], "This number has no WhatsApp."),
            _places("Tomás Prieto", "sms", "The text stays unanswered …"),
            Step("… WhatsApp finds nobody, so the e-mail goes at once.", "skip", {"until": "email", "for": "$email"}, "mail", "mail"),
        ),
        "Open the link of the mail: the customer's own page answers, changes or cancels.",
    ),
    Scene(
        "courier-failed", "The courier failed", "Nobody at home.",
        (
            _places("Sara Molina", "sms", "An order comes in."),
            _writes("sms", "1", "She confirms.", "sms", "sms"),
            _reports("shipped", "The parcel leaves."),
            Step("The courier rings: nobody is at home.", "courier", {"id": "$id", "failed": "not_home"}, "sms", "sms"),
        ),
        "Answer with one of the days: shop and courier hear of it.",
    ),
    Scene(
        "provider-down", "A provider is down", "Twilio refuses everything.",
        (
            Step("Twilio answers 503 to everything.", "fault", {"provider": "twilio", "kind": "down"}),
            Step("An order comes in. Did the text leave before the line broke? Nobody can know.", "order", _order("Marta Gil"), "sms"),
            Step("Twilio is back.", "fault", {"mend": True, "provider": "twilio"}),
            Step(
                "Nothing is sent twice: Twilio is asked for its list, and when that does not know it, WhatsApp asks instead.",
                "skip", {"until": "whatsapp", "for": "$phone"}, "whatsapp",
            ),
        ),
        "Make trouble breaks it in nastier ways: it takes the text, then the line breaks. The customer still gets it once.",
    ),
)  # fmt: skip

#: What the customer of a scene says, by language; English where there is no other.
PHRASES: dict[str, dict[str, str]] = {
    "haggle": {
        "en": "Too expensive. Can you make it cheaper?",
        "es": "Es muy caro. ¿Me hace un descuento?",
        "fr": "C'est trop cher. Vous me faites une remise ?",
        "pt": "Está caro. Faz um desconto?",
        "de": "Zu teuer. Geht es billiger?",
        "ar": "السعر غالي، ممكن خصم؟",
        "hi": "बहुत महंगा है, कुछ कम कीजिए",
        "hi-Latn": "bahut mehnga hai, thoda kam karo",
    },
    "stranger": {
        "en": "Wrong number, I did not order anything",
        "es": "Número equivocado, no he pedido nada",
        "fr": "Mauvais numéro, je n'ai rien commandé",
        "pt": "Número errado, não pedi nada",
        "de": "Falsche Nummer, ich habe nichts bestellt",
        "ar": "الرقم غلط، لم أطلب شيئا",
        "hi": "गलत नंबर, मैंने कुछ ऑर्डर नहीं किया",
        "hi-Latn": "galat number, maine kuch order nahi kiya",
    },
}

#: The switch of languages and scripts on the page: BCP 47 -> its own name, and whether it is written from right to left.
LANGUAGES: dict[str, tuple[str, bool]] = {
    "en": ("English", False), "es": ("Español", False), "pt": ("Português", False), "fr": ("Français", False), "de": ("Deutsch", False),
    "it": ("Italiano", False), "pl": ("Polski", False), "ro": ("Română", False), "tr": ("Türkçe", False), "ru": ("Русский", False),
    "uk": ("Українська", False), "el": ("Ελληνικά", False), "ar": ("العربية", True), "fa": ("فارسی", True), "ur": ("اردو", True),
    "ur-Latn": ("Urdu (Latin letters)", False), "hi": ("हिन्दी", False), "hi-Latn": ("Hindi (Latin letters)", False), "bn": ("বাংলা", False),
    "bn-Latn": ("Bangla (Latin letters)", False),
    "id": ("Bahasa Indonesia", False), "ms": ("Bahasa Melayu", False),
    "vi": ("Tiếng Việt", False),
    "th": ("ไทย", False), "fil": ("Filipino", False), "sw": ("Kiswahili", False), "nl": ("Nederlands", False),
}  # fmt: skip


def shown() -> Json:
    """The scenes with phrases and languages, as the page fetches them."""
    return {
        "scenes": [dataclasses.asdict(scene) for scene in SCENES],
        "phrases": PHRASES,
        "languages": {tag: {"name": name, "rtl": rtl} for tag, (name, rtl) in LANGUAGES.items()},
    }
