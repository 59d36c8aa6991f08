"""Holds calls and answers against a machine-readable description of the Bot API, so that the pretend one stays true to it.

The description is JSON: `methods` and `types` by name, each with `fields` (name, types, required), methods with `returns`, types
of several kinds with `subtypes`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sandbox.telegram_params import Json

#: Parameters and fields that the documentation describes elsewhere or no longer, which servers and clients still know.
LEGACY_PARAMS = frozenset({"reply_to_message_id", "allow_sending_without_reply"})


#: Fields of a later revision of the API, which clients already require.
COMING_FIELDS = frozenset({"can_send_welcome_messages"})


class BotApiSpec:
    """Faults come as lines of text, each with its place; none means that all conforms."""

    def __init__(self, path: Path) -> None:
        """Raises OSError, ValueError when the description cannot be read."""
        described = json.loads(path.read_text(encoding="utf-8"))
        self._methods: Json = described["methods"]
        self._types: Json = described["types"]

    def knows(self, method: str) -> bool:
        return method in self._methods

    def faults_of_call(self, method: str, params: Json, answer: Json) -> list[str]:
        """Unknown parameters, missing ones in a call that went well, and an answer of another shape than promised."""
        if not self.knows(method):
            return [f"{method}: no such method"]
        fields = {field["name"]: field for field in self._methods[method].get("fields", [])}
        faults = [
            f"{method}: no parameter {name}" for name in params if name not in fields and name not in LEGACY_PARAMS
        ]
        if answer["ok"]:
            faults += [
                f"{method}: went well without {name}"
                for name, f in fields.items()
                if f["required"] and name not in params
            ]
            return faults + self.faults_of_value(answer["result"], self._methods[method]["returns"], method)
        return faults + self.faults_of_refusal(answer, method)

    def faults_of_refusal(self, answer: Json, place: str) -> list[str]:
        faults = [f"{place}: refusal without {name}" for name in ("error_code", "description") if name not in answer]
        if "parameters" in answer:
            faults += self.faults_of_value(answer["parameters"], ["ResponseParameters"], f"{place}.parameters")
        return faults

    def faults_of_value(self, value: Any, types: list[str], place: str) -> list[str]:
        """The faults against the type that fits best."""
        tries = [self._against(value, kind, place) for kind in types]
        return min(tries, key=len)

    def _against(self, value: Any, kind: str, place: str) -> list[str]:
        if kind.startswith("Array of "):
            if not isinstance(value, list):
                return [f"{place}: no array"]
            inner = kind.removeprefix("Array of ")
            return [fault for n, item in enumerate(value) for fault in self._against(item, inner, f"{place}[{n}]")]
        plain = {"Integer": int, "String": str, "Float": (int, float), "Boolean": bool, "True": bool}
        if kind in plain:
            fits = isinstance(value, plain[kind]) and (kind in {"Boolean", "True"} or not isinstance(value, bool))  # type: ignore[arg-type]
            return [] if fits else [f"{place}: {value!r} is no {kind}"]
        described = self._types.get(kind)
        if described is None:
            return [f"{place}: unknown type {kind}"]
        if described.get("subtypes"):
            return self.faults_of_value(value, described["subtypes"], place)
        return self._object(value, kind, described.get("fields", []), place)

    def _object(self, value: Any, kind: str, described: list[Json], place: str) -> list[str]:
        if not isinstance(value, dict):
            return [f"{place}: no {kind}"]
        fields = {field["name"]: field for field in described}
        faults = [
            f"{place}: {kind} has no field {name}" for name in value if name not in fields and name not in COMING_FIELDS
        ]
        faults += [
            f"{place}: {kind} lacks {name}" for name, field in fields.items() if field["required"] and name not in value
        ]
        for name, inner in value.items():
            if name in fields:
                faults += self.faults_of_value(inner, fields[name]["types"], f"{place}.{name}")
        return faults
