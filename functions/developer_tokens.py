"""`learnflow token`: an issuer of tokens for who has none, on a machine or cluster of their own.

The key is a file that only its owner can read; whoever has it can be anybody.
"""

import json
import os
import time
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from functions.refused import Refused

ISSUER, AUDIENCE = "urn:learnflow:developer", "learnflow"


def token(user_id: str, role: str, minutes: int, file: Path) -> str:
    """For this caller, good from now. Raises Refused when there can be no key."""
    key, now = _key(file), int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": user_id, "role": role, "iat": now, "exp": now + 60 * minutes}
    return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)


def jwks(file: Path) -> str:
    """The set of public keys (RFC 7517) that `LEARNFLOW_JWKS_URL` is to lead to. Raises Refused without a key."""
    return json.dumps({"keys": [_key(file).as_dict(private=False)]})


def _key(file: Path) -> RSAKey:
    try:
        return _kept(file)
    except (OSError, ValueError, JoseError) as error:
        raise Refused(f"no key in {file}: {error}") from error


def _kept(file: Path) -> RSAKey:
    """The key in the file; made, with the file, when there is none."""
    if file.exists():
        return RSAKey.import_key(json.loads(file.read_text()))
    key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump(key.as_dict(private=True), out)
    return key
