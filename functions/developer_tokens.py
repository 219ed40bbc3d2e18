"""`learnflow token`: an issuer of tokens for who has none, on a machine or cluster of their own.

The key is a file that only its owner can read; whoever has it can be anybody.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

ISSUER, AUDIENCE = "urn:learnflow:developer", "learnflow"


def print_token(user_id: str, role: str, minutes: int, file: Path) -> int:
    """Writes a token for this caller to standard output. Exit code 1 when there can be no key."""
    return _with_key(file, lambda key: _token(key, user_id, role, minutes))


def print_jwks(file: Path) -> int:
    """Writes the set of public keys (RFC 7517) that `LEARNFLOW_JWKS_URL` is to lead to."""
    return _with_key(file, lambda key: json.dumps({"keys": [key.as_dict(private=False)]}))


def _token(key: RSAKey, user_id: str, role: str, minutes: int) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": user_id, "role": role, "iat": now, "exp": now + 60 * minutes}
    return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)


def _with_key(file: Path, made: Callable[[RSAKey], str]) -> int:
    try:
        key = _key(file)
    except (OSError, ValueError, JoseError) as error:
        sys.stderr.write(f"learnflow: no key in {file}: {error}\n")
        return 1
    sys.stdout.write(made(key) + "\n")
    return 0


def _key(file: Path) -> RSAKey:
    """The key in the file; made, with the file, when there is none."""
    if file.exists():
        return RSAKey.import_key(json.loads(file.read_text()))
    key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump(key.as_dict(private=True), out)
    return key
