"""The Node bot kit that the bench measures against: locked by hashes, signed for like the service, and never in the way without node."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from bench import peer, road, served


@pytest.fixture
def kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kit that is locked and not installed, beside a node and an npm that do what a test writes into them."""
    (tmp_path / "package-lock.json").write_text("{}")
    monkeypatch.setattr(peer, "HOME", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    program(tmp_path / "node", "echo v20.1.0")
    return tmp_path


def program(path: Path, does: str) -> None:
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)


def test_the_lock_names_hashes_and_no_address() -> None:
    """Every package is one exact version with its hash, and nothing says where it was fetched from."""
    text = (peer.HOME / "package-lock.json").read_text("utf-8")
    locked = {name: package for name, package in json.loads(text)["packages"].items() if name}
    assert len(locked) > 100
    assert [name for name, package in locked.items() if not package["integrity"].startswith("sha512-")] == []
    assert "://" not in text
    assert "omit-lockfile-registry-resolved=true" in (peer.HOME / ".npmrc").read_text("utf-8")


def test_what_the_bot_needs_is_pinned_as_locked() -> None:
    """package.json names exact versions, which are those of the lock, and every package that the bot loads."""
    pinned = json.loads((peer.HOME / "package.json").read_text("utf-8"))["dependencies"]
    locked = json.loads((peer.HOME / "package-lock.json").read_text("utf-8"))["packages"]
    assert pinned == {name: locked[f"node_modules/{name}"]["version"] for name in pinned}
    bot = (peer.HOME / "bot.js").read_text("utf-8")
    loaded = {line.partition("require('")[2].partition("'")[0].partition("/")[0] for line in bot.splitlines()}
    assert loaded - {"", "http"} == set(pinned)


def test_the_bot_takes_what_the_bench_signs() -> None:
    """Token, sender, host and path in the bot are those that the bench's requests are made with."""
    bot = (peer.HOME / "bot.js").read_text("utf-8")
    for told in (served.TOKEN, served.SENDER, served.PUBLIC, road.PATH):
        assert f"'{told}'" in bot


async def test_without_node_one_sentence_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where no program is found the bench of the kit prints one sentence, and ends well."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "argv", ["bench.peer"])
    await peer.main()
    assert capsys.readouterr().out == "The Node bot kit was not measured: node and npm are missing.\n"


def test_what_npm_refuses_is_not_measured(kit: Path) -> None:
    """An install that fails is told in one sentence, and would have run nothing of the packages."""
    program(kit / "npm", 'echo "$@" > asked; exit 1')
    assert peer.hindrance() == "The Node bot kit was not measured: npm could not install it."
    assert (kit / "asked").read_text().split() == ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]


def test_an_old_node_is_not_measured(kit: Path) -> None:
    """The kit needs Node 18: an older one would end the bench halfway."""
    program(kit / "npm", "exit 0")
    program(kit / "node", "echo v16.20.2")
    assert peer.hindrance() == "The Node bot kit was not measured: it needs Node 18 or newer."


def test_what_is_installed_as_locked_stays(kit: Path) -> None:
    """It is installed once, and anew when the lock is newer."""
    program(kit / "npm", "echo again >> asked; exit 0")
    (kit / "node_modules").mkdir()
    (kit / "node_modules" / ".package-lock.json").write_text("{}")
    assert peer.hindrance() == ""
    assert not (kit / "asked").exists()
    os.utime(kit / "package-lock.json", (time.time() + 10,) * 2)
    assert peer.hindrance() == ""
    assert (kit / "asked").read_text() == "again\n"
