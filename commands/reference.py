"""The pages of docs/ that are written from the program: `python -m commands.reference docs`. A test compares them.

Whatever is added to the code (a setting, a command, a route, an event, a text, a number at /metrics, a make target) stands here by
itself; what has no description fails the test.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

HOUSE = Path(__file__).parents[1]
WRITTEN = "This page is written from the program by `make docs`; a test compares.\n"


def commands() -> str:
    """Every command of run.py with its help, and every make target."""
    import run

    parts = ["# Commands\n", WRITTEN]
    parts.append(
        "`python run.py [--config config.yaml] COMMAND`; in a checkout after `make setup`, `.venv/bin/python run.py`.\n"
    )
    for name, command in run.main.commands.items():
        parts += _command(name, command)
        inner = command.commands if isinstance(command, click.Group) else {}
        for part, one in inner.items():
            parts += _command(f"{name} {part}", one)
    parts += ["\n## make\n", "| target | what it does |", "|---|---|"]
    parts += [f"| `make {target}` | {about} |" for target, about in make_targets().items()]
    return "\n".join(parts) + "\n"


def make_targets() -> dict[str, str]:
    """Target -> its `##` comment, for all that the Makefile names as commands."""
    text = (HOUSE / "Makefile").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z-]+):[^\n#]*## (.+)$", text, flags=re.MULTILINE))


def _command(name: str, command: click.Command) -> Iterator[str]:
    yield f"\n## {name}\n"
    about, _, example = inspect.cleandoc(command.help or "").partition("Example:")
    yield " ".join(about.replace("\b", "").split()) + "\n"
    if example.strip():
        yield f"Example: `{' '.join(example.split())}`\n"
    options = [p for p in command.params if isinstance(p, click.Option)]
    arguments = [p for p in command.params if isinstance(p, click.Argument)]
    usage = " ".join([f"run.py {name}", *(a.make_metavar(click.Context(command)) for a in arguments)])
    yield f"Usage: `{usage}{' [OPTIONS]' if options else ''}`\n"
    if options:
        yield "| option | meaning |"
        yield "|---|---|"
    for option in options:
        yield f"| `{', '.join(option.opts)}` | {(option.help or '').replace('|', chr(92) + '|')} |"


def api() -> str:
    """The orders API as the running service tells it at /docs."""
    from adapters.openapi import document

    told = document("https://orders.example.com")
    parts = ["# The orders API\n", WRITTEN]
    parts.append(
        "The running service shows the same at `/docs`, without any other host, and for programs at `/openapi.json`."
    )
    parts.append(
        "Every route needs `Authorization: Bearer <api_token>`; the token names the shop. Examples: [orders.http](orders.http).\n"
    )
    for path, verbs in told["paths"].items():
        for verb, operation in verbs.items():
            if verb != "parameters":
                parts += _operation(f"{verb.upper()} {path}", operation)
    parts.append("\n# Shapes\n")
    for name, schema in told["components"]["schemas"].items():
        if "properties" in schema:
            parts += _shape(name, schema)
    return "\n".join(parts) + "\n"


def _operation(title: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"\n## {title}\n"
    yield f"{operation['summary']}\n"
    for parameter in operation.get("parameters", ()):
        if "name" in parameter:
            yield f"- `?{parameter['name']}=` {parameter.get('description', '')}"
    if "requestBody" in operation:
        shape = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        yield f"\nBody: [{shape}](#{shape.lower()})\n"
    yield "\n| answer | meaning |"
    yield "|---|---|"
    for code, response in operation["responses"].items():
        yield f"| {code} | {response['description']} |"


def _shape(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    from adapters.openapi import rows

    yield f"\n## {name}\n"
    if "description" in schema:
        yield f"{schema['description']}\n"
    yield "| field | type | | about |"
    yield "|---|---|---|---|"
    for row in rows(schema):
        yield f"| `{row['name']}` | {row['kind']} | {row['must']} | {row['about']} |"


def metrics() -> str:
    """What /metrics shows: the table of engine/metrics.py and the storage's own of adapters/health.py."""
    parts = [
        "# Metrics\n",
        WRITTEN,
        "`/metrics` in Prometheus' format. Names hold no customer, no number and no text.\n",
    ]
    parts += ["| name | what it says |", "|---|---|"]
    parts += [f"| `{name}` | {about} |" for name, about in metric_names().items()]
    return "\n".join(parts) + "\n"


