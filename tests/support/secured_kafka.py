"""A Kafka that lets in only who has its CA's certificate and an account, and the folder that gets a command in."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.support.own_stack import Kafka

PASSWORD = "not-to-be-said"
JAAS = "org.apache.kafka.common.security.plain.PlainLoginModule required"
SETTINGS = """
listener.security.protocol.map=PLAINTEXT:SASL_SSL,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.plaintext.plain.sasl.jaas.config={jaas} username="broker" password="{password}" \\
  user_broker="{password}" user_learnflow="{password}";
listener.name.plaintext.ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location={folder}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/ca.crt
"""
Pair = tuple[ec.EllipticCurvePrivateKey, x509.Certificate]


def certified(name: str, by: Pair | None = None) -> Pair:
    """A key and its certificate for 127.0.0.1; without `by` an authority's own."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now, address = datetime.now(UTC), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by[1].subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
    )
    return key, made.sign(by[0] if by else key, SHA256())


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def secured_kafka(folder: Path, auth: Path) -> Kafka:
    """`auth` is filled with the keys of a KafkaSink's Secret."""
    authority = certified("authority")
    (broker, brokers), (client, clients) = certified("broker", authority), certified("client", authority)
    trusted = authority[1].public_bytes(Encoding.PEM)
    (folder / "ca.crt").write_bytes(trusted)
    (folder / "broker.pem").write_bytes(pem(broker) + brokers.public_bytes(Encoding.PEM))
    secret = {
        "protocol": b"SASL_SSL",
        "sasl.mechanism": b"PLAIN",
        "user": b"learnflow",
        "password": PASSWORD.encode(),
        "ca.crt": trusted,
        "user.crt": clients.public_bytes(Encoding.PEM),
        "user.key": pem(client),
    }
    for key, value in secret.items():
        (auth / key).write_bytes(value)
    return Kafka(folder, more=SETTINGS.format(jaas=JAAS, password=PASSWORD, folder=folder))
