"""Which texts there are: for each its channels, the values it must and may carry, and its buttons on WhatsApp.

The flow gives every value under `needs`; a language may leave one of them out only where `check` allows it. Families:
`*_words` is answered with words, `*_digits` with 1, 2, 3 (for senders that take a word as opt-out), `*_link` on the page
(for countries where no reply arrives, and for e-mail).
"""

from __future__ import annotations

from msgspec import Struct

#: The words a text may offer, spelled by its own catalogue (`word_yes` ...), so the flow does not pass them.
WORDS = ("yes", "no", "change", "cancel")


class Spec(Struct, frozen=True):
    """One template. `needs` and `may` name values; `proactive` may open a WhatsApp conversation, so it is submitted to Meta."""

    channels: tuple[str, ...]
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    buttons: tuple[str, ...] = ()
    proactive: bool = False
    greets: bool = False  # opens with its own hello, so an e-mail needs no second one
    bounded: bool = True  # an SMS of it keeps to one segment (GSM-7) or two (UCS-2) with the fixed sample


_SMS = ("sms",)
_TALK = ("sms", "whatsapp", "email")
_LINK = ("sms", "email")
_DEAL = ("take", "leave")
_CONFIRM = ("yes", "change", "cancel")


def _spec(
    channels: tuple[str, ...], needs: str = "", may: str = "", buttons: tuple[str, ...] = (), **more: bool
) -> Spec:
    return Spec(channels, tuple(needs.split()), tuple(may.split()), buttons, **more)


def _asks(prefix: str) -> dict[str, Spec]:
    """The ladder's question, in each of its forms."""
    return {
        f"{prefix}_words": _spec(_SMS, "shop order total", "name"),
        f"{prefix}_digits": _spec(_SMS, "shop order total", "name"),
        f"{prefix}_link": _spec(_SMS, "shop order total link", "name"),
        prefix: _spec(("whatsapp",), "shop order total", "name items address", _CONFIRM, proactive=True),
        f"{prefix}_email": _spec(("email",), "shop order total link", "name items address number"),
    }


