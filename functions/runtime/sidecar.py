"""The ports over daprd's gRPC API: one channel, publishing, other people's APIs; storage is in sidecar_storage.py.

Dapr's generated stubs are used on one channel, without its client: `DaprClient` blocks in its constructor for up to
60 s, has no default deadline and takes 180 ms to import, which a function that starts from zero would pay.
"""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import grpc.aio
from dapr.proto.runtime.v1 import binding_pb2, dapr_pb2_grpc, pubsub_pb2

from functions.runtime.apis import object_of
from functions.runtime.errors import Conflict, Unavailable
from functions.runtime.events import STRUCTURED
from functions.runtime.ports import Api, Json, Ports
from functions.runtime.settings import Settings
from functions.runtime.sidecar_storage import SidecarDocuments, SidecarReadModel
from functions.runtime.telemetry import log, traceparent

# daprd reports a lost race as INTERNAL; only the text tells it from a broken store (seen on 1.18).
LOST_RACE = ("possible etag mismatch", "no item was updated")
# After a restart of daprd the next call must find it: gRPC would wait up to two minutes before it tries again.
CHANNEL = [
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # daprd answers a binding with its SQL in a header; gRPC's 16 KiB would make INTERNAL of a long statement.
    ("grpc.max_metadata_size", 1 << 20),
    ("grpc.absolute_max_metadata_size", 1 << 20),
]


class Sidecar:
    """One channel to daprd, which the ports share."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._channel = grpc.aio.insecure_channel(f"{settings.dapr_host}:{settings.dapr_grpc_port}", options=CHANNEL)
        self.stub = dapr_pb2_grpc.DaprStub(self._channel)  # type: ignore[no-untyped-call]

    def metadata(self) -> list[tuple[str, str]]:
        """What goes with every call: who calls, and in which trace."""
        metadata = [("dapr-api-token", self.settings.dapr_api_token)] if self.settings.dapr_api_token else []
        if trace := traceparent():
            metadata.append(("traceparent", trace))
        return metadata

    async def call(self, method: Any, request: Any, what: str, seconds: float | None = None) -> Any:
        """One RPC with a deadline. Raises Conflict for a lost race, Unavailable for everything else."""
        try:
            return await method(request, timeout=seconds or self.settings.sidecar_timeout, metadata=self.metadata())
        except grpc.aio.AioRpcError as error:
            reason = error.details() or ""
            if any(text in reason for text in LOST_RACE):
                raise Conflict(reason) from error
            log.warning("the sidecar did not do it", extra={"what": what, "code": error.code().name, "reason": reason})
            raise Unavailable(f"The {what} did not answer ({error.code().name}).") from error

    async def not_ready(self) -> str | None:
        """Why daprd cannot serve yet, or None. Asks `outbound`: plain `/healthz` waits for this very application."""
        url = f"http://{self.settings.dapr_host}:{self.settings.dapr_http_port}/v1.0/healthz/outbound"
        try:
            await asyncio.to_thread(urllib.request.urlopen, url, timeout=1)
        except urllib.error.HTTPError as error:
            with error:
                told = error.read(500).decode(errors="replace")  # which component, in daprd's words
            return f"the Dapr sidecar is not ready: {told or error.reason}"
        except (urllib.error.URLError, OSError) as error:
            return f"the Dapr sidecar is not ready: {getattr(error, 'reason', None) or error}"
        return None

    async def close(self) -> None:
        await self._channel.close()


class SidecarPublisher:
    """Kafka through Dapr, which passes our structured event on as it is."""

    def __init__(self, sidecar: Sidecar) -> None:
        self._sidecar = sidecar

    async def publish(self, topic: str, key: str, event: Json) -> None:
        request = pubsub_pb2.PublishEventRequest(
            pubsub_name=self._sidecar.settings.pubsub,
            topic=topic,
            data=json.dumps(event, separators=(",", ":")).encode(),
            data_content_type=STRUCTURED,
            # The header `content-type` is what lets Knative's Kafka source see a CloudEvent; its name and value are
            # case-sensitive there.
            metadata={"partitionKey": key, "content-type": STRUCTURED},
        )
        await self._sidecar.call(self._sidecar.stub.PublishEvent, request, "message broker")

    async def forget(self, key: str) -> None:
        """Nothing: Kafka deletes no single records, its topics' retention does."""


class SidecarApis:
    """Other people's APIs by `bindings.http`: one circuit breaker an API, whichever path is asked for.

    Not by service invocation, whose breakers are one a path (daprd 1.18, `EndpointPolicy`), so that none would open for
    an API that is asked about many things.
    """

    def __init__(self, sidecar: Sidecar) -> None:
        self._sidecar = sidecar

    async def get(self, api: Api, path: str, query: Mapping[str, str]) -> Json:
        request = binding_pb2.InvokeBindingRequest(
            name=api.name, operation="get", metadata={"path": f"{path}?{urlencode(query)}" if query else path}
        )
        answer = await self._sidecar.call(self._sidecar.stub.InvokeBinding, request, f"API {api.name}", api.seconds)
        return object_of(api, answer.data)


@asynccontextmanager
async def ports(settings: Settings) -> AsyncIterator[Ports]:
    """The ports over one connection to daprd, which is closed at the end."""
    async with AsyncExitStack() as stack:
        connection = Sidecar(settings)
        stack.push_async_callback(connection.close)
        tables = SidecarReadModel(connection)
        documents = SidecarDocuments(connection, tables)
        model = None
        if settings.model.kind:
            from functions.model.connecting import connected  # only where there is one

            model = await stack.enter_async_context(connected(settings.model, connection))
        yield Ports(
            documents=documents,
            publisher=SidecarPublisher(connection),
            read_model=tables,
            now=lambda: datetime.now(UTC),
            not_ready=connection.not_ready,
            apis=SidecarApis(connection),
            model=model,
        )
