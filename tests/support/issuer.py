"""An issuer of tokens for tests: key material of its own, made here and now, and its JWK set at an address."""

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwk, jws

from functions.runtime.settings import Settings, TokenSettings

NAME, AUDIENCE = "https://issuer.example", "learnflow"


def new_key(kid: str, algorithm: str = "RS256") -> jwk.RSAKey | jwk.ECKey:
    """A private key; its public part is what a JWK set shows."""
    if algorithm == "RS256":
        return jwk.RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": algorithm})
    return jwk.ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": algorithm})


def signed(header: dict[str, Any], claims: dict[str, Any] | bytes, key: Any) -> str:
    """Any header and payload, signed as the header says."""
    payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    registry = jws.JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
    return jws.serialize_compact(header, payload, key, registry=registry)


def signed_anyhow(header: dict[str, Any], claims: dict[str, Any], key: Any) -> str:
    """With RS256, whatever the header says: no library would."""
    content = unsigned(header, claims).removesuffix(".")
    signature = key.raw_value.sign(content.encode(), PKCS1v15(), SHA256())
    return f"{content}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def unsigned(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    parts = json.dumps(header).encode(), json.dumps(claims).encode(), signature
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


class Issuer:
    """`up`: whether it answers; `document`: what it answers, in place of its keys; `asked`: how often it was asked."""

    def __init__(self) -> None:
        self.keys: list[Any] = [new_key("rsa-1"), new_key("ec-1", "ES256")]
        self.up, self.asked = True, 0
        self.paths: set[str] = set()  # that it was asked for
        self.document: bytes | None = None
        self.location: str | None = None  # a redirection
        self.url = ""

    @property
    def jwks(self) -> bytes:
        return json.dumps({"keys": [key.as_dict(private=False) for key in self.keys]}).encode()

    def settings(self, **changes: Any) -> Settings:
        return Settings(auth="jwt", tokens=TokenSettings(NAME, AUDIENCE, self.url, **changes))

    def variables(self) -> dict[str, str]:
        """The environment of a process that accepts its tokens."""
        return {
            "AUTH": "jwt",
            "LEARNFLOW_JWT_ISSUER": NAME,
            "LEARNFLOW_JWT_AUDIENCE": AUDIENCE,
            "LEARNFLOW_JWKS_URL": self.url,
        }

    def claims(self, sub: str = "maya", role: str = "learner", **changes: Any) -> dict[str, Any]:
        """A value of None takes a claim away."""
        now = int(time.time())
        found = {"iss": NAME, "aud": AUDIENCE, "sub": sub, "role": role, "iat": now, "exp": now + 300} | changes
        return {name: value for name, value in found.items() if value is not None}

    def token(
        self,
        sub: str = "maya",
        role: str = "learner",
        key: Any = None,
        head: dict[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        """A token as the issuer makes it, but for what is said otherwise."""
        key = key or self.keys[0]
        header = {"alg": key.alg, "kid": key.kid, "typ": "JWT", **(head or {})}
        return signed(header, self.claims(sub, role, **claims), key)

    def bearer(self, sub: str = "maya", role: str = "learner") -> dict[str, str]:
        """The header of a genuine caller."""
        return {"Authorization": f"Bearer {self.token(sub, role)}"}


@contextmanager
def issuer(host: str = "127.0.0.1", port: int = 0) -> Iterator[Issuer]:
    found = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked += 1
            found.paths.add(self.path)
            status = 503 if not found.up else 302 if found.location else 200
            self.send_response(status)
            if found.location:
                self.send_header("Location", found.location)
            self.end_headers()
            if status == 200:
                self.wfile.write(found.document if found.document is not None else found.jwks)

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer((host, port), Handler)
    found.url = f"http://{host}:{server.server_port}/jwks.json"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