SPECS: dict[str, Spec] = {
    **_asks("confirm"),
    **_asks("reconfirm"),
    # decisions told
    "confirmed": _spec(_TALK, "order total", "name delivery link", proactive=True),
    "trusted_confirmed": _spec(_TALK, "shop order total", "name", ("change", "not_me"), proactive=True, greets=True),
    "trusted_confirmed_link": _spec(_LINK, "shop order total link", "name", greets=True),
    "reopened": _spec(_TALK, "order total", "delivery"),
    "reopen_handed": _spec(_TALK, "shop order", "hours"),
    "cancelled_by_customer": _spec(_TALK, "order", "", ("again",), proactive=True),
    "cancelled_by_customer_link": _spec(_LINK, "shop order link"),
    "cancelled_by_shop": _spec(_TALK, "shop order", "", proactive=True),
    "cancelled_no_answer": _spec(_TALK, "shop order", "", ("again",), proactive=True),
    "cancelled_no_answer_link": _spec(_LINK, "shop order link"),
    "cancelled_optout": _spec(("whatsapp",), "shop order", "", ("again",), proactive=True),
    "cancelled_optout_link": _spec(_LINK, "shop order link"),
    "already_confirmed": _spec(_TALK, "order"),
    "already_cancelled": _spec(_TALK, "order", "", ("again",)),
    "too_late_dispatched": _spec(_TALK, "order", "hours"),
    "stale_button": _spec(_TALK),
    # questions back
    "no_what": _spec(_TALK, "order", "", ("change", "cancel")),
    "change_what": _spec(_TALK, "order", "link", ("change_phone", "change_address", "change_time")),
    "which_order": _spec(_TALK, "count list", bounded=False),
    "unclear": _spec(_TALK, "order total", "", _CONFIRM),
    "unclear_digits": _spec(_TALK, "order total", "", _CONFIRM),
    "why_cancel": _spec(_TALK),
    "poll": _spec(_TALK, "shop order", "", proactive=True),
    "poll_link": _spec(_LINK, "shop order link"),
    "poll_shop": _spec(_TALK, "shop"),  # no utility message: never opens a WhatsApp conversation
    "poll_why": _spec(_TALK, "shop"),
    "poll_thanks": _spec(_TALK),
    "poll_review": _spec(_TALK, "link"),
    "welcome_back": _spec(_TALK, "", "name order offer", greets=True, bounded=False),
    # changes
    "number_ask": _spec(_TALK, "order"),
    "number_bad": _spec(_TALK),
    "new_number_ok": _spec(_TALK, "order number"),
    "new_number_ask": _spec(_TALK, "shop order total", "", ("yes", "not_me"), proactive=True, greets=True),
    "new_number_ask_link": _spec(_SMS, "shop order total link"),
    "old_number_told": _spec(_TALK, "shop order number", proactive=True, greets=True),
    "second_number_ask": _spec(_TALK, "order"),
    "prepay_ask": _spec(_TALK, "order total link"),
    "deal_price": _spec(_TALK, "order price total", "", _DEAL),
    "deal_prepay": _spec(_TALK, "order price total", "", _DEAL),
    "deal_gift": _spec(_TALK, "order gift total", "", _DEAL, bounded=False),
    "deal_later": _spec(_TALK, "order total", "", _DEAL),
    "deal_done": _spec(_TALK, "order total", "gift", ("undo",), bounded=False),
    "deal_pay": _spec(_TALK, "order price total link"),
    "deal_no": _spec(_TALK, "order total"),
    "new_address_ask": _spec(_TALK, "order", "link"),
    "address_ask": _spec(_TALK, "order", "address link"),
    "address_ok": _spec(_TALK, "order address", "", ("undo",), bounded=False),
    "time_ask": _spec(_TALK, "order", "hours link"),
    "time_ok": _spec(_TALK, "order when", "", ("undo",)),
    "time_bad": _spec(_TALK, "hours"),
    "slot_ask": _spec(_TALK, "order list", bounded=False),
    "slot_near": _spec(_TALK, "order list", bounded=False),
    "slot_exact": _spec(_TALK, "order when", "", ("undo",)),
    "undone": _spec(_TALK, "order"),
    "later_ok": _spec(_TALK, "order when"),
    "not_me_ok": _spec(_TALK),
    # people
    "handed_over": _spec(_TALK, "shop", "hours"),
    "stranger": _spec(_TALK, "shop", "hours", greets=True),
    "complaint_ack": _spec(_TALK, "shop by", "hours"),
    "solved_ask": _spec(_TALK, "shop"),
    # to the owners' own phones, when Telegram did not reach them
    "owner_alert": _spec(_LINK, "shop count", "order"),
    "owner_blind": _spec(_LINK, "shop"),
    # returns and exchanges, and what is out of stock (flows/returning.py)
    "return_ask": _spec(("sms", "whatsapp"), "order"),
    "replace_ok": _spec(_TALK, "order"),
    "refund_ok": _spec(_TALK, "order total"),
    "out_of_stock_ask": _spec(("sms", "whatsapp"), "order"),
    "wait_ok": _spec(_TALK, "order"),
    "item_change_handed": _spec(_TALK, "shop order", "hours"),
    "discount_handed": _spec(_TALK, "shop", "hours"),
    "call_me_ok": _spec(_TALK, "shop", "hours"),
    "review_wait": _spec(_TALK, "shop order", "", proactive=True),
    "blocked_polite": _spec(_TALK, "shop order", "hours", proactive=True),
    # what speaks for a closer look, to the customer who asks (flows/explaining.py)
    "reasons_told": _spec(
        _TALK, "shop order", "back missed late open details big many before door person hours", bounded=False
    ),
    "reasons_none": _spec(_TALK, "shop", "order link", bounded=False),
    "missed_call": _spec(_TALK, "shop order", "number", ("call_me",), proactive=True, greets=True),
    "missed_call_link": _spec(_LINK, "shop order link", "number"),
    # consent and small talk
    "help": _spec(_TALK, "shop", "hours"),
    "stopped_other_channel": _spec(("whatsapp", "email"), "shop order", "link", proactive=True),
    "started": _spec(_TALK, "shop"),
    "thanks_reply": _spec(_TALK),
    "greeting_reply": _spec(_TALK, greets=True),
    # where is my order
    "status_pending": _spec(_TALK, "order total", "", _CONFIRM),
    "status_confirmed": _spec(_TALK, "order", "delivery"),
    "status_shipped": _spec(_TALK, "order", "tracking"),
    "status_delivered": _spec(_TALK, "order", "when"),
    "status_cancelled": _spec(_TALK, "order"),
    # delivery
    "shipped_news": _spec(_TALK, "shop order total", "tracking", proactive=True),
    "out_for_delivery": _spec(_TALK, "shop order total", "window", proactive=True),
    "delivered_thanks": _spec(_TALK, "shop order", "", proactive=True),
    "shipped_paid": _spec(_TALK, "shop order", "tracking", proactive=True),
    "out_paid": _spec(_TALK, "shop order", "window", proactive=True),
    "plan_today": _spec(("page",), "days window"),  # a sentence inside `confirmed`
    "plan_later": _spec(("page",), "ship days window"),
    "plan_slot": _spec(("page",), "when"),
    # second thoughts, failed attempts
    "still_want": _spec(_TALK, "shop order total", "", ("keep", "later", "cancel"), proactive=True),
    "still_want_link": _spec(_LINK, "shop order link"),
    "replan": _spec(_TALK, "shop order", "list", proactive=True, bounded=False),
    "replan_address": _spec(_TALK, "shop order", "list", proactive=True, bounded=False),
    "replan_ok": _spec(_TALK, "order what", bounded=False),
    "replan_off": _spec(_TALK, "shop order"),
    # other people's words, passed on as they are
    "faq_answer": _spec(_TALK, "answer", bounded=False),
    "staff_message": _spec(_TALK, "text", bounded=False),
    "staff_words": _spec(("whatsapp",), "shop order text", proactive=True),  # the same outside the 24 h window
    # news to many (flows/noticing.py)
    "notice": _spec(_TALK, "shop order text", proactive=True, greets=True, bounded=False),
    # spoken on the phone (flows/calls_out.py)
    "voice_ask": _spec(("voice",), "shop order total"),
    "voice_ok": _spec(("voice",), "order"),
    "voice_cancelled": _spec(("voice",), "order"),
    "voice_staff": _spec(("voice",), "shop"),
}

