"""Shops of one owner that declare a group: each sees how often a number ordered the same item at the others, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.town import API_TOKEN, OTHER_TOKEN, Town, town

OTHER = """share: true
  - {id: other, name: Other Shop, language: en, country: ES, currency: EUR, timezone: Europe/Madrid, share: true, api_token: "${OTHER}"}
"""
GROUP = "risk: {group: ours}"


async def _told(t: Town, token: str, **fields: Any) -> dict[str, Any]:
    """One order at one shop; what its API then says of it."""
    body = t.an_order(**{"phone": "+34655218403", **fields})
    status, _ = await t.api("POST", "/orders", body, token=token)
    assert status == 202
    await t.settle()
    _, shown = await t.api("GET", f"/orders/{body['id']}", token=token)
    return dict(shown)


def _said(shown: dict[str, Any]) -> list[str]:
    return [reason["words"] for reason in shown["risk"]["reasons"]]


async def test_the_same_lamp_at_the_other_shop(tmp_path: Path) -> None:
    """The second shop's order says that there is one more, and nothing of which shop, order or when."""
    async with town(tmp_path, in_shop=OTHER, more=GROUP) as t:
        first = await _told(t, API_TOKEN)
        second = await _told(t, OTHER_TOKEN)
        assert _said(first) == []
        assert _said(second) == ["Orders of the same item at other shops of the group: 1"]
        assert first["id"] not in str(second["risk"])
        assert "Demo" not in str(second["risk"])


@pytest.mark.parametrize("more", ["", "risk: {group: null}"])
async def test_without_a_group_nothing_crosses(tmp_path: Path, more: str) -> None:
    """Off by default: the same two orders say nothing."""
    async with town(tmp_path, in_shop=OTHER, more=more) as t:
        await _told(t, API_TOKEN)
        assert _said(await _told(t, OTHER_TOKEN)) == []


async def test_other_people_and_items_do_not_count(tmp_path: Path) -> None:
    """Another number, another item, or two days later: nothing."""
    async with town(tmp_path, in_shop=OTHER, more=GROUP) as t:
        await _told(t, API_TOKEN)
        shelf = [{"sku": "S9", "title": "Shelf", "quantity": 1, "price": "49.90"}]
        assert _said(await _told(t, OTHER_TOKEN, items=shelf)) == []
        stranger = {"phone": "+34677310482", "email": None, "name": "Marta Gil"}
        assert _said(await _told(t, OTHER_TOKEN, **stranger)) == []
        await t.skip(hours=49)
        later = await _told(t, OTHER_TOKEN)
        assert not [said for said in _said(later) if "group" in said]
