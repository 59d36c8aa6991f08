"""Compiled modules: which are chosen, when they are used, and what is said where they cannot be."""

from __future__ import annotations

import ast
import json
import os
import re
import sys
from pathlib import Path

import pytest

import flows.turn
import storage.sqlite
from commands import compiled, compiling


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of one module, compiled; nothing of this process's own finders is touched."""
    monkeypatch.setattr(sys, "meta_path", [each for each in sys.meta_path if not isinstance(each, compiled.Compiled)])
    monkeypatch.delenv("DOORSTEP_COMPILED")
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "one.py").write_text("A = 1\n")
    (tmp_path / compiled.FOLDER).mkdir()
    manifest = {"fingerprint": compiled.fingerprint(tmp_path), "modules": {"flows.one": "flows/one.so"}}
    (tmp_path / compiled.FOLDER / compiled.MANIFEST).write_text(json.dumps(manifest))
    return tmp_path


def test_the_modules_in_use_are_those_that_were_asked_for() -> None:
    """With DOORSTEP_COMPILED=1 the road is machine code, and without it the sources."""
    ending = ".so" if os.environ["DOORSTEP_COMPILED"] == "1" else ".py"
    assert {Path(str(module.__file__)).suffix for module in (flows.turn, storage.sqlite)} == {ending}
    assert bool(compiled.in_use()) == (ending == ".so")


def test_modules_of_these_sources_are_used(home: Path) -> None:
    """What was compiled of just these sources is found there, and nothing else is."""
    assert compiled.use(home)
    assert compiled.in_use() == 1
    (finder,) = [each for each in sys.meta_path if isinstance(each, compiled.Compiled)]
    found = finder.find_spec("flows.one")
    assert found is not None
    assert found.origin == str(home / compiled.FOLDER / "flows/one.so")
    assert finder.find_spec("flows.two") is None


