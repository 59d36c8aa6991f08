"""A forum group: topics made once, one card per order, and messages that point to it; one stream where the group is no forum."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.telegram_spec import BotApiSpec
from tests.stories.test_card_spec import SPEC
from tests.town import ANA_PHONE, EVE, Town, town

EN = {"flagged": "Flagged", "complaints": "Complaints", "deals": "Deals", "conversations": "Conversations"}
OFFERS = "offers: {steps: [{percent: 4}], most_percent: 10}"


def made(t: Town) -> dict[str, int]:
    """The topics that the group has now, by their names."""
    return {topic.name: topic.id for topic in t.tg.state.rooms[t.group].topics.values()}


async def ready(t: Town, lacks: tuple[str, ...] = ()) -> None:
    """The bot prepares its groups beside everything else that it does at its start: until the desk knows every topic."""
    for _ in range(4000):
        await t.settle()
        if set((await t.house.engine.desk("demo")).topics) >= set(EN) - set(lacks):
            break
    await t.skip(seconds=5)


def inside(t: Town, topic: str) -> list[str]:
    """What stands in a topic."""
    return [m.text for m in t.tg.shows(t.group) if m.thread == made(t)[topic] and m.text]


async def flagged(t: Town, **fields: str) -> str:
    order = await t.order(**fields)
    await t.sms("lorem ipsum dolor", phone=fields.get("phone", ANA_PHONE).replace(" ", ""))
    await t.skip(seconds=10)
    return order


async def test_topics_are_made_once_and_each_matter_has_its_own(tmp_path: Path) -> None:
    """Four topics, kept over a restart; a card in Flagged, a complaint pointed to in Complaints, a stranger in Conversations."""
    async with town(tmp_path, telegram=True, forum=True) as t:
        await ready(t)
        assert set(made(t)) == set(EN.values())
        order = await flagged(t)
        await t.sms("The lamp arrived broken, this is a disgrace")
        await t.skip(seconds=30)
        await t.sms("Do you have lamps in green?", phone="+34655000009")
        await t.skip(seconds=30)
        in_flagged = [text for text in inside(t, "Flagged") if "Ana Ruiz" in text and order in text]
        assert len(in_flagged) == 1, "an order has one card"
        (pointer,) = inside(t, "Complaints")
        assert pointer == f"Complaint about order {order}\nThe lamp arrived broken, this is a disgrace"
        shown = next(m for m in t.tg.shows(t.group) if m.text == pointer)
        card = next(m for m in t.tg.shows(t.group) if m.text == in_flagged[0])
        links = [r.extra["buttons"][0][0]["url"] for r in t.world.ledger if r.text == pointer]
        assert links == [f"https://t.me/c/{str(t.group).removeprefix('-100')}/{card.message_id}"]
        await t.replies(222, "We send you a new one", shown)
        await t.skip(seconds=15)
        assert "We send you a new one" in t.last()
        assert any("green" in text for text in inside(t, "Conversations"))
        await t.close_house()
        await t.open_house()
        await ready(t)
        assert len([c for c in t.tg.calls if c[0] == "createForumTopic"]) == len(EN)


async def test_a_bargain_for_a_manager_is_pointed_to_in_deals(tmp_path: Path) -> None:
    """The card holds the bargain, the topic the way to it."""
    async with town(tmp_path, telegram=True, forum=True, in_shop=OFFERS) as t:
        await ready(t)
        order = await t.order()
        await t.sms("Can you do it for 20 euros?")
        await t.skip(seconds=30)
        await t.sms("No. 20 euros, not more")
        await t.skip(seconds=30)
        assert any(order in text and "another price" in text for text in inside(t, "Deals")), t.group_texts()


async def test_a_deleted_topic_is_made_once_more_else_general(tmp_path: Path) -> None:
    """The next card finds a new topic; where the bot may make none any more, no card is lost."""
    async with town(tmp_path, telegram=True, forum=True) as t:
        await ready(t)
        old = made(t)["Flagged"]
        await t.tg.deletes_topic(t.group, old)
        order = await flagged(t)
        assert made(t)["Flagged"] != old
        assert any(order in text for text in inside(t, "Flagged"))
        desk = await t.house.engine.desk("demo")
        assert desk.topics["flagged"] == made(t)["Flagged"]
        await t.tg.deletes_topic(t.group, made(t)["Flagged"])
        t.tg.state.rooms[t.group].members[t.tg.me.id] = "member"
        other = await flagged(t, phone="+34600000002", name="Ben Sanz", email="b@example.com")
        assert [m.thread for m in t.cards(other)] == [None]


async def test_topics_of_the_settings_come_first(tmp_path: Path) -> None:
    """A topic that the shop named itself is used, and none of that kind is made; deleted, its cards go to General."""
    async with town(tmp_path, telegram=True, forum=True, telegram_more="topics: {flagged: 77777}") as t:
        await ready(t, lacks=("flagged",))
        assert set(made(t)) == set(EN.values()) - {"Flagged"}
        order = await flagged(t)  # there is no such topic: it is as if somebody had deleted it
        assert [m.thread for m in t.cards(order)] == [None]


async def test_a_group_without_topics_has_one_stream(tmp_path: Path) -> None:
    """Nothing is made, nothing points, and nobody waits for it."""
    async with town(tmp_path, telegram=True) as t:
        order = await flagged(t)
        await t.sms("The lamp arrived broken, this is a disgrace")
        await t.skip(seconds=30)
        assert not [c for c in t.tg.calls if c[0] == "createForumTopic"]
        assert len(t.cards(order)) == 1
        assert not [text for text in t.group_texts() if text.startswith("Complaint about")]
        assert EVE not in [p.telegram for p in (await t.house.engine.desk("demo")).people]


async def test_a_group_that_moves_forgets_its_topics(tmp_path: Path) -> None:
    """Threads of the old group mean nothing in the new one: the desk keeps none of them."""
    async with town(tmp_path, telegram=True, forum=True) as t:
        await ready(t)
        assert (await t.house.engine.desk("demo")).topics
        await t.house._moved(str(t.group), "-1009999")
        assert (await t.house.engine.desk("demo")).topics == {}
        assert t.house.policies["demo"].topics == {}


@pytest.mark.skipif(not SPEC.exists(), reason="the Bot API's description is not here")
async def test_every_call_in_a_forum_fits_the_bot_api(tmp_path: Path) -> None:
    """Making topics, posting into them and pointing from one to another: nothing that the Bot API does not know."""
    spec = BotApiSpec(SPEC)
    async with town(tmp_path, telegram=True, forum=True) as t:
        await ready(t)
        await flagged(t)
        await t.tg.deletes_topic(t.group, made(t)["Complaints"])
        await t.sms("The lamp arrived broken, this is a disgrace")
        await t.skip(seconds=30)
        calls = list(t.tg.calls)
        assert {"getChat", "createForumTopic"} <= {name for name, _, answer in calls if answer["ok"]}
        assert inside(t, "Complaints")
        assert [fault for call in calls for fault in spec.faults_of_call(*call)] == []
