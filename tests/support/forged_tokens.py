"""Tokens that are not what they should be, and the few that are."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

from joserfc.jwk import RSAKey

from tests.support.attempts import MINE, OTHERS, attempt, with_token
from tests.support.issuer import AUDIENCE, NAME, Issuer, new_key, signed, signed_anyhow, unsigned
from tests.support.raw import Raw

FORGED, FORGED_EC = new_key("rsa-1"), new_key("ec-1", "ES256")
HEAD = {"alg": "RS256", "kid": "rsa-1", "typ": "JWT"}


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def mac_with(secret: Callable[[Issuer], bytes]) -> Callable[[Issuer], str]:
    def make(i: Issuer) -> str:
        head = {"alg": "HS256", "kid": "rsa-1", "typ": "JWT"}
        content = f"{part(head)}.{part(i.claims())}"
        mac = hmac.new(secret(i), content.encode(), hashlib.sha256).digest()
        return f"{content}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    return make


def altered(i: Issuer) -> str:
    head, _, signature = i.token("maya").split(".")
    return f"{head}.{part(i.claims('james'))}.{signature}"


def twice(i: Issuer) -> str:
    body = json.dumps(i.claims("maya"))[:-1] + ', "sub": "james"}'
    return signed({"alg": "RS256", "kid": "rsa-1"}, body.encode(), i.keys[0])


def embedding(**header: Any) -> Callable[[Issuer], str]:
    """Signed by the attacker's key, with a header that says where that is."""
    return lambda i: i.token(key=FORGED, head=header)


def plain(i: Issuer) -> Any:
    """The issuer's key, without what it says that it is for."""

    return RSAKey.import_key({k: v for k, v in i.keys[0].as_dict(private=True).items() if k not in ("alg", "use")})


NOW = time.time
# The token
attempt("no token", lambda _: Raw("GET", MINE))
attempt("another scheme (`Basic`)", lambda _: Raw("GET", MINE, [("Authorization", "Basic bWF5YTptYXlh")]))
attempt("`Bearer` and nothing", lambda _: Raw("GET", MINE, [("Authorization", "Bearer ")]))
attempt(
    "two Authorization headers",
    lambda i: Raw("GET", MINE, [("Authorization", f"Bearer {i.token()}"), ("Authorization", "Bearer x")]),
)
attempt("two tokens in one header", lambda i: Raw("GET", MINE, [("Authorization", f"Bearer {i.token()} {i.token()}")]))
attempt("a token in the query", lambda i: Raw("GET", f"{MINE}&access_token={i.token()}"))
attempt("a token of 9,000 characters", with_token(lambda i: i.token(padding="x" * 9000)))
attempt("what is no token: `a.b.c`", with_token(lambda _: "a.b.c"))
attempt("a header nested 1,000 deep", with_token(lambda _: f"{base64.urlsafe_b64encode(b'[' * 999).decode()}.e30.AA"))
attempt("a genuine token, `bEaReR`", lambda i: Raw("GET", MINE, [("Authorization", f"bEaReR {i.token()}")]))
attempt("an expired token", with_token(lambda i: i.token(exp=int(NOW()) - 60)))
attempt("a token without an end", with_token(lambda i: i.token(exp=None)))
attempt("a token whose end is text", with_token(lambda i: i.token(exp="9999999999")))
attempt(
    "a token whose end is NaN",
    with_token(lambda i: signed(HEAD, json.dumps(i.claims(exp=float("nan"))).encode(), i.keys[0])),
)
attempt("a token that is not yet valid", with_token(lambda i: i.token(nbf=int(NOW()) + 120)))
attempt("a token from the future", with_token(lambda i: i.token(iat=int(NOW()) + 120)))
attempt("for another audience", with_token(lambda i: i.token(aud="another")))
attempt("for an audience that contains ours", with_token(lambda i: i.token(aud=f"not-{AUDIENCE}")))
attempt("for no audience", with_token(lambda i: i.token(aud=None)))
attempt("from another issuer", with_token(lambda i: i.token(iss="https://evil.example")))
attempt("from an issuer that begins like ours", with_token(lambda i: i.token(iss=f"{NAME}.evil.example")))
attempt("`alg: none`, unsigned", with_token(lambda i: unsigned({"alg": "none", "kid": "rsa-1"}, i.claims()) + "AA"))
attempt("`alg: nOnE`", with_token(lambda i: unsigned({"alg": "nOnE", "kid": "rsa-1"}, i.claims(), b"x")))
attempt("HS256 with the public key (PEM) as secret", with_token(mac_with(lambda i: i.keys[0].as_pem(private=False))))
attempt(
    "HS256 with the public key (JWK) as secret",
    with_token(mac_with(lambda i: json.dumps(i.keys[0].as_dict(private=False)).encode())),
)
attempt("HS256 with an empty secret", with_token(mac_with(lambda _: b"")))
attempt(
    "RS512, by the issuer's key", with_token(lambda i: signed({"alg": "RS512", "kid": "rsa-1"}, i.claims(), plain(i)))
)
attempt(
    "PS256, by the issuer's key", with_token(lambda i: signed({"alg": "PS256", "kid": "rsa-1"}, i.claims(), plain(i)))
)
attempt("ES256 with the id of the RSA key", with_token(lambda i: i.token(key=FORGED_EC, head={"kid": "rsa-1"})))
attempt("signed by a key of the attacker's, with a known id", with_token(lambda i: i.token(key=FORGED)))
attempt("ES256 signed by a key of the attacker's", with_token(lambda i: i.token(key=FORGED_EC)))
attempt(
    "ES256 with a signature of zeros",
    with_token(lambda i: unsigned({"alg": "ES256", "kid": "ec-1"}, i.claims(), b"\0" * 64)),
)
attempt("another `sub` put into a genuine token", with_token(altered, OTHERS))
attempt("the signature cut off", with_token(lambda i: i.token().rpartition(".")[0] + ".AA"))
attempt("an unknown `kid`", with_token(lambda i: i.token(key=new_key("rsa-9"))))
for kid in ("../../../../dev/null", "http://evil.example/key", "x' UNION SELECT '", "rsa-1\0", "file:///etc/passwd"):
    attempt(f"`kid: {kid!r}`".replace("\\x00", "\\0"), with_token(embedding(kid=kid)))
