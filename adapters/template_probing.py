"""`check --online` for WhatsApp templates: is what config.yaml names there, and approved?"""

from __future__ import annotations

from collections.abc import Iterable

from adapters.wiring import Providers
from engine.check import Probe
from engine.clock import RunningClock
from engine.settings import Fault, Settings, Shop
from engine.templates import TemplatePlace
from flows.approvals import standings
from flows.standing import Standing

#: What mends a template that stands so; {name} and {lang} are ours.
_MENDS = {
    "pending": "WhatsApp looks at it: minutes, at most a day. Until then this is not sent outside the 24 h window.",
    "rejected": "Change the words (texts), then: python run.py templates submit {name} --lang {lang}",
    "paused": "It comes back by itself after some hours. Make the words plainer: a third pause is for good.",
    "gone": "It is not there, or switched off: python run.py templates submit {name} --lang {lang}, then put its new name here.",
}


def probes(settings: Settings) -> list[Probe]:
    """One for each block whose WhatsApp has templates."""
    found: dict[int, Probe] = {}
    for shop in settings.shops:
        blocks = settings.blocks(shop)
        name = blocks.channels.whatsapp
        block = getattr(blocks, name) if name else None
        named = getattr(block, "content_sids", None) or getattr(block, "templates", None)
        if name is not None and block is not None and named:
            found.setdefault(id(block), TemplateProbe(f"{settings.home(shop, name)[0]}.{_key(name)}", shop))
    return list(found.values())


def _key(provider: str) -> str:
    return "content_sids" if provider == "twilio" else "templates"


class TemplateProbe:
    """How does the provider see each template that this block names?"""

    def __init__(self, where: str, shop: Shop) -> None:
        self.name, self._shop = where, shop

    async def __call__(self, settings: Settings) -> Iterable[Fault]:
        providers = Providers(settings, RunningClock().now)
        try:
            place = next(p for p in providers.templates() if self._shop.id in p.shops)
            if place.lacks():
                return []  # said without the network
            found = standings(place.configured, await place.listed())
        finally:
            await providers.close()
        return [fault for one in found if (fault := self._fault(place, one)) is not None]

    def _fault(self, place: TemplatePlace, one: Standing) -> Fault | None:
        where = f"{self.name}.{one.name}.{one.lang}"
        if one.state in _MENDS:
            why = f" ({one.why})" if one.why else ""
            what = f"{place.provider} does not send this template now: {one.state}{why}"
            mend = _MENDS[one.state].format(name=one.name, lang=one.lang)
            return Fault(where, None, what, mend, "warning")
        if one.category not in ("", "UTILITY"):
            what = f"{place.provider} counts this template as {one.category.lower()}"
            mend = "It costs more and reaches fewer people: ask for a review, or make the words plainer."
            return Fault(where, None, what, mend, "warning")
        return None
