"""Runs the checks of the ways that were asked for, and says what they found."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial

from functions.doctor import WAYS, cluster, embedded, stack
from functions.doctor.finding import ABSENT, MISSING, OK, WARN, Check, Finding, run_all
from functions.events.seen import coloured
from functions.runtime.visible import visible

COLOURS = {OK: "32", WARN: "33", MISSING: "31", ABSENT: "2"}
MORE = "uv run learnflow doctor stack, doctor cluster say what it takes"
NOBODY = {
    "stack": Finding("stack", ABSENT, "neither LEARNFLOW_KAFKA nor LEARNFLOW_POSTGRES is set", MORE),
    "cluster": Finding("cluster", ABSENT, "kubectl finds no cluster with such a namespace", MORE),
}


def run(arguments: argparse.Namespace) -> int:
    """Exit code 1 where something is missing for a way that was asked for; without asking, for one that was begun."""
    asked = list(dict.fromkeys(arguments.ways)) or list(WAYS)
    begun: dict[str, Callable[[], bool]] = {
        "stack": stack.is_begun,
        "cluster": partial(cluster.is_begun, arguments.namespace),
    }
    skipped = [way for way in asked if not arguments.ways and way in begun and not begun[way]()]
    checks: dict[str, Sequence[tuple[str, Check]]] = {
        "embedded": embedded.checks(arguments.host, arguments.port, arguments.data),
        "stack": stack.checks(arguments.bootstrap_servers, arguments.postgres),
        "cluster": cluster.checks(arguments.namespace),
    }
    found = {way: [NOBODY[way]] if way in skipped else run_all(checks[way]) for way in asked}
    sys.stdout.write(_json(found) if arguments.json else _text(found, coloured(sys.stdout)))
    return 1 if any(finding.state == MISSING for findings in found.values() for finding in findings) else 0


def _json(found: dict[str, list[Finding]]) -> str:
    told = {way: [asdict(finding) for finding in findings] for way, findings in found.items()}
    return json.dumps(told, indent=2) + "\n"


def _text(found: dict[str, list[Finding]], colours: bool) -> str:
    lines = []
    for way, findings in found.items():
        lines.append(f"{way} ({WAYS[way]})")
        for finding in findings:
            state = f"\x1b[{COLOURS[finding.state]}m{finding.state:10}\x1b[0m" if colours else f"{finding.state:10}"
            lines.append(f"  {state} {finding.name:16} {visible(finding.said)}")
            if finding.mend:
                lines.append(f"  {'':10} {'':16} → {finding.mend}")
    return "\n".join(lines) + "\n"
