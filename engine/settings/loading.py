"""From the file to Settings, in one function; every fault at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import cast

from pydantic import ValidationError

from engine.settings.crossing import Crossed, crossed
from engine.settings.document import Document, Tree, parse
from engine.settings.faults import BadSettings, Fault, from_pydantic, line_of
from engine.settings.model import BLOCKS, Settings
from engine.settings.sharing import shared_without_leave

#: More is no settings file; read before anything is parsed.
MOST_BYTES = 1_000_000


def load(path: str | Path, env: Mapping[str, str], replace: Mapping[str, object] | None = None) -> Settings:
    """The settings of a file. Raises BadSettings with every fault.

    `env` fills the ${NAME}s; an unset one is no fault here (see `unset`). `replace`: top-level settings that stand in for
    the file's, also for a shop's own of that name; the sandbox points the service at its pretend providers with it.
    """
    return build(read(path), env, replace)


def read(path: str | Path) -> Document:
    """The file as a tree with lines. Raises BadSettings when it is missing or no YAML."""
    file = Path(path)
    try:
        if file.stat().st_size > MOST_BYTES:
            raise BadSettings([Fault(str(file), None, "the file is far too large", "Is it the right file?")])
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        mend = "Give its path with --config, or copy the config.yaml that came with Doorstep."
        raise BadSettings([Fault(str(file), None, error.strerror or "the file cannot be read", mend)]) from error
    except UnicodeDecodeError as error:
        raise BadSettings([Fault(str(file), None, "the file is not UTF-8", "Save it as UTF-8.")]) from error
    return parse(text)


def build(document: Document, env: Mapping[str, str], replace: Mapping[str, object] | None = None) -> Settings:
    """The settings of a document. Raises BadSettings."""
    tree = _replaced(document.tree, cast("Mapping[str, Tree]", replace or {}))
    faults = [*document.faults, *_placed(crossed(dict(tree)), document)]
    try:
        settings = Settings.model_validate(tree, context={"env": env})
    except ValidationError as error:
        found = error.errors(include_url=False)
        faults += [from_pydantic(detail, Settings, document.lines) for detail in found]
        raise BadSettings(_in_order(faults)) from error
    settings.read_from(document.lines)
    faults += _placed(shared_without_leave(settings), document)
    if faults:
        raise BadSettings(_in_order(faults))
    return settings


def _placed(found: Iterable[Crossed], document: Document) -> Iterator[Fault]:
    for where, what, mend in found:
        yield Fault(where, line_of(where, document.lines), what, mend)


def _replaced(tree: dict[str, Tree], replace: Mapping[str, Tree]) -> dict[str, Tree]:
    shops = tree.get("shops")
    if isinstance(shops, list):
        gone = set(replace).intersection(BLOCKS)
        kept = [{k: v for k, v in s.items() if k not in gone} if isinstance(s, dict) else s for s in shops]
        tree = {**tree, "shops": cast("Tree", kept)}
    return {**tree, **replace}


def _in_order(faults: list[Fault]) -> list[Fault]:
    """By line, each once: two validators may have found the same."""
    return sorted(dict.fromkeys(faults), key=lambda fault: (fault.line or 0, fault.where))
