"""What OpenAPI says of every function, beside what FastAPI finds out by itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from functions.runtime.events import STRUCTURED
from functions.runtime.models import ProblemDocument
from functions.runtime.receive import On

Responses = dict[int | str, dict[str, Any]]
TOKEN, SIDECAR = "bearer", "sidecar"
SCHEMES = {
    TOKEN: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "Who is calling. Not looked at where `AUTH` is off, as in the embedded run on loopback.",
    },
    SIDECAR: {
        "type": "apiKey",
        "in": "header",
        "name": "dapr-api-token",
        "description": "`APP_API_TOKEN`, of a sidecar. Not looked at where `AUTH` is off and none is set.",
    },
}
WHERE_SENT = {
    401: {"WWW-Authenticate": "what is wrong with the token, or that there is none (RFC 6750)"},
    429: {"Retry-After": "seconds"},
    503: {"Retry-After": "seconds"},
}
NOT_ALWAYS = {"Idempotency-Replayed"}
DROPPED: Responses = {
    200: {
        "description": "Dropped: it can never be handled",
        "content": {
            "application/json": {"schema": {"properties": {"status": {"const": "DROP"}}, "required": ["status"]}}
        },
    }
}
INTEGER = {"minimum": -(2**31), "maximum": 2**31 - 1}  # CloudEvents 1.0, 3.1
STRING = "^[^\\u0000-\\u001f\\u007f-\\u009f]+$"  # the same; an extension may be empty
EXTENSION = STRING.replace("+", "*")
PROBLEM = {"$ref": "#/components/schemas/ProblemDocument"}
METRICS: Responses = {
    200: {
        "description": "In the format that `Accept` asks for",
        "content": {kind: {"schema": {"type": "string"}} for kind in ("text/plain", "application/openmetrics-text")},
    }
}


def problems(*statuses: int) -> Responses:
    """How OpenAPI is told of error answers."""
    answer = {"description": "See `detail`", "content": {"application/problem+json": {"schema": PROBLEM}}}
    return {
        status: answer | ({"headers": headers(WHERE_SENT[status])} if status in WHERE_SENT else {})
        for status in sorted(statuses)
    }


def status(word: str, *failures: int) -> Responses:
    """What a health page answers: one word, or a problem."""
    schema = {"type": "object", "properties": {"status": {"const": word}}, "required": ["status"]}
    return {200: {"description": word, "content": {"application/json": {"schema": schema}}}} | problems(*failures)


def headers(descriptions: Mapping[str, str]) -> dict[str, Any]:
    """Headers of an answer, by name."""
    return {
        name: {"description": text, "required": name not in NOT_ALWAYS, "schema": {"type": "string"}}
        for name, text in descriptions.items()
    }


def secured(*schemes: str) -> dict[str, Any]:
    """By what a caller is known, if by anything."""
    return {"security": [{name: []} for name in schemes]} if schemes else {}


def event_body(takes: Sequence[On[Any]]) -> dict[str, Any]:
    """A structured event of one of the types that a function takes.

    In binary mode its attributes would be headers that are required for one media type only, which OpenAPI cannot say.
    """
    schemas = [_event(on) for on in takes]
    schema = schemas[0] if len(schemas) == 1 else {"oneOf": schemas}
    return {
        "description": "Binary mode is taken as well: the data as the body, the attributes as `ce-…` headers.",
        "required": True,
        "content": {STRUCTURED: {"schema": schema}},
    }


def _event(on: On[Any]) -> dict[str, Any]:
    """The JSON format of CloudEvents: null is the same as absent, what is not named here is an extension."""
    required, optional = {"type": "string", "pattern": STRING}, {"type": ["string", "null"], "pattern": STRING}
    data = on.data.model_json_schema()
    needs_data = bool(data.get("required"))
    return {
        "type": "object",
        "title": on.data.type_name,
        "properties": {
            "specversion": {"const": "1.0"},
            "id": required,
            "source": required | {"format": "uri-reference"},
            "type": {"const": on.data.type_name},
            "subject": optional,
            "time": {"type": ["string", "null"], "format": "date-time"},
            "datacontenttype": optional | {"pattern": "^application/json$"},
            "dataschema": optional | {"format": "uri"},
            "data": data if needs_data else {"anyOf": [data, {"type": "null"}]},
        },
        "required": ["specversion", "id", "source", "type", *(["data"] if needs_data else [])],
        "propertyNames": {"pattern": "^[a-z0-9]+$"},
        "additionalProperties": {"type": ["string", "boolean", "integer", "null"], "pattern": EXTENSION, **INTEGER},
    }


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """FastAPI's document, with what it cannot know, and without its own 422 (ours are 400) and the schemas of that."""
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs") | {"ProblemDocument": problem}
    components["securitySchemes"] = SCHEMES
    return document