@pytest.mark.parametrize("manifest", ["", "{", "[]", '{"fingerprint": "a"}', '{"fingerprint": "a", "modules": 3}'])
def test_a_damaged_manifest_is_no_end(home: Path, manifest: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Python runs from the sources, one line says how to mend it, and make fast compiles anew."""
    (home / compiled.FOLDER / compiled.MANIFEST).write_text(manifest)
    assert not compiled.use(home)
    assert compiled.made_of(home) == ""
    assert capsys.readouterr().err.splitlines() == [
        "The compiled modules cannot be read and are not used: make fast compiles them anew."
    ]


@pytest.mark.parametrize("changed", ["flows/one.py", "engine/new.py", "storage/deep/er.py"])
def test_modules_of_other_sources_are_refused(home: Path, changed: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A source that was changed or added after compiling: Python runs from the sources, and one line says how to mend it."""
    (home / changed).parent.mkdir(parents=True, exist_ok=True)
    (home / changed).write_text("A = 2\n")
    assert not compiled.use(home)
    assert compiled.in_use() == 0
    assert capsys.readouterr().err.splitlines() == [
        "The compiled modules are of other sources and are not used: make fast compiles them anew."
    ]


def test_they_can_be_left_aside(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """DOORSTEP_COMPILED=0 runs the sources without a word."""
    monkeypatch.setenv("DOORSTEP_COMPILED", "0")
    assert not compiled.use(home)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("missing", "says"),
    [("compiler", "There is no C compiler (no-such-cc). Install one"), ("mypyc", "mypy is not installed here")],
)
def test_what_is_missing_to_compile_is_named(
    missing: str, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One plain sentence with what to install, exit 1, and nothing was touched."""
    monkeypatch.chdir(compiling.HOME)
    monkeypatch.setattr(compiling, "made_of", lambda: "")
    monkeypatch.setenv("CC", "no-such-cc")
    monkeypatch.setattr(compiling, "find_spec", lambda name: None if name == missing else compiling)
    with pytest.raises(SystemExit) as ended:
        compiling.main()
    assert ended.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert says in line


def test_what_is_compiled_already_is_not_compiled_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same sources by the same rule: a second `make fast` says so and does nothing."""
    monkeypatch.chdir(compiling.HOME)
    monkeypatch.setattr(compiling, "made_of", lambda: compiled.fingerprint())
    monkeypatch.setattr(compiling, "compile_all", lambda: pytest.fail("it compiled"))
    compiling.main()
    assert capsys.readouterr().out == "The compiled modules are of these sources already.\n"


def test_they_know_what_they_were_made_of(home: Path) -> None:
    """Until a source changes the two fingerprints are one; without compiled modules there is none."""
    assert compiled.made_of(home) == compiled.fingerprint(home)
    (home / "flows" / "one.py").write_text("A = 3\n")
    assert compiled.made_of(home) not in ("", compiled.fingerprint(home))
    (home / compiled.FOLDER / compiled.MANIFEST).unlink()
    assert compiled.made_of(home) == ""


def test_a_build_that_breaks_off_leaves_the_old_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is half made lies aside; what was there before is there still."""

    def broken(home: Path, sources: object, aside: Path) -> dict[str, str]:
        (aside / "lib").mkdir(parents=True)
        raise KeyboardInterrupt

    monkeypatch.setattr(compiling, "ready", lambda: None)
    monkeypatch.setattr(compiling, "build", broken)
    with pytest.raises(KeyboardInterrupt):
        compiling.compile_all(home)
    assert compiled.use(home)


def test_what_mypyc_would_change_stays_python(tmp_path: Path) -> None:
    """Structs, protocols, streams, what Python inherits from: not compiled. Functions, plain classes, errors: compiled."""
    sources = {
        "flows/functions": "def f() -> int: return 1",
        "flows/constants": "A = 1",
        "flows/shapes": "from msgspec import Struct\nclass S(Struct):\n    a: int\n    def f(self) -> int: return 1",
        "flows/faults": "class Wrong(ValueError):\n    def f(self) -> int: return 1",
        "flows/parent": "class P:\n    def f(self) -> int: return 1",
        "flows/child": "from flows.parent import P\nclass C(P):\n    def g(self) -> int: return 1",
        "flows/keyword": "class K(metaclass=type):\n    def f(self) -> int: return 1",
        "engine/stream": "async def s():\n    yield 1",
        "engine/base": "class B:\n    def f(self) -> int: return 1",
        "bot/heir": "from engine.base import B\nclass H(B): pass",
    }
    for name, text in sources.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).with_suffix(".py").write_text(text)
    assert [module.name for module in compiling.chosen(tmp_path)] == [
        "flows.child", "flows.faults", "flows.functions", "flows.parent",
    ]  # fmt: skip


def test_the_hot_road_is_compiled() -> None:
    """Whoever gives one of these modules a Struct learns here that the road becomes slower."""
    names = {module.name for module in compiling.chosen()}
    assert {
        "flows.turn",
        "flows.step",
        "engine.engine",
        "engine.lanes",
        "storage.sqlite",
        "storage.sqlite_rows",
    } <= names
    assert {"adapters.receiving", "adapters.twilio", "adapters.twilio_inbound", "adapters.wire"} <= names


def test_errors_of_different_kinds_have_names_of_their_own() -> None:
    """mypyc gives a name the kind it has first: `except A as error` and then `except B as error` fails where A is compiled."""
    chosen = compiling.chosen()
    ours = {name for module in chosen for name in module.classes}
    astray = []
    for module in chosen:
        for function in ast.walk(ast.parse(module.path.read_text())):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            kinds: dict[str, set[str]] = {}
            for node in ast.walk(function):
                if isinstance(node, ast.ExceptHandler) and node.name and node.type:
                    kinds.setdefault(node.name, set()).add(ast.unparse(node.type))
            astray += [(module.name, function.name) for each in kinds.values() if len(each) > 1 and each & ours]
    assert astray == []


def test_what_compiles_is_what_checks() -> None:
    """Both locks name the same versions: installing the one takes nothing of the other away."""
    of = [
        dict(re.findall(r"^([\w.-]+)==(\S+)", (compiling.HOME / name).read_text("utf-8"), re.MULTILINE))
        for name in ("requirements-fast.lock", "requirements-dev.lock")
    ]
    both = of[0].keys() & of[1].keys()
    assert "mypy" in both
    assert {name: of[0][name] for name in both} == {name: of[1][name] for name in both}
