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
        )
        if not (0 <= found.lessons <= 1000 and 0 < found.lesson_seconds <= 86_400):
            raise ValueError("LEARNFLOW_LESSONS can be 0 to 1000, LEARNFLOW_LESSON_SECONDS 1 to 86400")
        return found
