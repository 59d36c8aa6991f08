"""/settings in the owner's private chat: what lies over the settings file now, how to take it back, and what may be set.

A menu changes nothing by itself: each choice is asked about once more, and only that yes is an event (bot/acts.py). What may be
set, and by whom, the desk decides (flows/wishes.py).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot.composing import plain_html
from bot.shop_codes import code_of
from bot.words import Words
from engine.ports import Front
from flows import hours
from flows.desk import Desk
from flows.policy import Policy
from flows.wishes import CHANNELS, NO_END, read_quiet
from flows.wording import Moment

#: What the buttons of this menu say: open a page of it, ask "really?".
MENU, ASK = "menu", "ask"
AWAY_DAYS = (1, 2, 3, 7)
QUIET = ("20:00-09:00", "21:00-09:00", "22:00-08:00", "off")
#: So many days from tomorrow on can be closed with one press; any other is written.
NEXT_DAYS = 6
#: Pauses: hours, and without an end.
PAUSES = (1, 4, 24)

#: Digits of such a moment: until the year 3871.
MINUTES_MOST = 9

#: Text and the rows under it.
Page = tuple[str, InlineKeyboardMarkup]
Rows = list[list[InlineKeyboardButton]]


def data(what: str, shop: str, value: str = "") -> str:
    return f"d:{what}:{code_of(shop)}:{value}"


def _button(text: str, what: str, shop: str, value: str = "") -> InlineKeyboardButton:
    return InlineKeyboardButton(text=text, callback_data=data(what, shop, value))


def minutes(moment: datetime) -> str:
    """A moment as a button carries it: minutes of the epoch."""
    return str(int(moment.timestamp()) // 60)


def day_text(words: Words, policy: Policy, day: str) -> str:
    """An ISO date in the reader's words."""
    noon = datetime.combine(date.fromisoformat(day), time(12), hours.zone(policy.zone))
    return words.moment(Moment(at=noon, zone=policy.zone, style="day"))


def moment_text(words: Words, policy: Policy, at: datetime) -> str:
    return words.moment(Moment(at=at, zone=policy.zone, style="daytime"))


