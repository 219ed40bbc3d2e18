"""The scenarios of the CloudEvents project's conformance suite, against a function as it is deployed.

What is asked follows `features/http-protocol-binding.feature` and the cases of `format/json` in
github.com/cloudevents/conformance (Apache License 2.0); the words and the code are ours.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar

import httpx
import pytest
from fastapi import FastAPI

from functions.runtime.app import create_event_app
from functions.runtime.events import STRUCTURED, EventData, decode
from functions.runtime.ports import Ports, Received
from functions.runtime.receive import On
from functions.runtime.settings import Settings
from tests.support.fakes import World, client_of

DATA = {"message": "Hello World!"}
EVENT = {
    "specversion": "1.0",
    "type": "com.example.someevent",
    "time": "2018-04-05T03:56:24Z",
    "id": "1234-1234-1234",
    "source": "/mycontext/subcontext",
}
MINIMAL = {"specversion": "1.0", "id": "minimal", "type": "com.example.someevent", "source": "https://cloudevents.io"}


class SomeEvent(EventData):
    topic_name: ClassVar[str] = "some-events"
    type_name: ClassVar[str] = "com.example.someevent"

    message: str = ""


@pytest.fixture
def taken() -> list[Received[SomeEvent]]:
    return []


@pytest.fixture
def app(world: World, taken: list[Received[SomeEvent]]) -> FastAPI:
    async def take(ports: Ports, event: Received[SomeEvent]) -> None:  # noqa: ARG001  a handler's signature
        taken.append(event)

    made = create_event_app("some-function", [On(SomeEvent, take)])
    made.state.ports, made.state.settings = world.ports, Settings(auth="off")
    return made


async def post(app: FastAPI, path: str, headers: dict[str, str], body: object) -> httpx.Response:
    async with client_of(app) as client:
        return await client.post(path, content=json.dumps(body), headers=headers)


def binary(content_type: str) -> tuple[dict[str, str], object]:
    return {f"ce-{name}": value for name, value in EVENT.items()} | {"content-type": content_type}, DATA


def structured(content_type: str) -> tuple[dict[str, str], object]:
    return {"content-type": content_type}, EVENT | {"datacontenttype": "application/json", "data": DATA}


@pytest.mark.parametrize("path", ["/", "/dapr"])
@pytest.mark.parametrize(
    ("mode", "content_type", "data_content_type"),
    [
        (binary, "application/json", "application/json"),
        (binary, "application/json; charset=utf-8", "application/json; charset=utf-8"),
        (structured, STRUCTURED, "application/json"),
        (structured, f"{STRUCTURED}; charset=utf-8", "application/json"),
    ],
)
async def test_an_http_request_is_parsed_as_the_feature_says(
    app: FastAPI,
    taken: list[Received[SomeEvent]],
    path: str,
    mode: Callable[[str], tuple[dict[str, str], object]],
    content_type: str,
    data_content_type: str,
) -> None:
    headers, body = mode(content_type)
    event = decode(headers, json.dumps(body).encode())
    assert event.get_datacontenttype() == data_content_type
    assert event.get_data() == DATA
    assert (await post(app, path, headers, body)).status_code == 204
    [handled] = taken
    assert (handled.id, handled.type, handled.source) == (EVENT["id"], EVENT["type"], EVENT["source"])
    assert handled.time == datetime(2018, 4, 5, 3, 56, 24, tzinfo=UTC)
    assert handled.data.message == "Hello World!"


VALID: dict[str, dict[str, Any]] = {
    "nothing but what is required": {},
    "null for every optional attribute": dict.fromkeys(("datacontenttype", "dataschema", "subject", "time")),
    "every attribute": {"dataschema": "https://cloudevents.io/dataschema", "subject": "tests"},
    "a time in UTC": {"time": "2018-04-05T17:31:00Z"},
    "a time to the nanosecond": {"time": "2018-04-05T17:31:00.000000000Z"},
    "a time east of it": {"time": "2018-04-05T18:31:00+01:00"},
    "a time west of it": {"time": "2018-04-05T16:31:00-01:00"},
    "a relative source": {"source": "#fragment"},
    "extensions of every type": {
        "extinteger": 10,
        "extboolean": True,
        "extstring": "text",
        "exturi": "https://cloudevents.io",
        "exturiref": "//authority/path",
        "exttimestamp": "2023-03-31T15:12:00Z",
        "extbinary": "TWE=",
    },
}
ABSENT = object()
INVALID: dict[str, dict[str, Any]] = {
    **{f"no {name}": {name: ABSENT} for name in MINIMAL},
    **{f"an empty {name}": {name: ""} for name in [*MINIMAL, "datacontenttype", "dataschema", "subject"]},
    "a time that is none": {"time": "lunchtime"},
    "a time without seconds": {"time": "2018-04-05T18:31Z"},
    "an offset X": {"time": "2018-04-05T18:31:00X"},
    "an offset of 25 hours": {"time": "2018-04-05T18:31:00+25:00"},
    "an offset that is no number": {"time": "2018-04-05T18:31:00+xx:00"},
    "an offset of hours only": {"time": "2018-04-05T18:31:00+05"},
    "an unknown specversion": {"specversion": "0.9"},
    "a datacontenttype that is no media type": {"datacontenttype": "xyz"},
    "a number as id": {"id": 25},
    "an id with a control character": {"id": "a\x00b"},
    "an extension with half of a surrogate pair": {"myextension": "\ud800"},
    "an object as id": {"id": {"xyz": "abc"}},
    "an extension with a capital": {"MyExtension": "bad"},
    "an extension with a full stop": {"my.extension": "bad"},
    "an extension that is a fraction": {"myextension": 1.5},
    "an extension that is an object": {"myextension": {}},
    "an integer of more than 32 bits": {"myextension": 2**31},
    "a source that is no URI reference": {"source": "no such thing"},
    "a dataschema that is relative": {"dataschema": "/schema"},
    "data twice": {"data": "text", "data_base64": "eyAieHl6IjogMTIzIH0="},
}


@pytest.mark.parametrize("name", VALID)
async def test_a_valid_event_of_the_json_format_is_handled(
    app: FastAPI, taken: list[Received[SomeEvent]], name: str
) -> None:
    assert (await post(app, "/", {"content-type": STRUCTURED}, MINIMAL | VALID[name])).status_code == 204
    [handled] = taken
    assert handled.time in (None, datetime(2018, 4, 5, 17, 31, tzinfo=UTC))


@pytest.mark.parametrize("name", INVALID)
async def test_an_invalid_event_of_the_json_format_goes_to_the_dead_letters(
    app: FastAPI, taken: list[Received[SomeEvent]], name: str
) -> None:
    event = {k: v for k, v in (MINIMAL | INVALID[name]).items() if v is not ABSENT}
    assert (await post(app, "/", {"content-type": STRUCTURED}, event)).status_code == 400
    dropped = await post(app, "/dapr", {"content-type": STRUCTURED}, event)
    assert (dropped.status_code, dropped.json()) == (200, {"status": "DROP"})
    assert taken == []
