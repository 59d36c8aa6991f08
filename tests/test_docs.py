"""The docs: nothing of the program is undocumented, no link is dead, and every command block runs as it stands.

Blocks fenced as ```sh are commands. Those of one page are run as one session, in order, in an empty folder that holds a fresh checkout.
A comment before a block says what is special about it: `<!-- until: TEXT -->` goes on once it has printed that, and ends it with the page;
`<!-- not run: REASON -->` is not run here. Commands elsewhere (indented, or in a fence of another kind) fail the test.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from commands import reference

HOUSE = Path(__file__).parents[1]
DOCS = HOUSE / "docs"
PAGES = sorted([HOUSE / "README.md", *DOCS.rglob("*.md")])
#: What a checkout holds for a user; the tests and the benchmarks are for those who change the program.
ROOMS = (
    "run.py",
    "Makefile",
    "adapters",
    "bot",
    "commands",
    "engine",
    "flows",
    "sandbox",
    "storage",
    "examples",
    "bench",
    "docs",
    "requirements.lock",
    "requirements-dev.lock",
)
COMMAND = re.compile(r"^(?:\s{4,}|)(?:sudo |\S*python3? |make |curl |export \w+=|cp |cd |git |docker |systemctl )\S")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
#: Real seconds for one page's session on a busy machine.
SESSION_S = 170


class Block(NamedTuple):
    """One block of commands. `until`: what it prints when the next one may begin; `not_run`: why it is not run here."""

    commands: str
    until: str
    not_run: str


def blocks(text: str) -> list[Block]:
    found = []
    for fence in FENCE.finditer(text):
        if fence[1] == "sh":
            marks = dict(re.findall(r"<!-- (until|not run): (.+?) -->\n\Z", text[: fence.start()][-400:]))
            found.append(Block(fence[2], marks.get("until", ""), marks.get("not run", "")))
    return found


def name_of(page: Path) -> str:
    return str(page.relative_to(HOUSE))


def session(page: list[Block]) -> str:
    """The blocks as one shell script."""
    parts = ["set -eu"]
    for n, block in enumerate(page):
        if block.not_run:
            continue
        if not block.until:
            parts.append(block.commands)
            continue
        log = f".session{n}.log"
        parts.append(f"( {block.commands.strip()}\n) > {log} 2>&1 &")
        parts.append(
            f"n=0; until grep -q '{block.until}' {log}; do n=$((n+1)); [ $n -lt 600 ] || {{ cat {log}; exit 1; }}; sleep 0.2; done"
        )
    return "\n".join(parts)


@pytest.mark.parametrize(
    "page", [p for p in PAGES if any(not b.not_run for b in blocks(p.read_text("utf-8")))], ids=name_of
)
@pytest.mark.long
@pytest.mark.timeout(SESSION_S + 10)
def test_every_command_block_runs(page: Path, tmp_path: Path, unused_port: int) -> None:
    """The page's commands, in order, in an empty folder, succeed."""
    for room in ROOMS:
        (tmp_path / room).symlink_to(HOUSE / room)
    installed(tmp_path / ".venv")
    config = (HOUSE / "config.yaml").read_text("utf-8").replace("8080", str(unused_port))
    (tmp_path / "config.yaml").write_text(config, "utf-8")
    script = session(blocks(page.read_text("utf-8"))).replace("8080", str(unused_port))
    shims = {
        "PATH": f"{HOUSE / '.venv' / 'bin'}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "PORT": str(unused_port),
    }
    process = subprocess.Popen(
        ["/bin/bash", "-c", script], cwd=tmp_path, env=shims, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True, text=True,
    )  # fmt: skip
    try:
        process.wait(SESSION_S)
    finally:
        kill_group(process.pid)
    assert process.stdout is not None
    assert process.returncode == 0, f"{script}\n{process.stdout.read()[-3000:]}"


def installed(venv: Path) -> None:
    """An environment in which everything is installed already, as after `make setup-dev`."""
    venv.mkdir()
    for entry in (HOUSE / ".venv").iterdir():
        if not entry.name.startswith("."):
            (venv / entry.name).symlink_to(entry)
    for mark in (".product", ".dev"):
        (venv / mark).touch()


