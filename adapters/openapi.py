"""/openapi.json and /docs: the shop's API as a document for programs and as a page for people, both from one source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from adapters.http import SAFE, answer
from adapters.order_model import ChangedOrderBody, OrderBody, ReportBody
from adapters.page_sheet import template
from adapters.receiving import FORM_LIMIT_BYTES
from flows.orders import State, Via, Who

_ID = {"$ref": "#/components/parameters/id"}
_STATE = {"type": "string", "enum": list(get_args(State))}
_TIME = {"type": "string", "format": "date-time"}
_TEXT = {"type": "string"}

EXAMPLE: dict[str, Any] = {
    "id": "1001",
    "placed_at": "2026-11-21T10:00:00Z",
    "name": "Ana Ruiz",
    "phone": "600 000 000",
    "email": "ana@example.com",
    "address": {"line1": "Calle Mayor 1", "city": "Madrid", "postcode": "28013", "country": "ES"},
    "items": [{"sku": "MUG-1", "title": "Mug", "quantity": 1, "price": "19.90"}],
    "total": "19.90",
    "currency": "EUR",
    "payment": "cod",
    "language": "es",
    "consent": {"whatsapp": True},
}

#: Answer -> what it means; the same words wherever the same answer is given.
_MEANS = {
    "400": "Not as documented: every fault with its place",
    "401": "No token, or one that no shop has",
    "404": "No such order in the token's shop",
    "408": "The body took longer than 10 s to arrive",
    "409": "Another order has this id; a change is PUT",
    "413": f"The body is over {FORM_LIMIT_BYTES // 1024} kB",
    "415": "The content type is not application/json",
    "503": "The storage does not answer; nothing was changed, come again after Retry-After seconds",
}

_SCHEMAS: dict[str, Any] = {
    "Brief": {
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": _TEXT,
            "state": _STATE,
            "version": {"type": "integer"},
            "ignored_why": {"type": "string", "description": "why nothing is asked: it is not cash on delivery"},
            "outcome": {
                "type": "string",
                "description": "of an event: accepted, same (told before), odd (the order's state does not allow it)",
            },
        },
    },
    "OrderView": {
        "type": "object",
        "required": ["id", "state", "decided_by", "via", "version", "rung", "risk", "timeline"],
        "properties": {
            "id": _TEXT,
            "state": _STATE,
            "decided_by": {"enum": [*get_args(Who), None]},
            "via": {"enum": [*get_args(Via), None]},
            "decided_at": {"anyOf": [_TIME, {"type": "null"}]},
            "version": {"type": "integer"},
            "ignored_why": _TEXT,
            "rung": {"type": ["integer", "null"], "description": "step of the ladder, from 0; null: not asked"},
            "channel": {"type": ["string", "null"], "description": "the channel of that step"},
            "risk": {
                "type": "object",
                "properties": {
                    "verdict": {"enum": ["trusted", "normal", "watch", "review", "blocked"]},
                    "reasons": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": {
                                "code": _TEXT,
                                "words": {"type": "string", "description": "the reason as a sentence, in English"},
                                "points": {"type": "number"},
                                "orders": {"type": "array", "items": _TEXT},
                            },
                        },
                    },
                },
            },
            "slot": {
                "type": ["object", "null"],
                "description": "the delivery slot that was chosen: day, window, courier",
            },
            "attempts_failed": {"type": "integer", "description": "failed delivery attempts"},
            "replan": {
                "type": ["string", "null"],
                "description": "after a failed attempt: open, slot, neighbour, pickup, hint, cancel, staff",
            },
            "phone2": {"type": ["string", "null"], "description": "a second number for the courier"},
            "courier_note": {
                "type": "string",
                "description": "who opens the door, when to be careful, and the customer's wish; for the courier's label",
            },
            "timeline": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "at": _TIME,
                        "what": _TEXT,
                        "by": _TEXT,
                        "via": _TEXT,
                        "data": {"type": "object", "additionalProperties": _TEXT},
                    },
                },
            },
        },
    },
    "OrderList": {
        "type": "object",
        "required": ["orders"],
        "properties": {
            "orders": {
                "type": "array",
                "items": {"type": "object", "properties": {"id": _TEXT, "state": _STATE, "updated_at": _TIME}},
            }
        },
    },
    "Faults": {
        "type": "object",
        "required": ["errors"],
        "properties": {"errors": {"type": "array", "items": _TEXT}},
    },
}


def document(public_url: str) -> dict[str, Any]:
    """The API as OpenAPI 3.1."""
    _, models = models_json_schema(
        [(model, "validation") for model in (OrderBody, ChangedOrderBody, ReportBody)],
        ref_template="#/components/schemas/{model}",
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Doorstep orders",
            "version": "1",
            "description": "Send cash-on-delivery orders, follow what the customer decided, tell what became of the parcel.",
        },
        "servers": [{"url": public_url.rstrip("/")}],
        "security": [{"token": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "the shop's api_token; it names the shop"}
            },
            "parameters": {
                "id": {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "maxLength": 64}}
            },
            "schemas": models["$defs"] | _SCHEMAS,
        },
    }


def _paths() -> dict[str, Any]:
    return {
        "/orders": {
            "post": _operation(
                "Send an order", OrderBody, EXAMPLE, {"202": "Accepted", "200": "The same order again"}, "401 409"
            ),
            "get": _operation("List orders, newest change first", None, None, {"200": "Up to 500"}, "401", "OrderList")
            | {"parameters": _filters()},
        },
        "/orders/{id}": {
            "parameters": [_ID],
            "put": _operation(
                "Send a new version of an order",
                ChangedOrderBody,
                EXAMPLE,
                {"202": "A new version", "200": "Nothing in it is new"},
                "401 404",
            ),
            "get": _operation("One order", None, None, {"200": "The order"}, "401 404", "OrderView"),
        },
        "/orders/{id}/events": {
            "parameters": [_ID],
            "post": _operation(
                "Tell what became of an order",
                ReportBody,
                {"type": "shipped", "at": "2026-11-22T08:00:00Z", "tracking": "PK123"},
                {"200": "Noted; what the order's state does not allow is kept in its journal and shown to staff"},
                "401 404",
            ),
        },
    }


def _filters() -> list[dict[str, Any]]:
    return [
        {"name": "state", "in": "query", "schema": _STATE},
        {"name": "since", "in": "query", "schema": _TIME, "description": "changed at or after"},
    ]


def _operation(
    summary: str,
    body: type[BaseModel] | None,
    example: Mapping[str, Any] | None,
    good: Mapping[str, str],
    refusals: str,
    shape: str = "Brief",
) -> dict[str, Any]:
    codes = [*refusals.split(), "400", "503"] + (["408", "413", "415"] if body else [])
    answers = {code: _response(means, shape) for code, means in good.items()}
    answers |= {code: _response(_MEANS[code], "Faults") for code in sorted(codes)}
    operation: dict[str, Any] = {"summary": summary, "responses": answers}
    if body is not None:
        content = {"schema": {"$ref": f"#/components/schemas/{body.__name__}"}, "example": example}
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    return operation


def _response(means: str, shape: str) -> dict[str, Any]:
    return {
        "description": means,
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{shape}"}}},
    }


#: Of the page: the one stylesheet, nothing from elsewhere, no script.
_PAGE_HEADERS = SAFE | {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


class ApiDocs:
    def __init__(self, public_url: str) -> None:
        self._document = document(public_url)
        self._html = page(self._document)

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/openapi.json", self.machine), web.get("/docs", self.people)]

    async def machine(self, _request: web.Request) -> web.Response:
        return answer(200, self._document)

    async def people(self, _request: web.Request) -> web.Response:
        return web.Response(text=self._html, content_type="text/html", charset="utf-8", headers=_PAGE_HEADERS)


def page(api: Mapping[str, Any]) -> str:
    """The document as one page of HTML."""
    operations = [
        {"verb": verb.upper(), "path": path} | operation
        for path, verbs in api["paths"].items()
        for verb, operation in verbs.items()
        if verb != "parameters"
    ]
    schemas = {name: rows(schema) for name, schema in api["components"]["schemas"].items() if "properties" in schema}
    return template("docs.html")(api=api, operations=operations, schemas=schemas, pretty=_pretty)


def rows(schema: Mapping[str, Any]) -> list[dict[str, str]]:
    required = schema.get("required", ())
    return [
        {
            "name": name,
            "kind": _kind(value),
            "must": "required" if name in required else "",
            "about": value.get("description", ""),
        }
        for name, value in schema["properties"].items()
    ]


def _kind(schema: Mapping[str, Any]) -> str:
    """A type in a few words: "string, at most 64", "one of confirmed, cancelled"."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if "enum" in schema:
        return "one of " + ", ".join("null" if each is None else str(each) for each in schema["enum"])
    kind = schema.get("format") or schema.get("type", "any")
    if kind == "array":
        kind = f"list of {_kind(schema.get('items', {}))}"
    limit = schema.get("maxLength") or schema.get("maxItems")
    return f"{kind}, at most {limit}" if limit else str(kind if isinstance(kind, str) else " or ".join(kind))


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
