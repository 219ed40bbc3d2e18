"""The issuer's keys: kept while they are good, asked for again when they may not be, never because a token wants it."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.runtime.errors import Unavailable
from functions.runtime.jwks import RETRY, UNKNOWN, KeySet, fetched, usable
from functions.runtime.settings import TokenSettings
from tests.support.issuer import Issuer, issuer, new_key


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Source:
    """What a key set is fetched from."""

    def __init__(self, *keys: Any) -> None:
        self.keys, self.up, self.asked = list(keys), True, 0
        self.wait: asyncio.Event | None = None

    async def __call__(self, url: str) -> bytes:  # noqa: ARG002
        self.asked += 1
        if self.wait:
            await self.wait.wait()
        if not self.up:
            raise OSError("away")
        return json.dumps({"keys": [key.as_dict(private=False) for key in self.keys]}).encode()


ONE, TWO, EC = new_key("one"), new_key("two"), new_key("ec", "ES256")


def key_set(source: Source, **settings: float) -> tuple[KeySet, Clock]:
    clock = Clock()
    return KeySet(TokenSettings("i", "a", "https://i.example", **settings), source, clock), clock


async def test_keys_are_fetched_once_and_kept() -> None:
    source = Source(ONE, EC)
    keys, clock = key_set(source, fresh=300)
    for _ in range(3):
        assert await keys.key("one", "RS256") and await keys.key("ec", "ES256")
        clock.now += 90
    assert source.asked == 1
    clock.now += 60
    assert await keys.key("one", "RS256")
    assert source.asked == 2


async def test_a_key_is_good_for_its_own_algorithm_only() -> None:
    keys, _ = key_set(Source(ONE, EC))
    assert await keys.key("one", "ES256") is None
    assert await keys.key("ec", "RS256") is None


async def test_an_unknown_id_asks_again_and_finds_a_rotated_key() -> None:
    source = Source(ONE)
    keys, _ = key_set(source)
    assert await keys.key("one", "RS256")
    source.keys = [TWO]
    assert await keys.key("two", "RS256")
    assert source.asked == 2
    assert await keys.key("one", "RS256") is None, "what the issuer has withdrawn is withdrawn"


async def test_a_stream_of_made_up_ids_makes_no_stream_of_requests() -> None:
    source = Source(ONE)
    keys, clock = key_set(source)
    found = await asyncio.gather(*(keys.key(f"forged-{n}", "RS256") for n in range(500)))
    assert found == [None] * 500 and source.asked == 2
    clock.now += UNKNOWN - 1
    assert await keys.key("forged", "RS256") is None and source.asked == 2
    clock.now += 1
    assert await keys.key("forged", "RS256") is None and source.asked == 3


async def test_many_first_tokens_at_once_ask_once() -> None:
    source = Source(ONE)
    keys, _ = key_set(source)
    assert all(await asyncio.gather(*(keys.key("one", "RS256") for _ in range(50))))
    assert source.asked == 1


async def test_the_last_good_keys_serve_while_the_issuer_is_away_but_not_for_ever() -> None:
    source = Source(ONE)
    keys, clock = key_set(source, fresh=300, kept=3600)
    await keys.key("one", "RS256")
    source.up = False
    clock.now += 3599
    assert await keys.key("one", "RS256")
    with pytest.raises(Unavailable):
        await keys.key("two", "RS256")  # only the issuer could say
    clock.now += 1
    with pytest.raises(Unavailable):
        await keys.key("one", "RS256")
    source.up = True
    clock.now += RETRY
    assert await keys.key("one", "RS256")


async def test_an_issuer_that_is_away_is_asked_every_other_second_at_most() -> None:
    source = Source(ONE)
    source.up = False
    keys, clock = key_set(source)
    for _ in range(20):
        with pytest.raises(Unavailable) as refused:
            await keys.key("one", "RS256")
        clock.now += RETRY / 10
    assert source.asked == 2
    assert refused.value.headers["Retry-After"] == "5"


async def test_who_has_a_key_does_not_wait_while_another_asks() -> None:
    source = Source(ONE)
    keys, clock = key_set(source, fresh=300)
    await keys.key("one", "RS256")
    clock.now += 301
    source.wait = asyncio.Event()
    first = asyncio.create_task(keys.key("one", "RS256"))
    await asyncio.sleep(0)
    assert await keys.key("one", "RS256")
    source.wait.set()
    assert await first


async def test_keys_are_asked_for_ahead_and_once_more_when_the_issuer_does_not_answer() -> None:
    source = Source(ONE)
    source.up = False
    keys, clock = key_set(source)
    await keys.warm_up()
    assert source.asked == 2
    with pytest.raises(Unavailable):
        await keys.key("one", "RS256")
    source.up = True
    clock.now += RETRY
    assert await keys.key("one", "RS256")
    again, _ = key_set(source)
    source.asked = 0
    await again.warm_up()
    assert source.asked == 1


async def test_a_first_token_waits_for_the_keys_that_are_being_fetched_ahead() -> None:
    source = Source(ONE)
    source.wait = asyncio.Event()
    keys, _ = key_set(source)
    ahead = asyncio.create_task(keys.warm_up())
    await asyncio.sleep(0)
    first = asyncio.create_task(keys.key("one", "RS256"))
    await asyncio.sleep(0)
    source.wait.set()
    assert await first
    await ahead
    assert source.asked == 1


async def test_a_token_without_an_id_is_for_the_only_key_of_its_kind() -> None:
    keys, _ = key_set(Source(ONE, EC))
    assert await keys.key(None, "RS256")
    several, _ = key_set(Source(ONE, TWO))
    assert await several.key(None, "RS256") is None


# What a set may hold


def with_members(key: Any, **changes: Any) -> dict[str, Any]:
    jwk = key.as_dict(private=False) | changes
    return {name: value for name, value in jwk.items() if value is not None}


def short_key() -> dict[str, Any]:
    from joserfc.jwk import RSAKey

    with pytest.warns(match="2048"):
        return dict(RSAKey.generate_key(1024, {"kid": "short"}).as_dict(private=False))


UNUSABLE: dict[str, Any] = {
    "a secret": {"kty": "oct", "kid": "x", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"},
    "a key to encrypt with": with_members(ONE, use="enc"),
    "a key for another algorithm": with_members(ONE, alg="PS256"),
    "a key that may only sign": with_members(ONE, use=None, key_ops=["sign"]),
    "another curve": with_members(EC, crv="P-384"),
    "a point that is not on the curve": with_members(EC, y=EC.as_dict()["x"]),
    "an id that is no text": with_members(ONE, kid=7),
    "a member that is missing": with_members(ONE, n=None),
    "no object": "one",
    "an unknown type": {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"},
}


@pytest.mark.parametrize("jwk", UNUSABLE.values(), ids=UNUSABLE)
def test_a_key_that_cannot_check_a_signature_here_is_left_out(jwk: Any) -> None:
    found = usable(json.dumps({"keys": [jwk, with_members(TWO)]}).encode())
    assert found.keys() == {("two", "RS256")}


def test_a_short_rsa_key_is_left_out() -> None:
    with pytest.raises(ValueError, match="no key"), pytest.warns(match="2048"):
        usable(json.dumps({"keys": [short_key()]}).encode())


def test_of_a_key_that_was_published_with_its_secret_only_the_public_part_is_kept() -> None:
    found = usable(json.dumps({"keys": [ONE.as_dict(private=True)]}).encode())
    assert not found["one", "RS256"].is_private


@pytest.mark.parametrize("document", [b"", b"<html>", b"[]", b"{}", b'{"keys": {}}', b'{"keys": []}', b'{"keys": [1]}'])
def test_what_is_no_key_set_is_an_error(document: bytes) -> None:
    with pytest.raises(ValueError):
        usable(document)


# Where it comes from


@pytest.fixture
def served() -> Iterator[Issuer]:
    with issuer() as found:
        yield found


async def test_a_set_is_fetched_from_its_address_or_its_file(served: Issuer, tmp_path: Path) -> None:
    assert await fetched(served.url) == served.jwks
    (tmp_path / "jwks.json").write_bytes(served.jwks)
    assert await fetched((tmp_path / "jwks.json").as_uri()) == served.jwks


async def test_an_address_that_points_elsewhere_is_not_followed(served: Issuer) -> None:
    with issuer() as other:
        served.location = other.url
        with pytest.raises(OSError):
            await fetched(served.url)
        assert other.asked == 0


async def test_a_set_without_end_is_given_up(served: Issuer) -> None:
    served.document = b" " * (1 << 20)
    with pytest.raises(ValueError, match="more than"):
        await fetched(served.url)


@pytest.mark.parametrize("document", [b"<html>", b'{"keys": []}'])
async def test_an_answer_that_is_no_key_set_takes_no_key_away(served: Issuer, document: bytes) -> None:
    clock = Clock()
    keys = KeySet(served.settings().tokens, clock=clock)
    assert await keys.key("rsa-1", "RS256")
    served.document = document
    clock.now += 301
    assert await keys.key("rsa-1", "RS256")
    assert served.asked == 2
