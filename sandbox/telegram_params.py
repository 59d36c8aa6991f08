"""The parameters of one Bot API call, read from JSON, a form, multipart or the query string alike, and the refusal all methods raise.

Source: https://core.telegram.org/bots/api#making-requests
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from aiohttp import BodyPartReader, web

Json = dict[str, Any]


class Refused(Exception):
    """The answer is not ok: `code` (HTTP status and error_code), `description` as Telegram words it, `parameters` of ResponseParameters."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def body(self) -> Json:
        answer: Json = {"ok": False, "error_code": self.code, "description": self.description}
        return answer | ({"parameters": self.parameters} if self.parameters else {})


def bad_request(why: str, **parameters: int) -> Refused:
    return Refused(400, f"Bad Request: {why}", **parameters)


def forbidden(why: str) -> Refused:
    return Refused(403, f"Forbidden: {why}")


@dataclasses.dataclass(frozen=True, slots=True)
class Upload:
    """One file part of a multipart body."""

    name: str
    mime: str
    content: bytes


class Params:
    """Typed access; what is of the wrong type is refused with 400, what is absent is None."""

    def __init__(self, values: Json, uploads: dict[str, Upload] | None = None) -> None:
        self.values = values
        self.uploads = uploads or {}

    def text(self, name: str) -> str | None:
        value = self.values.get(name)
        if value is None:
            return None
        return value if isinstance(value, str) else json.dumps(value)

    def integer(self, name: str) -> int | None:
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, bool):
            raise bad_request(f'can\'t parse parameter "{name}": expected an integer')
        try:
            return int(value)
        except (TypeError, ValueError) as error:
            raise bad_request(f'can\'t parse parameter "{name}": expected an integer') from error

    def number(self, name: str) -> float | None:
        value = self.values.get(name)
        try:
            return None if value is None else float(value)
        except (TypeError, ValueError) as error:
            raise bad_request(f'can\'t parse parameter "{name}": expected a number') from error

    def flag(self, name: str) -> bool:
        value = self.values.get(name)
        return value is True or (not isinstance(value, bool) and str(value).lower() in {"true", "yes", "1"})

    def structure(self, name: str, kind: type[Any]) -> Any:
        """The JSON value of `name`: itself in a JSON body, a JSON text in a form. None when absent or empty."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError as error:
                raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from error
        if not isinstance(value, kind):
            raise bad_request(f"object expected as {name.replace('_', ' ')}" if kind is dict else f"can't parse {name}")
        return value

    def needed(self, name: str) -> int:
        value = self.integer(name)
        if value is None:
            raise bad_request(f'parameter "{name}" is required')
        return value

    def strings(self, name: str) -> list[str] | None:
        value = self.structure(name, list)
        return None if value is None else [str(item) for item in value]


async def read_params(request: web.Request) -> Params:
    """Query string and body together; the body wins. Raises Refused(400) on a JSON body that is none."""
    values: Json = dict(request.query)
    if request.content_type == "application/json":
        raw = await request.read()
        try:
            body = json.loads(raw) if raw.strip() else {}
        except ValueError as error:
            raise bad_request("can't parse JSON object") from error
        if not isinstance(body, dict):
            raise bad_request("JSON object expected")
        return Params(values | body)
    if request.content_type == "multipart/form-data":
        return await _read_multipart(request, values)
    values.update({key: str(value) for key, value in (await request.post()).items()})
    return Params(values)


async def _read_multipart(request: web.Request, values: Json) -> Params:
    uploads: dict[str, Upload] = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        content = bytes(await part.read(decode=True))
        if part.filename is None:
            values[part.name] = content.decode()
        else:
            mime = part.headers.get("Content-Type", "application/octet-stream")
            uploads[part.name] = Upload(part.filename, mime, content)
    return Params(values, uploads)
