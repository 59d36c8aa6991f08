"""What every parser of webhooks must do, over the recorded bodies that stand in its folder."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from adapters import gateway, meta, twilio
from adapters.receiving import Parse, Received
from engine.ports import BadPayload, Kept
from flows.events import AnyEvent
from tests.adapters.stand_in import GATEWAY, META, NOW, TWILIO, Recorded, recorded

BODIES = Path(__file__).parents[1] / "adapters"
#: folder of recorded bodies -> the parsers that own it
REGISTERED: dict[str, dict[str, Parse]] = {
    "twilio": twilio.parsers(TWILIO),
    "meta": meta.parsers(META),
    "gateway": gateway.parsers(GATEWAY),
}
CASES = [(folder, case) for folder in REGISTERED for case in recorded(BODIES / folder)]


def ids(case: tuple[str, Recorded]) -> str:
    return f"{case[0]}-{case[1].name}"


@pytest.fixture(params=CASES, ids=ids)
def case(request: pytest.FixtureRequest) -> tuple[Parse, Recorded]:
    folder, found = request.param
    return REGISTERED[folder][found.route], found


def test_gives_the_expected_events(case: tuple[Parse, Recorded]) -> None:
    """Each recorded body gives exactly the events that stand beside it."""
    parse, found = case
    assert msgspec.json.decode(msgspec.json.encode(parse(found.received))) == found.events


def test_the_same_body_gives_the_same_events(case: tuple[Parse, Recorded]) -> None:
    """Parsing keeps nothing: a second time gives equal events, with equal ids."""
    parse, found = case
    assert parse(found.received) == parse(found.received)


def test_a_kept_body_can_be_parsed_again(case: tuple[Parse, Recorded]) -> None:
    """What `to_keep` keeps is enough to get the same events from the body later."""
    parse, found = case
    kept = Kept("k", found.route, NOW, "why", found.received.body, found.received.to_keep())
    assert parse(Received.from_kept(kept, NOW)) == parse(found.received)


def test_events_survive_storage(case: tuple[Parse, Recorded]) -> None:
    """Every event comes back from its JSON as it went in."""
    parse, found = case
    for event in parse(found.received):
        assert msgspec.json.decode(msgspec.json.encode(event), type=AnyEvent) == event


def test_a_cut_body_is_no_crash(case: tuple[Parse, Recorded]) -> None:
    """Whatever of a body arrives, the parser gives events or says BadPayload; nothing else comes out of it."""
    parse, found = case
    whole = found.received
    for end in range(0, len(whole.body), max(1, len(whole.body) // 40)):
        cut = Received(whole.body[:end], whole.target, whole.headers, NOW)
        try:
            parse(cut)
        except (BadPayload, UnicodeDecodeError):
            continue


@pytest.mark.parametrize("folder", REGISTERED)
def test_owns_recorded_bodies(folder: str) -> None:
    """Each registered route has recorded bodies of its own, and each file of expected events belongs to one."""
    names = {path.name for path in (BODIES / folder).glob("*.json")}
    routes = {json.loads((BODIES / folder / n).read_text("utf-8"))["route"] for n in names if ".events." not in n}
    assert routes == set(REGISTERED[folder])
    assert all(n.replace(".events", "") in names for n in names if ".events." in n)
