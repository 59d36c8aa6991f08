"""docs/cookbook.md: conversations as they go, in the texts of the wording catalogue itself."""

from __future__ import annotations

from collections.abc import Iterator

#: Title, about, lines. A line is (who, what): "us" names a template and its channel, the others speak.
Line = tuple[str, str] | tuple[str, str, str]
TALKS: tuple[tuple[str, str, str, tuple[Line, ...]], ...] = (
    ("Yes, at once", "en", "The plain case: one text, one key.",
     (("us", "confirm_words", "sms"), ("customer", "YES"), ("us", "confirmed", "sms"))),
    ("Nobody answers", "en", "SMS, then WhatsApp, then e-mail, each after its wait; then a card in the group, two calls, and the end.",
     (("us", "confirm_digits", "sms"), ("later", "four hours"), ("us", "confirm", "whatsapp"), ("later", "four hours"),
      ("us", "confirm_email", "email"), ("later", "twelve hours; two calls by staff, unanswered"), ("us", "cancelled_no_answer", "sms"))),
    ("Another time", "es", "A wish is heard, and the order is confirmed with it.",
     (("us", "confirm_words", "sms"), ("customer", "sí pero mejor por la tarde"), ("us", "confirmed", "sms"))),
    ("Second thoughts", "en", "Until the parcel leaves a cancellation can be taken back.",
     (("us", "confirm_words", "sms"), ("customer", "CANCEL"), ("us", "cancelled_by_customer", "sms"), ("customer", "sorry, yes please"),
      ("us", "reopened", "sms"))),
    ("In Arabic, on WhatsApp", "ar", "Where texts cannot be answered, WhatsApp is first.",
     (("us", "confirm", "whatsapp"), ("customer", "نعم"), ("us", "confirmed", "whatsapp"))),
    ("In Hindi, in Latin letters", "hi-Latn", "As it is written on phones.",
     (("us", "confirm_words", "sms"), ("customer", "haan bhej do"), ("us", "confirmed", "sms"))),
)  # fmt: skip


def page() -> str:
    """The whole page."""
    parts = ["# Cookbook of conversations\n"]
    parts.append(
        "This page is written from the program by `make docs`; a test compares. The texts are those that go out; names, numbers and"
    )
    parts.append("amounts are invented. Play any of it with `make run`.")
    for title, lang, about, lines in TALKS:
        parts.append(f"\n## {title}\n")
        parts.append(f"{about}\n")
        for line in lines:
            parts += _said(line, lang)
    return "\n".join(parts) + "\n"


def _said(line: Line, lang: str) -> Iterator[str]:
    from flows.wording import preview

    who, what = line[0], line[1]
    if who == "later":
        yield f"*{what} later*\n"
    elif who == "customer":
        yield f"**Customer:** {what}\n"
    else:
        channel = line[2] if len(line) > 2 else "sms"
        shown = dict(preview(what, lang))[channel]
        name = {"sms": "SMS", "whatsapp": "WhatsApp", "email": "E-mail"}[channel]
        yield f"**{name}** ({what}):\n"
        for row in shown.text.splitlines():
            yield f"> {row}  " if row else ">"
        if shown.buttons:
            yield ">\n> " + " ".join(f"`{button.title}`" for button in shown.buttons)
        yield ""
