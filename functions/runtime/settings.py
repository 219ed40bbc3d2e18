"""All configuration, read once from the environment: the only place that touches `os.environ`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class TokenSettings:
    """Whose bearer tokens are accepted (RFC 7519), and where the keys are that they are signed with (RFC 7517)."""

    issuer: str = ""
    audience: str = ""
    jwks_url: str = ""
    leeway: float = 30  # seconds that the issuer's clock and ours may differ
    fresh: float = 300  # seconds until the keys are asked for again
    kept: float = 3600  # seconds that the last keys are still good for while the issuer does not answer

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "TokenSettings":
        """Raises ValueError for a value that cannot be meant; one that is missing is named by `missing`."""
        url = env.get("LEARNFLOW_JWKS_URL", "")
        if url and not _nobody_between(url):
            raise ValueError(f"LEARNFLOW_JWKS_URL is {url!r}; it can be https, file, or http within the cluster")
        found = cls(
            issuer=env.get("LEARNFLOW_JWT_ISSUER", ""),
            audience=env.get("LEARNFLOW_JWT_AUDIENCE", ""),
            jwks_url=url,
            leeway=float(env.get("LEARNFLOW_JWT_LEEWAY", cls.leeway)),
            fresh=float(env.get("LEARNFLOW_JWKS_FRESH", cls.fresh)),
            kept=float(env.get("LEARNFLOW_JWKS_KEPT", cls.kept)),
        )
        if not (0 <= found.leeway <= 300 and 0 < found.fresh <= found.kept <= 86_400):
            raise ValueError(
                "LEARNFLOW_JWT_LEEWAY is at most 300, LEARNFLOW_JWKS_FRESH <= LEARNFLOW_JWKS_KEPT <= 86400 (seconds)"
            )
        return found

    @property
    def missing(self) -> list[str]:
        """The variables without which no token can be checked."""
        needed = {"JWT_ISSUER": self.issuer, "JWT_AUDIENCE": self.audience, "JWKS_URL": self.jwks_url}
        return [f"LEARNFLOW_{name}" for name, value in needed.items() if not value]


def _nobody_between(url: str) -> bool:
    """Whether nobody on the way can put other keys in place of the issuer's."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    near = host in ("localhost", "127.0.0.1", "::1") or host.endswith((".svc", ".svc.cluster.local"))
    match parts.scheme:
        case "https":
            return bool(host)
        case "http":
            return near
        case "file":
            return not host and parts.path.startswith("/")
    return False


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server at this address."""
    return host in ("localhost", "::1") or host.startswith("127.")


@dataclass(frozen=True)
class ModelSettings:
    """Which language model helps to write lessons, and what it may cost. Without a `kind` there is none.

    Tokens are the endpoint's own, or estimated where it does not count them.
    """

    kind: str = ""  # `dapr`: a component of the sidecar; `openai`: an endpoint that speaks OpenAI's chat completions
    component: str = "conversation"
    url: str = ""  # of the endpoint, without `/chat/completions`
    name: str = ""
    key: str = field(default="", repr=False)
    limit_field: str = "max_tokens"  # newer models of OpenAI refuse it, and other servers know no other
    deadline: float = 25.0  # seconds a whole lesson may wait for the model; the sidecar's and Knative's are 60
    answer_tokens: int = 2_000  # of one answer, at most
    lesson_tokens: int = 24_000  # of all requests for one lesson, with their prompts
    daily_tokens: int = 60_000  # of a learner, in a day of UTC
    cache_days: int = 30  # 0: nothing is remembered

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "ModelSettings":
        """Raises ValueError for what cannot be meant."""
        kind = env.get("LEARNFLOW_MODEL", "off")
        if kind not in ("off", "dapr", "openai"):
            raise ValueError(f"LEARNFLOW_MODEL is {kind!r}; it can be 'off', 'dapr' or 'openai'")
        if kind == "off":
            return cls()
        url, component = env.get("LEARNFLOW_MODEL_URL", ""), env.get("LEARNFLOW_MODEL_COMPONENT", cls.component)
        name = env.get("LEARNFLOW_MODEL_NAME", component if kind == "dapr" else "")
        if kind == "openai" and not (name and url.startswith(("http://", "https://"))):
            raise ValueError("LEARNFLOW_MODEL=openai needs LEARNFLOW_MODEL_URL (http…) and LEARNFLOW_MODEL_NAME")
        limit_field = env.get("LEARNFLOW_MODEL_LIMIT_FIELD", cls.limit_field)
        if limit_field not in ("max_tokens", "max_completion_tokens"):
            raise ValueError("LEARNFLOW_MODEL_LIMIT_FIELD can be 'max_tokens' or 'max_completion_tokens'")
        return cls(
            kind=kind,
            component=component,
            url=url.rstrip("/"),
            name=name,
            key=env.get("LEARNFLOW_MODEL_KEY", ""),
            limit_field=limit_field,
            deadline=_number(env, "DEADLINE_SECONDS", cls.deadline),
            answer_tokens=int(_number(env, "ANSWER_TOKENS", cls.answer_tokens)),
            lesson_tokens=int(_number(env, "LESSON_TOKENS", cls.lesson_tokens)),
            daily_tokens=int(_number(env, "DAILY_TOKENS", cls.daily_tokens)),
            cache_days=int(_number(env, "CACHE_DAYS", cls.cache_days, least=0)),
        )


def _number(env: Mapping[str, str], name: str, default: float, least: float = 1) -> float:
    value = float(env.get(f"LEARNFLOW_MODEL_{name}", default))
    if not least <= value < 1e9:
        raise ValueError(f"LEARNFLOW_MODEL_{name} is {value:g}; the least that can be meant is {least:g}")
    return value


@dataclass(frozen=True)
class Settings:
    """How this process is run. Times are in seconds."""

    auth: str = "jwt"  # `off` only where said so: fail closed
    tokens: TokenSettings = TokenSettings()
    public_url: str = ""  # makes `Location` absolute
    log_level: str = "INFO"
    dapr_host: str = "127.0.0.1"
    dapr_grpc_port: int = 50001
    dapr_http_port: int = 3500
    dapr_api_token: str = field(default="", repr=False)  # what daprd wants of us
    lessons: int = 30  # that may be asked for, for one learner, in `lesson_seconds`; 0 is no limit
    lesson_seconds: int = 600
    app_api_token: str = field(default="", repr=False)  # what we want of daprd
    sidecar_timeout: float = 1.8  # a call without a sidecar is answered within 2 s (spec section 8)
    state_store: str = "statestore"
    pubsub: str = "pubsub"
    read_model: str = "readmodel"
    otlp_endpoint: str = ""  # where spans go; the exporter reads this variable, and more of them, by itself
    model: ModelSettings = ModelSettings()

    @classmethod
    def embedded(cls, host: str, env: Mapping[str, str] = os.environ) -> "Settings":
        """Those of the run in one process: without accounts where nobody else can come, and else as is said.

        Raises ValueError when it is not said, or for a value that cannot be meant.
        """
        if not is_loopback(host) and "AUTH" not in env:
            raise ValueError(
                f"others can reach {host}: set AUTH=jwt and say whose tokens to accept,"
                " or AUTH=off if whoever comes may do everything"
            )
        found = cls.from_env({"AUTH": "off", **env})
        if found.model.kind == "dapr":
            raise ValueError("LEARNFLOW_MODEL=dapr needs a sidecar, which the embedded run has not; use 'openai'")
        if found.auth == "jwt" and found.tokens.missing:
            raise ValueError(f"AUTH is jwt, but {', '.join(found.tokens.missing)} not set")
        return found

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        """Raises ValueError for a value that cannot be meant."""
        auth = env.get("AUTH", cls.auth)
        if auth not in ("jwt", "off"):
            raise ValueError(f"AUTH is {auth!r}; it can be 'jwt' or 'off'")
        found = cls(
            auth=auth,
            tokens=TokenSettings.from_env(env),
            public_url=env.get("LEARNFLOW_PUBLIC_URL", "").rstrip("/"),
            log_level=env.get("LOG_LEVEL", cls.log_level).upper(),
            dapr_grpc_port=int(env.get("DAPR_GRPC_PORT", cls.dapr_grpc_port)),
            dapr_http_port=int(env.get("DAPR_HTTP_PORT", cls.dapr_http_port)),
            dapr_api_token=env.get("DAPR_API_TOKEN", ""),
            lessons=int(env.get("LEARNFLOW_LESSONS", cls.lessons)),
            lesson_seconds=int(env.get("LEARNFLOW_LESSON_SECONDS", cls.lesson_seconds)),
            app_api_token=env.get("APP_API_TOKEN", ""),
            otlp_endpoint=otlp_endpoint(env),
            model=ModelSettings.from_env(env),
        )
        if not (0 <= found.lessons <= 1000 and 0 < found.lesson_seconds <= 86_400):
            raise ValueError("LEARNFLOW_LESSONS can be 0 to 1000, LEARNFLOW_LESSON_SECONDS 1 to 86400")
        return found


def otlp_endpoint(env: Mapping[str, str] = os.environ) -> str:
    """OpenTelemetry's own variables; empty without one, and where it says that it is disabled."""
    if env.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return ""
    return env.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or env.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
