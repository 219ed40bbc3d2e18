"""The audit of dependencies tells what is clean from what nobody looked at, which pip-audit itself does not."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CLEAN = {"name": "fastapi", "version": "1", "vulns": []}
SKIPPED = {"name": "joserfc", "skip_reason": "Dependency not found on PyPI and could not be audited"}
VULNERABLE = {"name": "jinja2", "version": "2.10", "vulns": [{"id": "PYSEC-2019-217", "fix_versions": ["2.10.1"]}]}


def audited(folder: Path, report: list[Any] | None, **env: str) -> tuple[int, str]:
    """What the step says when pip-audit reports this; None: it reports nothing."""
    content = json.dumps({"dependencies": report})
    (folder / "content").write_text(content)
    does = "exit 1" if report is None else f'cp {folder}/content "$last"'
    script = f"#!/bin/sh\nfor last; do :; done\n{does}\n"
    (folder / "uvx").write_text(script)
    (folder / "uvx").chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    done = subprocess.run([ROOT / ".ci/audit"], env=os.environ | {"PATH": path} | env, capture_output=True, text=True)
    return done.returncode, done.stdout


def test_what_is_clean_is_said_to_be(tmp_path: Path) -> None:
    assert audited(tmp_path, [CLEAN]) == (0, "1 packages, no known vulnerability\n")


def test_a_vulnerability_is_named_and_ends_the_run(tmp_path: Path) -> None:
    code, said = audited(tmp_path, [CLEAN, VULNERABLE, SKIPPED])
    assert (code, said) == (1, "jinja2 2.10: PYSEC-2019-217, mended in 2.10.1\n")


@pytest.mark.parametrize("report", [[SKIPPED], [CLEAN, SKIPPED], None])
def test_what_nobody_looked_at_is_not_called_clean(tmp_path: Path, report: list[Any] | None) -> None:
    code, said = audited(tmp_path, report)
    assert code == 0 and said.startswith("NOT AUDITED: ")
    assert audited(tmp_path, report, AUDIT="required")[0] == 1
