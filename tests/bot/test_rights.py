"""Who may do what, every cell of it: role x action x chat x state. Without the right: no effect, no data."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from typing import Any

import pytest
from msgspec.structs import replace

from bot.acts import Act
from bot.commands import LEAST
from bot.commands_people import mark
from bot.desk import TelegramDesk
from flows.desk import Invite, Person, may
from flows.menus import BACK, MENUS, PROMPT
from flows.staff import VERBS
from sandbox.telegram import PretendTelegram
from sandbox.telegram_chats import ANONYMOUS_ADMIN, Post, Room
from sandbox.telegram_chats import Person as TelegramPerson
from tests.bot.conftest import cards, take_all
from tests.bot.house import House, policy

OLGA, ANA, MIA, EX, EVE, BOT = 111, 222, 444, 333, 666, 777
ROLES = {
    "owner": OLGA, "manager": MIA, "staff": ANA, "ex-staff": EX, "stranger": EVE, "anonymous admin": ANONYMOUS_ADMIN.id, "bot": BOT,
}  # fmt: skip
CHATS = ("group", "topic", "private", "other group")
STATES = ("pending", "flagged", "held", "confirmed", "cancelled", "shipped", "delivered", "stale version")
#: What only shows something changes nothing by right; the others change the order, the desk or both.
PRESSED = [*VERBS, *MENUS, BACK, PROMPT, "at.29925360", "reply.ask_number", "unsay.1", "refund", "show"]
ACTED = ["pause:sms", "away:-", f"remove:{EX}", f"ask_remove:{ANA}", "language:es", "new:0000", "no:"]
LEAST_TO_ACT = {"pause": "manager", "away": "manager", "remove": "owner"}
COMMANDED = [
    "/next", "/flagged", "/pending", "/order 1001", "/find Eva", "/mine", "/new Ida\n655102938\n9.90", "/handover", "/stats",
    "/language fr", "/id", "/help", "/block 1001", "/unblock 1001", "/pause sms", "/away 3d", "/invite staff", "/people",
    "/start", "/start join_wrong",
]  # fmt: skip
WRITTEN = ["hello there", "// a note"]
#: Words of the order and its customer, which nobody without a right may read anywhere.
SECRET = re.compile(r"Eva|Ruiz|600000001|49[.,]90|Calle|Demo Shop|Needs a person|Confirmed|join_\w{8}")


@dataclasses.dataclass
class Stage:
    """One house with a card, and everybody in their place."""

    tg: PretendTelegram
    house: House
    desk: TelegramDesk
    group: Room
    other: Room
    thread: int
    card: Post

    async def put(self, state: str) -> None:
        order = self.house.order_now()
        if state == "stale version":
            self.house.change_order("1001", version=order.version + 1)
        else:
            self.house.change_order("1001", state=state)


@pytest.fixture
async def stage(tg: PretendTelegram, world: Any, url: str) -> Any:
    people = [
        tg.user(i, n, started=True)
        for i, n in ((OLGA, "Olga"), (ANA, "Ana"), (MIA, "Mia"), (EX, "Ed"), (EVE, "Mallory"))
    ]
    bot = TelegramPerson(BOT, "Robot", "robot_bot", is_bot=True)
    tg.state.people |= {BOT: bot, ANONYMOUS_ADMIN.id: ANONYMOUS_ADMIN}
    group = tg.group("Staff", *people, bot, ANONYMOUS_ADMIN, forum=True)
    other = tg.group("Elsewhere", *people, bot, ANONYMOUS_ADMIN, bot="member")
    table = (Person(OLGA, "Olga", "owner"), Person(ANA, "Ana", "staff"), Person(MIA, "Mia", "manager"))
    house = House(world, policy("demo", group.id), people=table)
    made = TelegramDesk("4242:sandbox-token-of-the-bot", url, house)
    house.port = made
    await house.place()
    thread = tg.topic(group, "Flagged")
    for update in tg.state.updates.pending():
        tg.state.updates.done(update)
    card = tg.state.rooms[group.id].posts[cards(tg, group)[0].message_id]
    yield Stage(tg, house, made, group, other, thread, card)
    await made.close()


def unseen(documents: dict[str, Any]) -> dict[str, Any]:
    """Without the ids of events: that a press came, and was refused, is remembered."""
    return {name: replace(document, seen={}) for name, document in documents.items()}


def least(action: str) -> str:
    if action.startswith("press "):
        verb = action[6:].partition(".")[0]
        return VERBS[verb].least if verb in VERBS else "staff"
    if action.startswith("act "):
        return LEAST_TO_ACT.get(action[4:].partition(":")[0], "staff")
    return LEAST.get(action[1:].split()[0], "staff") if action.startswith("/") else "staff"


def allowed(role: str, action: str, chat: str) -> bool:
    """By docs/desk.md: the right of the role, in the shop's group; commands and their buttons in one's own private chat, too."""
    if role not in ("staff", "manager", "owner") or not may(role, least(action)) or chat == "other group":
        return False
    return chat != "private" or action.startswith(("/", "act "))


async def carry_out(s: Stage, role: str, action: str, chat: str) -> list[str]:
    """One action; gives everything that the bot said because of it."""
    who = s.tg.state.people[ROLES[role]]
    room = {"private": s.tg.state.private(who), "other group": s.other}.get(chat, s.group)
    anonymous = role == "anonymous admin"
    s.other.members[s.tg.me.id] = "member"  # it leaves after every word there, and is brought in again
    said_before = {(r.id, p) for r in s.tg.state.rooms.values() for p in r.posts}
    pressed = None
    if action.startswith(("press ", "act ")):
        under = s.card if room is s.group else s.tg.state.add(room, s.tg.me, text="something of the bot's")
        under.thread = s.thread if chat == "topic" else None
        place = s.house.conversation()
        data = f"c:{action[6:]}:{place.id}:1:1"
        if action.startswith("act "):
            what, _, value = action[4:].partition(":")
            data = Act(what, "demo", value).data()
        pressed = s.tg.state.press(who, under, data)
    else:
        reply = (
            None
            if action.startswith("/")
            else s.card
            if room is s.group
            else s.tg.state.add(room, s.tg.me, text="of ours")
        )
        thread = s.thread if chat == "topic" else None
        post = s.tg.state.add(
            room, who, text=action, reply_to=reply, thread=thread, sender_chat=room if anonymous else None
        )
        s.tg.state.heard(post)
    await take_all(s.tg, s.desk)
    texts = [p.text for r in s.tg.state.rooms.values() for i, p in r.posts.items() if (r.id, i) not in said_before]
    mine = [t for t in texts if t not in (action, "something of the bot's", "of ours")]
    return [*mine, *([pressed.toast] if pressed is not None and pressed.toast else [])]


@pytest.mark.long
@pytest.mark.parametrize("chat", CHATS)
@pytest.mark.parametrize("role", ROLES)
async def test_every_cell(role: str, chat: str, stage: Stage) -> None:
    """Every action in every state: without the right nothing changes and nothing is told; with it nothing breaks."""
    actions = [*(f"press {v}" for v in PRESSED), *(f"act {a}" for a in ACTED), *COMMANDED, *WRITTEN]
    counted: Counter[bool] = Counter()
    for state in STATES:
        await stage.put(state)
        documents, desks, names = dict(stage.house.documents), dict(stage.house.desks), dict(stage.house.known)
        for action in actions:
            said = await carry_out(stage, role, action, chat)
            right = allowed(role, action, chat)
            counted[right] += 1
            if not right:
                cell = (role, action, chat, state)
                assert unseen(stage.house.documents) == unseen(documents), cell
                assert unseen(stage.house.desks) == unseen(desks), cell
                if role not in ("staff", "manager", "owner") or chat == "other group":
                    assert stage.house.staff_events == [], cell
                    assert not [text for text in said if SECRET.search(text)], (cell, said)
            stage.house.documents, stage.house.desks, stage.house.known = dict(documents), dict(desks), dict(names)
            stage.house.staff_events.clear()
        stage.house.change_order("1001", state="flagged", version=1)
    assert stage.house.kept == []
    assert sum(counted.values()) == len(STATES) * len(actions)


async def test_the_right_ones_do_something(stage: Stage) -> None:
    """The matrix would be empty if nobody could do anything: staff confirm, managers block, owners take people out."""
    before = dict(stage.house.documents)
    for role, action, chat in (
        ("staff", "press confirm", "group"),
        ("manager", "/block 1001", "topic"),
        ("staff", "hello there", "group"),
    ):
        await carry_out(stage, role, action, chat)
        assert stage.house.documents != before, action
        stage.house.documents = dict(before)
    desks = dict(stage.house.desks)
    for role, action in (
        ("owner", f"act remove:{ANA}"),
        ("manager", "act pause:sms"),
        ("owner", "/invite staff"),
        ("staff", "/language fr"),
    ):
        await carry_out(stage, role, action, "private")
        assert stage.house.desks != desks, action
        stage.house.desks = dict(desks)


async def test_a_code_is_good_for_its_own_shop_only(stage: Stage) -> None:
    """The mark names the shop; another shop's code opens nothing here."""
    desk = stage.house.desks["demo"]
    invite = Invite(mark=mark("other", "code"), role="owner", by="Olga", until=stage.house.now().replace(year=2030))
    stage.house.desks["demo"] = replace(desk, invites=(invite,))
    await carry_out(stage, "stranger", "/start join_code", "private")
    assert stage.house.desks["demo"].person(EVE) is None
