"""How a person's commands get into a Kafka with TLS or accounts: by the keys of the Secret that a KafkaSink has for it.

The Secret is read from a folder, `LEARNFLOW_KAFKA_AUTH`: mounted in a pod, or a file a key on a developer's machine.
Its form is that of Knative's `KafkaSink` (`spec.auth.secret`): `protocol`, and what that needs of `sasl.mechanism`,
`user`, `password`, `ca.crt`, `user.crt`, `user.key`. So a deployment writes it once.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from functions.refused import Refused

FOLDER = "LEARNFLOW_KAFKA_AUTH"
PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


def access(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """What aiokafka's clients are given besides their servers; nothing where no folder is named, or it is empty.

    Raises Refused, by the name of a key, for what cannot be used. No value is ever said.
    """
    if not (named := environ.get(FOLDER)):
        return {}
    folder = Path(named)
    if not folder.is_dir():
        raise Refused(f"{FOLDER}: there is no folder {folder}")
    if all(entry.name.startswith("..") for entry in folder.iterdir()):  # kubelet's own: the Secret is not there
        return {}
    protocol = _one_of(folder, "protocol", PROTOCOLS)
    options: dict[str, Any] = {"security_protocol": protocol}
    if protocol.startswith("SASL"):
        mechanism = _one_of(folder, "sasl.mechanism", MECHANISMS)
        login = {"sasl_plain_username": _text(folder, "user"), "sasl_plain_password": _text(folder, "password")}
        options |= {"sasl_mechanism": mechanism, **login}
    if protocol.endswith("SSL"):
        options["ssl_context"] = _tls(folder)
    return options


def _text(folder: Path, key: str) -> str:
    try:
        return (folder / key).read_text().rstrip("\n")
    except (OSError, ValueError) as error:
        raise Refused(f"{FOLDER}: {folder / key} cannot be read ({type(error).__name__})") from error


def _one_of(folder: Path, key: str, known: tuple[str, ...]) -> str:
    if (found := _text(folder, key)) not in known:
        raise Refused(f"{FOLDER}: {folder / key} has to be one of {', '.join(known)}")
    return found


def _tls(folder: Path) -> Any:
    """The system's authorities where there is no `ca.crt`; a client's own certificate where there is one."""
    from aiokafka.helpers import create_ssl_context

    there = {key: str(folder / key) for key in ("ca.crt", "user.crt", "user.key") if (folder / key).exists()}
    if ("user.crt" in there) != ("user.key" in there):
        raise Refused(f"{FOLDER}: {folder} has one of user.crt and user.key, which belong together")
    try:
        return create_ssl_context(
            cafile=there.get("ca.crt"), certfile=there.get("user.crt"), keyfile=there.get("user.key")
        )
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise Refused(f"{FOLDER}: {', '.join(there)} of {folder} cannot be used ({error})") from error
