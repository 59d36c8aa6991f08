"""What every block of settings has in common: frozen, no unknown key, no value in an error message."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Block(BaseModel):
    """One mapping of the settings file."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, arbitrary_types_allowed=True)


def setting(about: str, default: Any = ..., *, eg: str = "", key: str | None = None, least: float | None = None) -> Any:
    """A key of a block: what it means, its default or what makes it (none: required), an example, its name in the file, its least value."""
    factory: dict[str, Any] = {"default_factory": default} if callable(default) else {"default": default}
    return Field(description=about, examples=[eg] if eg else None, alias=key, ge=least, **factory)