_PAGE_VALUES = {
    "page_title": "shop",
    "page_intro": "order",
    "page_amount": "total",
    "page_gone": "shop",
    "page_done_number": "number",
    "page_done_address": "address",
    "page_done_time": "when",
    "page_sure_cancel": "order",
}
_PAGE = (
    *(
        "title",
        "intro",
        "amount",
        "question",
        "confirm",
        "cancel",
        "change_number",
        "change_address",
        "change_time",
        "save",
    ),
    *("back", "sure_cancel", "yes_cancel", "order_again", "note_email", "gone", "shipped", "stale"),
    *("done_confirmed", "done_cancelled", "done_number", "done_address", "done_time"),
    *("label_number", "label_address", "label_city", "label_postcode", "label_day", "label_hour"),
    *("bad_number", "bad_address", "bad_time", "why", "send"),
)

SPECS.update({f"page_{key}": _spec(("page",), _PAGE_VALUES.get(f"page_{key}", "")) for key in _PAGE})

#: Catalogue entries that are no template by themselves: words, button titles, the frame of an e-mail.
PIECES: dict[str, Spec] = {
    **{f"word_{word}": _spec(()) for word in WORDS},
    **{
        f"button_{verb}": _spec(())
        for verb in [
            "yes",
            "change",
            "cancel",
            "again",
            "change_phone",
            "change_address",
            "change_time",
            "not_me",
            "undo",
            "call_me",
            "take",
            "leave",
            "keep",
            "later",
        ]
    },
    **{f"option_{kind}": _spec(()) for kind in ("neighbour", "pickup", "cancel")},
    "subject": _spec(("email",), "shop", "order"),
    "confirm_email.subject": _spec(("email",), "shop order"),
    "reconfirm_email.subject": _spec(("email",), "shop order"),
    "email_greeting": _spec(("email",), "", "name"),
    "address_ask.whatsapp": _spec(("whatsapp",), "order", "address link"),
}
