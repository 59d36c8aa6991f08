"""What is wrong with the settings, where, and how to mend it, in words for the person who wrote them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from msgspec import Struct
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from engine.ports import OurFault

Loc = tuple[str | int, ...]

#: Longer values are not repeated in a message: they may be pasted secrets.
_SHOWN = 40


class Fault(Struct, frozen=True):
    """One thing to mend. `where` is a path like shops[0].timezone, `line` counts from 1 (None: not in the file).

    A warning does not stop `serve`; everything else does.
    """

    where: str
    line: int | None
    what: str
    mend: str
    level: Literal["error", "warning"] = "error"

    @property
    def warning(self) -> bool:
        """Should be known; stops nothing."""
        return self.level == "warning"

    def __str__(self) -> str:
        place = f"line {self.line}, {self.where}" if self.line else self.where
        return f"{place}: {self.what}. {self.mend}" if self.mend else f"{place}: {self.what}."


class BadSettings(OurFault):
    """The settings cannot be used; `faults` has every one of them."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def wrong(what: str, mend: str) -> PydanticCustomError:
    """The error that a validator of ours raises: both halves of a Fault."""
    return PydanticCustomError("setting", "{what}", {"what": what, "mend": mend})


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """The mend for a misspelled word: the nearest known one, else `otherwise`."""
    spelled = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.casefold(), spelled, n=1, cutoff=0.6)
    return f"Did you mean {spelled[near[0]]}?" if near else otherwise


def path(loc: Loc) -> str:
    """("shops", 0, "timezone") as shops[0].timezone."""
    text = ""
    for part in loc:
        if part == "[key]":
            continue
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "(top)"


def line_of(where: str, lines: Mapping[str, int]) -> int | None:
    """The line of the place, else of the block around it."""
    while where:
        if where in lines:
            return lines[where]
        where = where[: max(where.rfind("."), where.rfind("["), 0)]
    return None


def from_pydantic(error: ErrorDetails, model: type[BaseModel], lines: Mapping[str, int]) -> Fault:
    """The library's finding in our words."""
    loc: Loc = error["loc"]
    where = path(loc)
    what, mend = _words(error, *_field_at(model, loc))
    return Fault(where, line_of(where, lines), what, mend)


def _words(error: ErrorDetails, block: type[BaseModel] | None, field: FieldInfo | None) -> tuple[str, str]:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "setting":
        return str(context["what"]), str(context["mend"])
    name = str(error["loc"][-1]) if error["loc"] else ""
    example = _example(field)
    if kind == "missing":
        return "a required setting is missing", f"Add {name}: {example or '...'}"
    if kind == "extra_forbidden":
        known = sorted(_names(block)) if block else []
        return "there is no such setting", did_you_mean(name, known, f"Known here: {', '.join(known)}.")
    if kind == "literal_error":
        choices = [choice.strip(" '") for choice in str(context["expected"]).replace(" or ", ",").split(",")]
        given = str(error["input"])
        listed = f"Write one of: {', '.join(choices)}."
        return f"{_shown(given)} is not known here", did_you_mean(given, choices, listed)
    return _shape(kind, error, example)


def _example(field: FieldInfo | None) -> str:
    """What could stand there; of a block, the settings that it cannot be without. Empty where nobody gave one."""
    if field is None:
        return ""
    if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
        inner = field.annotation.model_fields
        needed = ((name, _example(each)) for name, each in inner.items() if each.is_required())
        return "{" + ", ".join(f'{name}: "{example}"' for name, example in needed) + "}"
    return str(field.examples[0]) if field.examples else ""


def _shape(kind: str, error: ErrorDetails, example: str) -> tuple[str, str]:
    """A value of the wrong shape altogether."""
    mend = f"Write for example: {example}" if example else "See docs/settings.md."
    context = error.get("ctx", {})
    if kind in ("model_type", "model_attributes_type", "dict_type", "mapping_type"):
        return "a block of settings belongs here (name: value)", mend
    if kind in ("list_type", "tuple_type"):
        return "a list belongs here (- one - two, or [one, two])", mend
    if error["input"] is None:
        return "there is no value", mend
    if kind == "greater_than_equal":
        return (
            "the number is too small",
            f"Write at least {context.get('ge', 0):g}{f', for example {example}' if example else ''}.",
        )
    if kind.startswith(("int_", "float_")):
        return f"{_shown(str(error['input']))} is not a number", mend
    return error["msg"][:1].lower() + error["msg"][1:], mend


def _shown(value: str) -> str:
    return repr(value) if len(value) <= _SHOWN else "the value"


def _names(block: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in block.model_fields.items()]


def _field_at(model: type[BaseModel], loc: Loc) -> tuple[type[BaseModel] | None, FieldInfo | None]:
    """The block that holds the last part of `loc`, and its field where the part names one."""
    block: type[BaseModel] | None = model
    field: FieldInfo | None = None
    for index, part in enumerate(loc):
        if isinstance(part, int) or block is None:
            continue
        found = next((f for n, f in block.model_fields.items() if part == (f.alias or n)), None)
        if found is None:
            if index == len(loc) - 1:
                return block, None
            continue  # the key of a mapping
        field = found
        if index < len(loc) - 1:
            block = block_of(found.annotation)
    return block, field


def block_of(annotation: Any) -> type[BaseModel] | None:
    """The model inside an annotation such as tuple[Shop, ...] or Twilio | None; None where there is none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        inner = block_of(argument)
        if inner is not None:
            return inner
    return None
