"""What the customer's page shows: masked facts, what may be done, every word from the catalogue in the customer's language."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from msgspec import Struct

from adapters.privacy_texts import link
from engine.ports import PageView
from flows.calendar import slots_for
from flows.explaining import for_page
from flows.hours import zone, zone_for
from flows.money import Money
from flows.offering import shown
from flows.orders import ASKABLE, Order
from flows.policy import Policy
from flows.wording import Value, languages, render
from flows.wording.catalogue import find

#: How far ahead a delivery day can be wished for.
DAYS_AHEAD = 21
#: Positions shown; an order of two hundred would hide the buttons.
_MOST_ITEMS = 12
_DOTS = "•••••"

OPEN_ACTIONS = ("cancel", "phone", "address", "time", "why", "object")

_environment = Environment(
    loader=PackageLoader("adapters", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Words:
    """The catalogue's page texts in one language: words("amount", total=Money(4990, "EUR")). `dir` is how they run."""

    def __init__(self, lang: str, policy: Policy) -> None:
        about = find(lang, policy.script)
        self.lang = f"{about.lang}-Latn" if about.name.endswith("_latn") else about.lang
        self.dir = "rtl" if about.about.rtl else "ltr"
        self._lang, self._policy = lang, policy

    def __call__(self, key: str, **values: Value) -> str:
        return self._rendered(f"page_{key}", "page", values)

    def of(self, template: str, **values: Value) -> str:
        """A text that is also sent: a chat's frame is the plain text itself."""
        return self._rendered(template, "whatsapp", values)

    def _rendered(self, template: str, channel: str, values: dict[str, Value]) -> str:
        given = {"shop": self._policy.name} | values
        policy = self._policy
        return render(template, channel, self._lang, given, overrides=policy.overrides, script=policy.script).text


class Facts(Struct, frozen=True):
    """What a stranger who finds the link may see: no surname, no address, two digits of the phone."""

    order_id: str
    name: str
    items: tuple[tuple[int, str], ...]
    more: int  # positions that are not shown
    total: Money
    phone: str


class Said(Struct, frozen=True):
    """One sentence above the forms. `good`: thanks; otherwise something to look at."""

    text: str
    good: bool = False


def facts_of(order: Order) -> Facts:
    fields = order.fields
    shown = tuple((item.quantity, item.title) for item in fields.items[:_MOST_ITEMS] if item.title)
    return Facts(
        order_id=order.id,
        name=fields.name.split()[0] if fields.name.split() else "",
        items=shown,
        more=max(0, len(fields.items) - _MOST_ITEMS),
        total=fields.total,
        phone=f"{_DOTS}{fields.phone[-2:]}" if fields.phone else "",
    )


def allowed(view: PageView, order: Order) -> frozenset[str]:
    """What may be pressed now. An e-mail's link never confirms: scanners open it, and From: proves nothing."""
    poll = view.conversation.poll
    if order.state == "delivered" and poll is not None and poll.order_id == order.id and not poll.score:
        return frozenset({f"score_{n}" for n in range(1, 6)})
    if not view.current or order.state in ("ignored", "shipped", "delivered", "returned"):
        return frozenset()
    if order.state == "cancelled":
        if order.shop_cancelled:
            return frozenset()
        return frozenset({"again" if view.channel == "email" else "confirm"})
    else:
        actions = frozenset(OPEN_ACTIONS) | ({"confirm"} if order.state in ASKABLE else set())
    return actions - {"confirm", "why", "object"} if view.channel == "email" else actions


def standing(view: PageView, order: Order, words: Words) -> Said | None:
    """What the page has to say by itself."""
    poll = view.conversation.poll
    if order.state == "delivered" and poll is not None and poll.order_id == order.id:
        return Said(words.of("poll_thanks"), good=True) if poll.score else None
    match order.state:
        case "shipped" | "delivered" | "returned":
            return Said(words("shipped"))
        case _ if not view.current:
            return Said(words("stale"))
        case "confirmed":
            return Said(words("done_confirmed"), good=True)
        case "cancelled":
            return Said(words("done_cancelled"))
        case _ if view.channel == "email":
            return Said(words("note_email"))
        case _:
            return None


def language_of(view: PageView, order: Order, policy: Policy) -> str:
    return view.conversation.language or order.fields.language or policy.language


def accepted_language(header: str, fallback: str) -> str:
    """The first language of an Accept-Language header that we speak."""
    known = languages()
    for entry in header.split(",")[:10]:
        tag = entry.partition(";")[0].strip()
        if tag.replace("_", "-").split("-")[0].lower() in known:
            return tag
    return fallback


def sheet(
    view: PageView,
    order: Order,
    policy: Policy,
    *,
    now: datetime,
    nonce: str,
    said: Said | None = None,
    sure: bool = False,
    why: bool = False,
    actions: frozenset[str] | None = None,
) -> str:
    """The page as HTML. `said` replaces the standing sentence; `sure` asks once more before cancelling; `why` shows the reasons."""
    words = Words(language_of(view, order, policy), policy)
    today = now.astimezone(zone(zone_for(order.fields.address.country, policy))).date()
    return _environment.get_template("page.html").render(
        words=words,
        facts=facts_of(order),
        said=said or standing(view, order, words),
        may=allowed(view, order) if actions is None else actions,
        again=order.state == "cancelled",
        sure=sure,
        reasons=reasons(view, order, policy, words) if why else "",
        nonce=nonce,
        first_day=today.isoformat(),
        couriers=bool(policy.after.couriers),
        slots=[(slot.text, shown(slot, words.lang)) for slot in slots_for(policy, order, now)],
        slot=order.slot.text if order.slot is not None else "",
        last_day=(today + timedelta(days=DAYS_AHEAD)).isoformat(),
        privacy=link(policy.shop, words.lang),
    )


def reasons(view: PageView, order: Order, policy: Policy, words: Words) -> str:
    """Why the shop looks twice at this order, for whoever holds the link: no more of a detail than the page shows elsewhere."""

    def conceal(kind: str, typed: str) -> str:
        match kind:
            case "phone":
                return f"{words('label_number')} {_DOTS}{typed[-2:]}"
            case "email":
                return f"{typed[:1]}{_DOTS}@{typed.rpartition('@')[2]}"
            case "name":
                return typed.split()[0] if typed.split() else ""
            case _:
                return words("label_address")

    return for_page(view.conversation, order, policy, language_of(view, order, policy), conceal)


def gone(lang: str, policy: Policy) -> str:
    """The one page for every link that leads nowhere, whatever the reason."""
    return _environment.get_template("gone.html").render(words=Words(lang, policy))


def stylesheet() -> str:
    return resources.files("adapters").joinpath("templates/page.css").read_text("utf-8")


def template(name: str) -> Callable[..., str]:
    """A template of this folder, to be called with its values."""
    return _environment.get_template(name).render