def metric_names() -> dict[str, str]:
    """Name with labels -> meaning, from the two modules' own tables."""
    from adapters import health
    from engine import metrics

    found: dict[str, str] = {}
    for module in (metrics, health):
        for name, about in re.findall(
            r"^    (doorstep_\S+(?:\{[^}]*\})?)\s{2,}(.+)$", module.__doc__ or "", flags=re.MULTILINE
        ):
            found[name] = about.strip()
    return found


def events() -> str:
    """Every event and every effect with the first sentence of its description."""
    from flows import desk_events, effects, event
    from flows import events as happened

    parts = ["# Events and effects\n", WRITTEN]
    parts.append(
        "Everything that happens is an event, in the past tense; everything that is wished an effect, in the imperative. One road"
    )
    parts.append("leads from the one to the other: [architecture](architecture.md).\n")
    pages = (("Events", (event, happened)), ("Events of a shop's desk", (desk_events,)), ("Effects", (effects,)))
    for title, modules in pages:
        parts += [f"\n## {title}\n", "| name | what it is |", "|---|---|"]
        parts += [f"| `{name}` | {about} |" for module in modules for name, about in described(module).items()]
    return "\n".join(parts) + "\n"


def described(module: Any) -> dict[str, str]:
    """Class of this module -> the first paragraph of its docstring, "" without one of its own."""
    found: dict[str, str] = {}
    for name, value in vars(module).items():
        if inspect.isclass(value) and value.__module__ == module.__name__ and not name.startswith("_"):
            about = inspect.cleandoc(value.__dict__.get("__doc__") or "").partition("\n\n")[0]
            found[name] = " ".join(about.split()).replace("|", "\\|")
    return found


def texts() -> str:
    """Every text that customers get, with its channels and values, in English as it would go out."""
    from flows.wording import preview
    from flows.wording.spec import SPECS

    parts = ["# Texts\n", WRITTEN]
    parts.append(
        "`run.py preview NAME --lang es` shows any of them in any language; `texts` in the settings replaces one. A star: it may"
    )
    parts.append("open a WhatsApp conversation, so it is submitted to Meta as a template.\n")
    for name, spec in SPECS.items():
        parts.append(f"\n## {name}{' *' if spec.proactive else ''}\n")
        values = ", ".join(f"`{value}`" for value in (*spec.needs, *(f"{value}?" for value in spec.may)))
        parts.append(f"By {', '.join(spec.channels)}.{f' Values: {values}.' if values else ''}\n")
        for channel, shown in preview(name, "en"):
            buttons = " ".join(f"[{button.title}]" for button in shown.buttons)
            body = "\n".join(f"> {line}" for line in shown.text.splitlines() or [""])
            parts.append(f"{channel}:\n\n{body}\n" + (f">\n> {buttons}\n" if buttons else ""))
    return "\n".join(parts) + "\n"


def settings() -> str:
    from engine.settings.reference import markdown

    return markdown()


def cookbook() -> str:
    from commands.cookbook import page

    return page()


#: Page of docs/ -> who writes it.
PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings,
    "commands.md": commands,
    "api.md": api,
    "metrics.md": metrics,
    "events.md": events,
    "texts.md": texts,
    "cookbook.md": cookbook,
}


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs")
    for name, write in PAGES.items():
        (folder / name).write_text(write(), encoding="utf-8")


if __name__ == "__main__":
    main()
