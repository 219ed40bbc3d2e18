"""What a set of NetworkPolicies lets through, as Kubernetes defines it: for one pod, in one direction, to one port."""

import ipaddress
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
NAME = "kubernetes.io/metadata.name"


@dataclass(frozen=True)
class Pod:
    """A pod in a namespace; or an address outside, which has neither."""

    namespace: str = ""
    labels: Json = field(default_factory=dict)
    address: str = ""


def selects(selector: Json | None, labels: Json) -> bool:
    """An empty selector selects everything."""
    for key, value in ((selector or {}).get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for wanted in (selector or {}).get("matchExpressions") or []:
        assert wanted["operator"] == "Exists", "the others are not used"
        if wanted["key"] not in labels:
            return False
    return True


def allows(policies: list[Json], direction: str, pod: Pod, peer: Pod, port: int, protocol: str = "TCP") -> bool:
    """`direction` is Ingress or Egress, as seen from `pod`. A pod that no policy of the direction selects is open."""
    of_pod = [
        p["spec"]
        for p in policies
        if p["metadata"]["namespace"] == pod.namespace
        and direction in p["spec"]["policyTypes"]
        and selects(p["spec"]["podSelector"], pod.labels)
    ]
    if not of_pod:
        return True
    rules = [rule for spec in of_pod for rule in spec.get(direction.lower()) or []]
    return any(_lets(rule, direction, pod, peer, port, protocol) for rule in rules)


def _lets(rule: Json, direction: str, pod: Pod, peer: Pod, port: int, protocol: str) -> bool:
    peers = rule.get("from" if direction == "Ingress" else "to")
    ports = rule.get("ports")
    assert peers and ports, "a rule without peers or ports would mean all of them"
    fits = any(p["port"] == port and p.get("protocol", "TCP") == protocol for p in ports)
    return fits and any(_is(one, pod, peer) for one in peers)


def _is(wanted: Json, pod: Pod, peer: Pod) -> bool:
    if block := wanted.get("ipBlock"):
        address = ipaddress.ip_address(peer.address) if peer.address else None
        inside = address and address in ipaddress.ip_network(block["cidr"])
        return bool(inside) and not any(address in ipaddress.ip_network(net) for net in block.get("except", []))
    if peer.address:
        return False
    if "namespaceSelector" in wanted:
        if not selects(wanted["namespaceSelector"], {NAME: peer.namespace}):
            return False
    elif peer.namespace != pod.namespace:
        return False
    return selects(wanted.get("podSelector"), peer.labels)
