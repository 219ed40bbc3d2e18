"""Bearer tokens: JWTs signed by the one issuer that the settings name (RFC 7519, best practices of RFC 8725).

Loaded only when a token comes: its library takes 80 ms to import.
"""

import re
import time
from collections.abc import Callable
from typing import Any

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jws import JWSRegistry, extract_compact

from functions.runtime.auth import insufficient, unauthorized
from functions.runtime.errors import Problem
from functions.runtime.jwks import KeySet
from functions.runtime.models import ID_PATTERN
from functions.runtime.ports import Principal
from functions.runtime.settings import TokenSettings
from functions.runtime.strict_json import UniqueNames

ALGORITHMS = ("RS256", "ES256")
ROLES = ("learner", "teacher", "service")
TYPES = ("jwt", "at+jwt")  # what says that it is something else is no access token (RFC 8725, 3.11)


class _Registry(JWSRegistry):
    """What a header does not need to say is not looked at: keys or addresses in it change nothing."""

    max_header_length = 2048  # bytes


class Verifier:
    """Says who a token's caller is."""

    def __init__(
        self, settings: TokenSettings, keys: KeySet | None = None, now: Callable[[], float] = time.time
    ) -> None:
        self.settings, self._now = settings, now
        self._keys = keys or KeySet(settings)

    async def warm_up(self) -> None:
        await self._keys.warm_up()

    async def principal(self, token: str) -> Principal:
        """Raises Unauthorized, Forbidden (no role that we know), or Unavailable (no keys to check it with)."""
        try:
            claims = await self._claims(token.encode())
            return _caller(claims)
        except Problem:
            raise
        except ExpiredTokenError as error:
            raise unauthorized("The token has expired.") from error
        except JoseError as error:
            raise unauthorized(_said(error)) from error
        except Exception as error:  # whatever a forged token makes a parser raise, it is the token's fault
            raise unauthorized("The token cannot be read.") from error

    async def _claims(self, token: bytes) -> dict[str, Any]:
        registry = _Registry(algorithms=ALGORITHMS, strict_check_header=False)
        header = extract_compact(token, registry=registry).headers()
        algorithm, kid = header["alg"], header.get("kid")
        if algorithm not in ALGORITHMS:
            raise unauthorized("The token is not signed with RS256 or ES256.")
        if "crit" in header:
            raise unauthorized("The token needs an extension that is not understood.")
        if str(header.get("typ", "JWT")).lower().removeprefix("application/") not in TYPES:
            raise unauthorized("The token is not an access token.")
        key = await self._keys.key(kid, algorithm)
        if key is None:
            raise unauthorized("The issuer has no such key.")
        found = jwt.decode(token, key, registry=registry, decoder_cls=UniqueNames)
        jwt.JWTClaimsRegistry(
            now=lambda: int(self._now()),
            leeway=int(self.settings.leeway),
            iss={"essential": True, "value": self.settings.issuer},
            aud={"essential": True, "value": self.settings.audience},
            exp={"essential": True},
            sub={"essential": True},
        ).validate(found.claims)
        return found.claims


def _caller(claims: dict[str, Any]) -> Principal:
    if not re.fullmatch(ID_PATTERN, claims["sub"]):
        raise unauthorized("The token's sub is not an id of this system.")
    if claims.get("role") not in ROLES:
        raise insufficient(f"The token's role is none of {', '.join(ROLES)}.")
    return Principal(claims["sub"], claims["role"])


def _said(error: JoseError) -> str:
    """Which claim it was, where that is what is wrong; nothing of what the token says."""
    claim = getattr(error, "claim", None)
    if claim in ("iss", "aud", "exp", "nbf", "iat", "sub", "jti"):
        return f"The token's {claim} is not acceptable."
    return "The token's signature or form is not acceptable."
