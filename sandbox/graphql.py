"""As much of GraphQL as a client of the pretend Admin API writes: one operation with variables, arguments and aliases.

`run` checks the operation against a schema of plain dictionaries and answers in GraphQL's own shape; what the schema does not have
is refused with the words and codes of Shopify. Source: https://spec.graphql.org/October2021/ sections 2, 3 and 6, read 2026-11.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(r'[\s,]+|#[^\n]*|(\.\.\.|[!$():=@\[\]{|}]|"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|[A-Za-z_]\w*)')

#: type name -> field -> (type of the field, its arguments: name -> type)
Schema = Mapping[str, Mapping[str, tuple[str, Mapping[str, str]]]]
#: input type -> field -> type
Inputs = Mapping[str, Mapping[str, str]]
Resolve = Callable[[str, Mapping[str, Any]], Any]


class Wrong(Exception):
    """The document is refused. `code`: as in extensions.code."""

    def __init__(self, message: str, code: str, **more: str) -> None:
        super().__init__(message)
        self.error = {"message": message, "extensions": {"code": code, **more}}


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    name: str
    alias: str
    args: dict[str, Any]
    fields: tuple[Field, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Variable:
    """A value that stands for one of the request's variables."""

    name: str


@dataclasses.dataclass(frozen=True, slots=True)
class Operation:
    kind: str  # query | mutation
    variables: dict[str, str]  # name -> type, as written
    fields: tuple[Field, ...]


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        at = 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise Wrong(f"syntax error, unexpected {text[at]!r}", "PARSE_ERROR")
            if match[1]:
                self._tokens.append(match[1])
            at = match.end()
        self._at = 0

    def peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.peek()
        if not token or (wanted and token != wanted):
            raise Wrong(f"syntax error, unexpected {token or 'end of file'}", "PARSE_ERROR")
        self._at += 1
        return token

    def operation(self) -> Operation:
        kind = self.take() if self.peek() in ("query", "mutation") else "query"
        if self.peek() not in ("(", "{"):
            self.take()  # its name
        variables: dict[str, str] = {}
        if self.peek() == "(":
            self.take("(")
            while self.peek() != ")":
                self.take("$")
                name = self.take()
                self.take(":")
                variables[name] = self._type()
            self.take(")")
        fields = self._fields()
        if self.peek():
            raise Wrong(f"syntax error, unexpected {self.peek()}", "PARSE_ERROR")
        return Operation(kind, variables, fields)

    def _type(self) -> str:
        if self.peek() == "[":
            self.take("[")
            inner = self._type()
            self.take("]")
            text = f"[{inner}]"
        else:
            text = self.take()
        if self.peek() == "!":
            text += self.take()
        return text

    def _fields(self) -> tuple[Field, ...]:
        self.take("{")
        found = []
        while self.peek() != "}":
            name = alias = self.take()
            if self.peek() == ":":
                self.take(":")
                name = self.take()
            args: dict[str, Any] = {}
            if self.peek() == "(":
                self.take("(")
                while self.peek() != ")":
                    arg = self.take()
                    self.take(":")
                    args[arg] = self._value()
                self.take(")")
            found.append(Field(name, alias, args, self._fields() if self.peek() == "{" else ()))
        self.take("}")
        return tuple(found)

    def _value(self) -> Any:
        word = self.take()
        if word == "$":
            return Variable(self.take())
        if word == "[":
            listed = []
            while self.peek() != "]":
                listed.append(self._value())
            self.take("]")
            return listed
        if word == "{":
            made = {}
            while self.peek() != "}":
                key = self.take()
                self.take(":")
                made[key] = self._value()
            self.take("}")
            return made
        if word.startswith('"'):
            return word[1:-1].replace('\\"', '"')
        known = {"true": True, "false": False, "null": None}
        if word in known:
            return known[word]
        return int(word) if word.lstrip("-").isdigit() else word


def parse(text: str) -> Operation:
    """Raises Wrong."""
    return _Reader(text).operation()


def run(
    operation: Operation, variables: Mapping[str, Any], schema: Schema, inputs: Inputs, resolve: Resolve
) -> dict[str, Any]:
    """The `data`. `resolve(name, arguments)` gives a root field's value; deeper fields are looked up in it. Raises Wrong."""
    for name, kind in operation.variables.items():
        _check(f"${name}", kind, variables.get(name), inputs)
    root = "QueryRoot" if operation.kind == "query" else "Mutation"
    _known(operation.fields, root, schema)
    data: dict[str, Any] = {}
    for field in operation.fields:
        args = {name: _filled(value, variables) for name, value in field.args.items()}
        for name, kind in schema[root][field.name][1].items():
            _check(name, kind, args.get(name), inputs)
        data[field.alias] = _shaped(field, resolve(field.name, args))
    return data


def _check(name: str, kind: str, value: Any, inputs: Inputs) -> None:
    wanted = kind.removesuffix("!")
    if value is None:
        if kind.endswith("!"):
            raise Wrong(f"Variable {name} of type {kind} was provided invalid value", "INVALID_VARIABLE")
        return
    if wanted.startswith("["):
        for each in value if isinstance(value, list) else [value]:
            _check(name, wanted[1:-1], each, inputs)
    elif wanted in inputs:
        if not isinstance(value, Mapping):
            raise Wrong(f"Variable {name} of type {kind} was provided invalid value", "INVALID_VARIABLE")
        for key, inner in value.items():
            if key not in inputs[wanted]:
                what = f"Variable {name} of type {kind} was provided invalid value for {key} (Field is not defined on {wanted})"
                raise Wrong(what, "INVALID_VARIABLE")
            _check(f"{name}.{key}", inputs[wanted][key], inner, inputs)
    elif wanted in ("String", "ID") and not isinstance(value, str):
        raise Wrong(f"Variable {name} of type {kind} was provided invalid value", "INVALID_VARIABLE")


def _known(fields: tuple[Field, ...], kind: str, schema: Schema) -> None:
    for field in fields:
        if field.name not in schema[kind]:
            what = f"Field '{field.name}' doesn't exist on type '{kind}'"
            raise Wrong(what, "undefinedField", typeName=kind, fieldName=field.name)
        inner, args = schema[kind][field.name]
        for name in field.args:
            if name not in args:
                what = f"Field '{field.name}' doesn't accept argument '{name}'"
                raise Wrong(what, "argumentNotAccepted", argumentName=name)
        if bool(field.fields) != (inner in schema):
            raise Wrong(f"Field '{field.name}' of type '{inner}': selections do not fit", "selectionMismatch")
        if field.fields:
            _known(field.fields, inner, schema)


def _filled(value: Any, variables: Mapping[str, Any]) -> Any:
    if isinstance(value, Variable):
        return variables.get(value.name)
    if isinstance(value, list):
        return [_filled(each, variables) for each in value]
    return {k: _filled(v, variables) for k, v in value.items()} if isinstance(value, dict) else value


def _shaped(field: Field, value: Any) -> Any:
    if not field.fields or value is None:
        return value
    if isinstance(value, list):
        return [_shaped(field, each) for each in value]
    return {inner.alias: _shaped(inner, value.get(inner.name)) for inner in field.fields}
