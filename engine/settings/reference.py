"""docs/settings.md, written from the models: `python -m engine.settings.reference > docs/settings.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import time, timedelta

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from engine.settings.faults import block_of
from engine.settings.model import Blocks, Settings, Shop
from flows.policy import Hours, Quiet

_HEAD = """# Settings

This page is written from the program by `python -m engine.settings.reference`; a test compares.

YAML 1.2: `NO` and `21:30` are text. An unknown key is an error. Durations are `30s`, `15m`, `4h`, `2d`. Secrets stand as
`${ENV_NAME}` only; inside `{ }` they need quotes. A variable that is not set is a fault only for a command that uses it.
http and unencrypted SMTP are accepted on loopback hosts. `python run.py check` prints every fault with its line and its mend.

The blocks under "Blocks" may stand at the top, for all shops, or inside a shop, where one replaces the global one whole."""


def markdown() -> str:
    """The whole page."""
    parts = [_HEAD, *_section("The file", "", Settings, skip=Blocks)]
    parts += _section("Blocks", "", Blocks)
    parts += _section("A shop", "shops[].", Shop, skip=Blocks)
    done: set[type[BaseModel]] = {Settings, Blocks, Shop}
    for title, prefix, block in (*_nested(Settings, "", done), *_nested(Shop, "shops[].", done)):
        parts += _section(title, prefix, block)
    return "\n".join(parts).rstrip() + "\n"


def _section(title: str, prefix: str, block: type[BaseModel], skip: type[BaseModel] | None = None) -> Iterator[str]:
    yield f"\n## {title}\n"
    if block.__doc__ and prefix:
        yield f"{' '.join(block.__doc__.split())}\n"
    fields = {n: f for n, f in block.model_fields.items() if skip is None or n not in skip.model_fields}
    if not fields:
        return
    yield "| setting | meaning | default | example |"
    yield "|---|---|---|---|"
    for name, field in fields.items():
        example = f"`{field.examples[0]}`" if field.examples else ""
        about = str(field.description or "").replace("|", "\\|")
        yield f"| `{prefix}{field.alias or name}` | {about} | {_default(field)} | {example} |"


def _nested(
    block: type[BaseModel], prefix: str, done: set[type[BaseModel]]
) -> Iterator[tuple[str, str, type[BaseModel]]]:
    """The blocks below `block`, each once, depth first."""
    for name, field in block.model_fields.items():
        inner = block_of(field.annotation)
        if inner is None or inner in done:
            continue
        done.add(inner)
        annotation = str(field.annotation)
        many = "[]" if "tuple[" in annotation else ".*" if "dict[" in annotation else ""
        at = f"{prefix}{field.alias or name}{many}"
        yield at, f"{at}.", inner
        yield from _nested(inner, f"{at}.", done)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined or (isinstance(value, BaseModel)):
        return "see below"
    return _spelled(value, field)


def _spelled(value: object, field: FieldInfo) -> str:
    if value is None:
        text = str(field.description or "")
        return "default" if "default is" in text else "auto" if "auto = " in text else "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, Quiet):
        return f"{value.start:%H:%M}-{value.end:%H:%M}"
    if isinstance(value, Hours) or value in ((), {}):
        return "empty"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {inner}" for key, inner in value.items())
    if isinstance(value, tuple):
        return ", ".join(_item(item) for item in value)
    return str(value)


def _item(item: object) -> str:
    if isinstance(item, BaseModel):
        return " ".join(_duration(v) if isinstance(v, timedelta) else str(v) for _, v in item)
    return str(item)


def _duration(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    size, unit = next((s, u) for s, u in ((86400, "d"), (3600, "h"), (60, "m"), (1, "s")) if seconds % s == 0)
    return f"{seconds // size}{unit}"


if __name__ == "__main__":
    sys.stdout.write(markdown())