def kill_group(leader: int) -> None:
    """Ends what the session has left running."""
    try:
        os.killpg(leader, 15)
    except ProcessLookupError:
        return


def test_commands_stand_in_their_fences() -> None:
    """No command hides in an indented block or in a fence that is not run, and what is not run says why."""
    astray, reasons = [], []
    for page in PAGES:
        text = page.read_text("utf-8")
        reasons += [block.not_run for block in blocks(text) if block.not_run]
        rest = FENCE.sub(lambda fence: "" if fence[1] == "sh" else fence[2], text)
        astray += [
            f"{name_of(page)}: {line}" for line in rest.splitlines() if COMMAND.match(line) and line.startswith("    ")
        ]
    assert astray == []
    assert all(len(reason) > 10 for reason in reasons)


@pytest.mark.parametrize("name", sorted(reference.PAGES))
def test_generated_pages_are_as_the_program(name: str) -> None:
    """A setting, command, route, event, text, number or make target that was added or changed: `make docs` writes its page."""
    assert (DOCS / name).read_text("utf-8") == reference.PAGES[name](), "run: make docs"


def test_everything_is_described() -> None:
    """No setting, command, option, make target, event or effect without words for it; every counter that is counted has its meaning."""
    import run
    from flows import desk_events, effects, events

    nameless = [
        name for name, command in run.main.commands.items() if not command.help or "Example:" not in command.help
    ]
    nameless += [name for name in re.findall(r"^\.PHONY: (.+)$", (HOUSE / "Makefile").read_text("utf-8"), re.MULTILINE)[0].split()
                 if name not in reference.make_targets() and name != "setup-dev"]  # fmt: skip
    nameless += [
        name
        for module in (events, desk_events, effects)
        for name, about in reference.described(module).items()
        if not about
    ]
    nameless += re.findall(r"^\| `([^`]+)` \|\s*\|", reference.PAGES["settings.md"](), re.MULTILINE)
    code = "\n".join(
        path.read_text("utf-8")
        for room in ("engine", "adapters", "bot", "storage")
        for path in (HOUSE / room).rglob("*.py")
    )
    told = {name.partition("{")[0] for name in reference.metric_names()}
    counted = set(re.findall(r"\.(?:count|add)\(\s*\"([a-z_]+)\",?\s*(?:\)|[a-z_]+=|1|float|cost)", code))
    made = set(re.findall(r"MetricFamily\(\s*\"(doorstep_[a-z_]+)\"", code))
    nameless += sorted({f"doorstep_{name}_total" for name in counted} - told) + sorted(made - told)
    assert len(counted) > 12
    assert nameless == []


def test_every_page_is_built_and_no_link_is_dead(tmp_path: Path) -> None:
    """The site builds with every link, anchor and picture there, and every page in its menu."""
    command = [
        str(HOUSE / ".venv/bin/python"),
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "-q",
        "-f",
        str(HOUSE / "mkdocs.yml"),
    ]
    built = subprocess.run([*command, "-d", str(tmp_path)], capture_output=True, text=True, cwd=HOUSE, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    assert (tmp_path / "cookbook" / "index.html").exists()
    text = (HOUSE / "README.md").read_text("utf-8")
    dead = [link for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text) if not (HOUSE / link).exists()]
    assert dead == []


def test_the_playground_has_words_for_every_step() -> None:
    """Each line that the flows write into a journal is told in plain words on the page, with why it was so."""
    code = "\n".join(path.read_text("utf-8") for path in (HOUSE / "flows").rglob("*.py"))
    written = set(re.findall(r"\.note\(\s*\"([a-z_.]+)\"", code))
    words = (
        (HOUSE / "sandbox" / "page" / "words.js")
        .read_text("utf-8")
        .partition("const LINES = {")[2]
        .partition("\n};")[0]
    )
    told = set(re.findall(r"^  \"?([a-z_.]+)\"?: \(", words, flags=re.MULTILINE))
    assert len(written) > 60
    assert sorted(written - told) == []
