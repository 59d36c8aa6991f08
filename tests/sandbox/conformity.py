"""Does a JSON value fit an OpenAPI schema? As much of it as the providers' own files use. Tests only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

SPECS = Path(__file__).parents[3] / "shared" / "data" / "specs"
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}


def spec_file(name: str) -> Path:
    """The file of this name; skips the test where the folder of other people's data is missing."""
    path = SPECS / name
    if not path.exists():
        pytest.skip(f"{name} is not here")
    return path


def misfits(value: Any, schema: Mapping[str, Any], named: Mapping[str, Any], at: str = "$") -> list[str]:
    """Every place where `value` breaks `schema`; `named` holds the schemas that `$ref` names."""
    if "$ref" in schema:
        return misfits(value, named[schema["$ref"].rsplit("/", 1)[1]], named, at)
    if value is None:
        return [] if schema.get("nullable") or not schema.get("type") else [f"{at}: null"]
    found = [m for part in schema.get("allOf", ()) for m in misfits(value, part, named, at)]
    for key in ("oneOf", "anyOf"):
        if key in schema and all(misfits(value, part, named, at) for part in schema[key]):
            found.append(f"{at}: fits none of {key}")
    kind = schema.get("type")
    if kind and (not isinstance(value, _TYPES[kind]) or (kind == "integer" and isinstance(value, bool))):
        return [*found, f"{at}: {type(value).__name__} is no {kind}"]
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at}: {value!r} not in {schema['enum']}")
    if isinstance(value, str):
        found += _text_misfits(value, schema, at)
    if isinstance(value, list) and "items" in schema:
        found += [m for n, item in enumerate(value) for m in misfits(item, schema["items"], named, f"{at}[{n}]")]
    if isinstance(value, dict):
        found += [f"{at}.{name}: missing" for name in schema.get("required", ()) if name not in value]
        known = schema.get("properties", {})
        for name, item in value.items():
            if name in known:
                found += misfits(item, known[name], named, f"{at}.{name}")
            elif schema.get("additionalProperties") is False:
                found.append(f"{at}.{name}: not known")
    return found


def _text_misfits(value: str, schema: Mapping[str, Any], at: str) -> list[str]:
    found = []
    if "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{at}: {value!r} is not {schema['pattern']}")
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        found.append(f"{at}: length {len(value)}")
    return found


class YamlSchemas(dict[str, Any]):
    """The schemas of a large OpenAPI file in YAML, each read when it is asked for."""

    def __init__(self, path: Path, aliases: Mapping[str, str]) -> None:
        super().__init__()
        self._text = path.read_text(encoding="utf-8")
        self._aliases = aliases

    def __missing__(self, name: str) -> Any:
        real = self._aliases.get(name, name)
        found = re.search(rf"^    {re.escape(real)}:\n((?:      .*\n|\n)+)", self._text, re.MULTILINE)
        if found is None:
            raise KeyError(name)
        self[name] = YAML(typ="safe", pure=True).load(found[1])
        return self[name]