class SettingsMenu:
    """The pages of one shop's menu."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def page(self, policy: Policy, words: Words, name: str = "") -> Page:
        """The first page, or the choices of "away", "quiet", "holiday", "pause"."""
        desk = await self._front.desk(policy.shop)
        now = self._front.now()
        match name:
            case "away":
                return self._choices(words, policy, name, self._away(policy, words, now))
            case "quiet":
                return self._choices(words, policy, name, self._quiet(policy, words))
            case "holiday":
                return self._choices(words, policy, name, self._holidays(policy, desk, words, now))
            case "pause":
                return self._choices(words, policy, name, self._pauses(policy, desk, words, now))
        return self._first(policy, desk, words)

    def _first(self, policy: Policy, desk: Desk, words: Words) -> Page:
        lines, back = self._lying(policy, desk, words)
        shown = [words.say("settings", {"shop": policy.name}), *(lines or [words.say("settings.none")])]
        rows = [[_button(words.say(f"button.set_{name}"), MENU, policy.shop, name)] for name in
                ("away", "quiet", "holiday", "pause")]  # fmt: skip
        return plain_html(*shown), InlineKeyboardMarkup(inline_keyboard=[*back, *rows])

    def _lying(self, policy: Policy, desk: Desk, words: Words) -> tuple[list[str], Rows]:
        """What lies over the file now, and a button for each that takes it back."""
        shop, lines, back = policy.shop, list[str](), Rows()
        if policy.hours.away_until is not None:
            lines.append(words.say("settings.away", {"until": moment_text(words, policy, policy.hours.away_until)}))
            back.append([_button(words.say("button.here"), ASK, shop, "away.-")])
        if desk.quiet:
            lines.append(words.say("settings.no_quiet") if desk.quiet == "off" else
                         words.say("settings.quiet", {"hours": desk.quiet}))  # fmt: skip
            back.append([_button(words.say("button.quiet_settings"), ASK, shop, "quiet.settings")])
        today = self._front.now().astimezone(hours.zone(policy.zone)).date().isoformat()
        for day in [d for d in desk.holidays if d >= today]:
            told = day_text(words, policy, day)
            lines.append(words.say("settings.holiday", {"day": told}))
            back.append([_button(words.say("button.no_holiday", {"day": told}), ASK, shop, f"holiday.-{day}")])
        for channel, until in desk.paused.items():
            ends = {} if until == NO_END else {"until": moment_text(words, policy, datetime.fromisoformat(until))}
            lines.append(words.say("settings.paused", {"channel": channel, **ends}))
            back.append([_button(words.say("button.resume", {"channel": channel}), ASK, shop, f"pause.-{channel}")])
        return lines, back

    def _choices(self, words: Words, policy: Policy, name: str, rows: Rows) -> Page:
        back = [_button(words.say("button.settings"), MENU, policy.shop)]
        text = words.say("away.how" if name == "away" else f"settings.how_{name}")
        return plain_html(text), InlineKeyboardMarkup(inline_keyboard=[*rows, back])

    def _away(self, policy: Policy, words: Words, now: datetime) -> Rows:
        rows = Rows()
        for days in AWAY_DAYS:
            local = (now + timedelta(days=days)).astimezone(hours.zone(policy.zone))
            start = local.replace(hour=0, minute=0, second=0, microsecond=0)
            until = hours.next_open(start, policy.hours, policy.zone) or start
            rows.append([_button(moment_text(words, policy, until), ASK, policy.shop, f"away.{minutes(until)}")])
        return rows

    def _quiet(self, policy: Policy, words: Words) -> Rows:
        titles = [words.say("button.quiet_off") if q == "off" else q.replace("-", "–") for q in QUIET]
        return [[_button(t, ASK, policy.shop, f"quiet.{q}")] for t, q in zip(titles, QUIET, strict=True)]

    def _holidays(self, policy: Policy, desk: Desk, words: Words, now: datetime) -> Rows:
        today = now.astimezone(hours.zone(policy.zone)).date()
        days = [(today + timedelta(days=n)).isoformat() for n in range(1, NEXT_DAYS + 1)]
        free = [d for d in days if d not in desk.holidays]
        buttons = [_button(day_text(words, policy, d), ASK, policy.shop, f"holiday.{d}") for d in free]
        return [buttons[n : n + 2] for n in range(0, len(buttons), 2)]

    def _pauses(self, policy: Policy, desk: Desk, words: Words, now: datetime) -> Rows:
        rows = Rows()
        for channel in [c for c in CHANNELS if c not in desk.paused]:
            title = words.say("button.pause", {"channel": channel})
            ends = [_button(words.say("button.hours", {"hours": h}), ASK, policy.shop,
                            f"pause.{channel}.{minutes(now + timedelta(hours=h))}") for h in PAUSES]  # fmt: skip
            rows += [[_button(title, ASK, policy.shop, f"pause.{channel}")], ends]
        return rows

    # -- "really?"

    def question(self, policy: Policy, words: Words, wish: str) -> str | None:
        """What is asked before `wish` ("quiet.21:00-09:00", "pause.-sms") happens; None where it is none."""
        what, _, value = wish.partition(".")
        values = {"shop": policy.name}
        match what:
            case "away":
                if value == "-":
                    return words.say("away.sure_back", values)
                until = self._moment(words, policy, value)
                if until:
                    return words.say("away.sure", {**values, "until": until})
            case "quiet":
                if value in ("off", "settings"):
                    return words.say(f"settings.sure_quiet_{value}", values)
                if read_quiet(value) is not None:
                    return words.say("settings.sure_quiet", {**values, "hours": value})
            case "holiday":
                key = "settings.sure_open" if value.startswith("-") else "settings.sure_holiday"
                try:
                    return words.say(key, {**values, "day": day_text(words, policy, value.removeprefix("-"))})
                except ValueError:
                    return None
            case "pause":
                channel, _, end = value.partition(".")
                if end:
                    values["until"] = self._moment(words, policy, end)
                key = "pause.sure_resume" if channel.startswith("-") else "pause.sure"
                if channel.removeprefix("-") in CHANNELS:
                    return words.say(key, {**values, "channel": channel.removeprefix("-")})
        return None

    def _moment(self, words: Words, policy: Policy, value: str) -> str:
        """A moment as a button carries it, in words; "" for anything else."""
        if not (value.isascii() and value.isdigit() and len(value) <= MINUTES_MOST):
            return ""
        return moment_text(words, policy, datetime.fromtimestamp(int(value) * 60, UTC))

    def written(self, text: str, policy: Policy, until: datetime | None) -> str | None:
        """A wish in words, as the button would carry it: "quiet 22:00-08:00", "holiday 2026-12-24", "pause sms". `until`: what
        stands behind "away", read already. None: it is none."""
        what, _, value = " ".join(text.lower().split()).partition(" ")
        if what == "away":
            return f"away.{minutes(until)}" if until is not None else None
        wish = f"{what}.{value.replace(' ', '')}"
        return wish if self.question(policy, Words("en"), wish) is not None else None
