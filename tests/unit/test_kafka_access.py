"""What of a KafkaSink's Secret is taken, and what is said of one that cannot be used."""

from pathlib import Path

import pytest

from functions.kafka_access import FOLDER, access
from functions.refused import Refused


def secret(folder: Path, **parts: str) -> dict[str, str]:
    for key, value in parts.items():
        (folder / key.replace("_", ".")).write_text(value)
    return {FOLDER: str(folder)}


def test_without_a_folder_and_with_an_empty_one_nothing_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "..data").mkdir()  # as kubelet leaves it where an optional Secret is not there
    assert access({}) == access({FOLDER: ""}) == access({FOLDER: str(tmp_path)}) == {}


def test_an_account_without_tls_is_taken_as_the_secret_has_it(tmp_path: Path) -> None:
    parts = {"protocol": "SASL_PLAINTEXT", "sasl_mechanism": "SCRAM-SHA-512", "user": "maya", "password": "a b\n"}
    assert access(secret(tmp_path, **parts)) == {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "maya",
        "sasl_plain_password": "a b",
    }


def test_tls_without_a_certificate_of_ones_own_believes_the_systems_authorities(tmp_path: Path) -> None:
    options = access(secret(tmp_path, protocol="SSL"))
    assert options.keys() == {"security_protocol", "ssl_context"} and options["ssl_context"].check_hostname


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"user": "maya"}, "protocol cannot be read (FileNotFoundError)"),
        ({"protocol": "TLS"}, "protocol has to be one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"),
        ({"protocol": "SASL_SSL", "sasl_mechanism": "GSSAPI"}, "sasl.mechanism has to be one of PLAIN, SCRAM-"),
        ({"protocol": "SASL_SSL", "sasl_mechanism": "PLAIN", "user": "maya"}, "password cannot be read"),
        ({"protocol": "SSL", "ca_crt": "no certificate"}, "ca.crt of "),
        ({"protocol": "SSL", "user_key": "no key"}, "has one of user.crt and user.key"),
    ],
)
def test_a_part_that_cannot_be_used_is_named(tmp_path: Path, parts: dict[str, str], said: str) -> None:
    with pytest.raises(Refused) as refused:
        access(secret(tmp_path, **parts))
    assert str(refused.value).startswith(f"{FOLDER}: ") and said in str(refused.value)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="there is no folder"):
        access({FOLDER: str(tmp_path / "nowhere")})
