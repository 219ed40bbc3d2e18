"""All configuration, read once from the environment: the only place that touches `os.environ`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """How this process is run. Times are in seconds."""

    auth: str = "jwt"  # `off` only where said so: fail closed
    public_url: str = ""  # makes `Location` absolute
    log_level: str = "INFO"
    dapr_host: str = "127.0.0.1"
    dapr_grpc_port: int = 50001
    dapr_http_port: int = 3500
    dapr_api_token: str = ""
    sidecar_timeout: float = 1.8  # a call without a sidecar is answered within 2 s (spec section 8)
    state_store: str = "statestore"
    pubsub: str = "pubsub"
    read_model: str = "readmodel"
    otlp_endpoint: str = ""  # where spans go; the exporter reads this variable, and more of them, by itself

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        """Raises ValueError for a value that cannot be meant."""
        auth = env.get("AUTH", cls.auth)
        if auth not in ("jwt", "off"):
            raise ValueError(f"AUTH is {auth!r}; it can be 'jwt' or 'off'")
        return cls(
            auth=auth,
            public_url=env.get("LEARNFLOW_PUBLIC_URL", "").rstrip("/"),
            log_level=env.get("LOG_LEVEL", cls.log_level).upper(),
            dapr_grpc_port=int(env.get("DAPR_GRPC_PORT", cls.dapr_grpc_port)),
            dapr_http_port=int(env.get("DAPR_HTTP_PORT", cls.dapr_http_port)),
            dapr_api_token=env.get("DAPR_API_TOKEN", ""),
            otlp_endpoint=otlp_endpoint(env),
        )


def otlp_endpoint(env: Mapping[str, str] = os.environ) -> str:
    """OpenTelemetry's own variables; empty without one, and where it says that it is disabled."""
    if env.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return ""
    return env.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or env.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