attempt("a `kid` that is a list", with_token(lambda i: unsigned({"alg": "RS256", "kid": ["rsa-1"]}, i.claims(), b"x")))
attempt(
    "`jku` that leads to the attacker's keys", with_token(lambda i: embedding(jku=i.url.replace("jwks", "evil"))(i))
)
attempt("`x5u` that leads to the attacker's", with_token(lambda i: embedding(x5u=i.url.replace("jwks", "evil"))(i)))
attempt("`jwk` with the attacker's key", with_token(embedding(jwk=FORGED.as_dict(private=False))))
attempt("`x5c` with the attacker's certificate", with_token(embedding(x5c=["AAAA"])))
attempt(
    "a critical header that is not known",
    with_token(lambda i: signed_anyhow(HEAD | {"crit": ["x-more"], "x-more": 1}, i.claims(), i.keys[0])),
)
attempt(
    "`b64: false`",
    with_token(lambda i: signed_anyhow(HEAD | {"crit": ["b64"], "b64": False}, i.claims(), i.keys[0])),
)
attempt("an encrypted token (JWE)", with_token(lambda _: f"{part({'alg': 'RSA-OAEP', 'enc': 'A256GCM'})}.AA.AA.AA.AA"))
attempt("a logout token of the same issuer", with_token(lambda i: i.token(head={"typ": "logout+jwt"})))
attempt("`sub` twice in one token", with_token(twice, OTHERS))
attempt("`sub` with a new line", with_token(lambda i: i.token("maya\n")))
attempt("`sub` that is a path", with_token(lambda i: i.token("../james")))
attempt("`sub` that is an object", with_token(lambda i: i.token(sub={"$ne": ""})))  # type: ignore[arg-type]
attempt("no role", with_token(lambda i: i.token(role=None)))  # type: ignore[arg-type]
attempt("role `admin`", with_token(lambda i: i.token(role="admin")))
attempt("roles as a list", with_token(lambda i: i.token(role=["service"])))  # type: ignore[arg-type]
