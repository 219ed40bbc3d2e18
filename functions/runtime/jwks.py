"""The issuer's public keys: fetched, kept, and asked for again when a token names one that is not among them.

A token is only looked up here. What it says never decides where keys come from, and a stream of made-up key ids makes
no stream of requests.
"""

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from functions.runtime.errors import Unavailable
from functions.runtime.settings import TokenSettings
from functions.runtime.telemetry import log

Key = RSAKey | ECKey
RETRY = 2.0  # seconds between two tries while the issuer does not answer
UNKNOWN = 10.0  # seconds between two looks for keys that tokens name and the set does not have
DEADLINE = 1.8  # seconds: a call is answered within 2 (spec section 8)
AT_START = 5.0  # seconds, while nobody waits for an answer yet: a pod that wakes is slow in everything
LARGEST = 256 * 1024  # bytes of a key set
RSA_BITS = 2048  # at least (RFC 7518, 3.3)


class KeySet:
    """The keys of one issuer, by their id and the one algorithm that each is for."""

    def __init__(
        self,
        settings: TokenSettings,
        fetch: Callable[[str], Awaitable[bytes]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._fetch, self._clock = settings, fetch or fetched, clock
        self._keys: dict[tuple[str | None, str], Key] = {}
        self._lock = asyncio.Lock()
        self._got = self._asked = self._looked = float("-inf")  # when: keys came, were asked for, for an unknown id
        self._failed = False

    async def key(self, kid: str | None, algorithm: str) -> Key | None:
        """The key, or None when the issuer has no such key. Raises Unavailable when only the issuer could say."""
        found = self._find(kid, algorithm)
        if found and self._age() < self._settings.fresh:
            return found
        if not (found and self._lock.locked()):  # who has a key need not wait for whoever asks
            async with self._lock:
                if self._should_ask(kid, algorithm):
                    await self.refresh()
        found = self._find(kid, algorithm)
        if found and self._age() < self._settings.kept:
            return found
        if self._failed or self._age() >= self._settings.kept:
            raise Unavailable("The issuer's keys cannot be had, so no token can be checked.", retry_after=5)
        return None

    async def warm_up(self) -> None:
        """Asks ahead of the first token, and once more if need be."""
        for _ in range(2):
            async with self._lock:
                if not self._keys:
                    await self.refresh(AT_START)

    async def refresh(self, deadline: float = DEADLINE) -> None:
        """Asks the issuer. What cannot be used changes nothing: the last good keys stay."""
        self._asked = self._clock()
        try:
            keys = usable(await asyncio.wait_for(self._fetch(self._settings.jwks_url), deadline))
        except (OSError, ValueError, TimeoutError) as error:
            self._failed = True
            log.warning("the issuer's keys cannot be had", extra={"why": f"{type(error).__name__}: {error}"})
            return
        self._keys, self._got, self._failed = keys, self._clock(), False

    def _should_ask(self, kid: str | None, algorithm: str) -> bool:
        now = self._clock()
        if self._failed or self._age() >= self._settings.fresh:
            return now - self._asked >= RETRY
        if self._find(kid, algorithm) or now - self._looked < UNKNOWN:
            return False
        self._looked = now
        return True

    def _age(self) -> float:
        return self._clock() - self._got

    def _find(self, kid: str | None, algorithm: str) -> Key | None:
        """A token may leave the id away where there is only one key that it can mean."""
        if kid is not None:
            return self._keys.get((kid, algorithm))
        of_algorithm = [key for (_, alg), key in self._keys.items() if alg == algorithm]
        return of_algorithm[0] if len(of_algorithm) == 1 else None


def usable(document: bytes) -> dict[tuple[str | None, str], Key]:
    """The keys of a JWK set that can check a signature here; the others are left out. Raises ValueError without any."""
    listed = json.loads(document)
    if not isinstance(listed, dict) or not isinstance(listed.get("keys"), list):
        raise ValueError("this is no JWK set")
    found: dict[tuple[str | None, str], Key] = {}
    for jwk in listed["keys"]:
        try:
            algorithm, key = _key(jwk)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            continue
        found.setdefault((jwk.get("kid"), algorithm), key)
    if not found:
        raise ValueError("the JWK set has no key for RS256 or ES256")
    return found


def _key(jwk: dict[str, Any]) -> tuple[str, Key]:
    """The algorithm follows from the key, never from a token: a public key is no secret to make a MAC with."""
    algorithm, members, kind = {
        "RSA": ("RS256", ("kty", "n", "e"), RSAKey),
        "EC": ("ES256", ("kty", "crv", "x", "y"), ECKey),
    }[jwk["kty"]]
    if jwk.get("use", "sig") != "sig" or jwk.get("alg", algorithm) != algorithm:
        raise ValueError("a key for something else")
    if "verify" not in jwk.get("key_ops", ["verify"]) or jwk.get("crv", "P-256") != "P-256":
        raise ValueError("a key for something else")
    if not isinstance(jwk.get("kid"), str | None):
        raise ValueError("a key's id is text")
    key: Any = kind.import_key({name: jwk[name] for name in members})  # type: ignore[attr-defined]
    if isinstance(key, RSAKey) and key.raw_value.key_size < RSA_BITS:
        raise ValueError("an RSA key that is too short")
    return algorithm, key


async def fetched(url: str) -> bytes:
    """What is at the address. Raises OSError or ValueError."""
    return await asyncio.to_thread(_fetch, url)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The keys are where the settings say, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _fetch(url: str) -> bytes:
    try:
        with urllib.request.build_opener(_NoRedirect).open(url, timeout=AT_START) as answer:
            document: bytes = answer.read(LARGEST + 1)
    except urllib.error.HTTPError as error:
        with error:  # it holds the connection
            raise OSError(f"the answer is {error.code}") from None
    if len(document) > LARGEST:
        raise ValueError(f"a key set of more than {LARGEST} bytes")
    return document
