"""Alarms and dashboard ask for what the functions tell, and every alarm says what to do about it."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from functions.runtime import metrics
from functions.runtime.metrics import Count, Durations

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "knative" / "monitoring"
NAME = re.compile(r"\b(?:learnflow|process)_\w+")
PROCESS = {"process_resident_memory_bytes", "process_start_time_seconds"}  # the client's own


def exported() -> dict[str, set[str]]:
    """Names as Prometheus has them, by the metric that they are of."""
    found = {}
    for metric in metrics.ALL:
        match metric:
            case Count():
                found[metric.name] = {f"{metric.name}_total"}
            case Durations():
                found[metric.name] = {f"{metric.name}_{part}" for part in ("bucket", "sum", "count")}
            case _:
                found[metric.name] = {metric.name}
    return found


def rules() -> list[dict[str, Any]]:
    [group] = yaml.safe_load((MONITORING / "alerts.yaml").read_text())["spec"]["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
    return found


def asked(expressions: list[str]) -> set[str]:
    return {name for expression in expressions for name in NAME.findall(expression)}


ON_DASHBOARD = asked([target["expr"] for panel in panels() for target in panel["targets"]])
IN_ALARMS = asked([rule["expr"] for rule in rules()])


def test_alarms_and_dashboard_ask_only_for_what_is_told() -> None:
    assert (ON_DASHBOARD | IN_ALARMS) - PROCESS <= set().union(*exported().values())


def test_every_metric_is_on_the_dashboard() -> None:
    assert [name for name, names in exported().items() if not names & ON_DASHBOARD] == []


def test_expressions_use_only_labels_that_the_metrics_have() -> None:
    known = {label for metric in metrics.ALL if isinstance(metric, Count | Durations) for label in metric.labels}
    for expression in [*(t["expr"] for p in panels() for t in p["targets"]), *(rule["expr"] for rule in rules())]:
        grouped = {label.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for label in group.split(",")}
        matched = set(re.findall(r"(\w+)(?:=~|!~|!=|=)\"", expression))
        assert grouped | matched <= known | {"le", "function"}, expression


def test_every_panel_says_what_it_shows() -> None:
    assert [panel["title"] for panel in panels() if not panel["description"]] == []
    assert len({panel["id"] for panel in panels()}) == len(panels())


def test_every_alarm_has_its_section_in_the_runbook_and_no_other_has() -> None:
    told = re.findall(r"^### (LearnFlow\w+)$", (ROOT / "docs" / "operations.md").read_text(), flags=re.MULTILINE)
    assert sorted(told) == sorted(rule["alert"] for rule in rules())
    for rule in rules():
        assert rule["annotations"]["runbook"] == f"docs/operations.md#{rule['alert'].lower()}"
        assert rule["annotations"]["summary"] and rule["labels"]["severity"] in ("critical", "warning")


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not on the PATH")
def test_the_rules_are_valid_and_go_off_when_they_should(tmp_path: Path) -> None:
    spec = yaml.safe_load((MONITORING / "alerts.yaml").read_text())["spec"]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(spec))
    shutil.copy(MONITORING / "alerts.test.yaml", tmp_path)
    for command in (["check", "rules", "rules.yaml"], ["test", "rules", "alerts.test.yaml"]):
        done = subprocess.run(["promtool", *command], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
