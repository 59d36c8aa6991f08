"""Which store the settings open, and what that loads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from storage.opening import open_store
from tests.contracts.tiny import KEY

ROOT = Path(__file__).parents[2]


def test_the_default_loads_no_driver_of_other_stores(tmp_path: Path) -> None:
    """A house on SQLite imports neither pymongo nor redis."""
    program = f"""
import asyncio, sys
from commands.house import House
from engine.clock import RunningClock
from engine.settings import build
from engine.settings.document import parse
text = '''
public_url: https://orders.example.com
storage: {{url: "sqlite:///{tmp_path}/x.db", encryption_key: "${{KEY}}"}}
shops: [{{id: demo, name: Demo, language: en, country: ES, currency: EUR, timezone: Europe/Madrid, api_token: "${{KEY}}"}}]
'''
house = House(build(parse(text), {{"KEY": "A" * 43 + "="}}), RunningClock())
assert house.several is None
print(sorted({{name.partition('.')[0] for name in sys.modules}} & {{"pymongo", "redis", "bson"}}))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_a_mongodb_address_opens_the_mongodb_store() -> None:
    """The scheme decides; nothing is connected before the first use."""
    assert type(open_store("mongodb://127.0.0.1:1/doorstep", KEY, lambda why: None)).__name__ == "MongoStore"
