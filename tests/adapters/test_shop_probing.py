"""`check --online` and the shops' systems: a bad key, a missing right, a webhook that leads nowhere."""

from __future__ import annotations

from pathlib import Path

from adapters.shop_probing import probes
from engine.settings import Fault
from tests.town import Town, town


async def found(t: Town) -> list[Fault]:
    return [fault for probe in probes(t.settings) for fault in await probe(t.settings)]


async def test_all_is_well(tmp_path: Path) -> None:
    """With good keys, all scopes and webhooks that lead here there is nothing to say."""
    async with town(tmp_path, tells=("shopify", "woocommerce")) as t:
        t.admin.subscriptions = [("ORDERS_CREATE", f"{t.url}/hooks/shopify/demo")]
        t.rest.webhooks = [{"status": "active", "delivery_url": f"{t.url}/hooks/woocommerce/demo"}]
        assert await found(t) == []


async def test_what_is_wrong(tmp_path: Path) -> None:
    """A scope that is missing and webhooks that are not there are each named, with the mend."""
    async with town(tmp_path, tells=("shopify", "woocommerce")) as t:
        t.admin.scopes = ("read_orders",)
        said = {(f.what, f.level) for f in await found(t)}
        assert ("the app lacks the scope write_orders", "error") in said
        assert ("the app has no webhook that leads here", "warning") in said
        assert ("no active webhook leads here", "warning") in said


async def test_keys_that_are_not_taken(tmp_path: Path) -> None:
    """Keys that were taken away are errors at their own place."""
    async with town(tmp_path, tells=("shopify", "woocommerce")) as t:
        t.admin.token = "another"
        t.rest._login = "another"
        where = {f.where for f in await found(t) if f.level == "error"}
        assert where == {"shops[0].shopify.access_token", "shops[0].woocommerce.consumer_key"}
