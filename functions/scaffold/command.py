"""`learnflow new` and `learnflow remove` as a person at a terminal has them."""

import sys
from pathlib import Path
from typing import Any

from functions.refused import Refused
from functions.scaffold.applying import Plan, alone, apply
from functions.scaffold.asked import spec_of
from functions.scaffold.plan import diff, plan_of
from functions.scaffold.removing import plan_to_remove
from functions.scaffold.spec import Spec

ROOT = Path(__file__).parents[2]


def new(name: str, dry_run: bool = False, root: Path = ROOT, **wanted: Any) -> None:
    """Raises Refused, and nothing is written, for what cannot be."""
    _check_project(root)
    with alone(root):
        spec = spec_of(root, name, **wanted)
        plan = plan_of(root, spec)
        _do(root, plan, dry_run)
    if not dry_run:
        sys.stdout.write(_next(spec))


def remove(name: str, dry_run: bool = False, force: bool = False, root: Path = ROOT) -> None:
    """Raises Refused, and nothing is removed, for what cannot or should not be."""
    _check_project(root)
    with alone(root):
        _do(root, plan_to_remove(root, name, force), dry_run)


def _check_project(root: Path) -> None:
    if not (root / "skaffold.yaml").exists():
        raise Refused(f"{root} is no checkout of the project: there is nothing to write a function into")


def _do(root: Path, plan: Plan, dry_run: bool) -> None:
    if dry_run:
        sys.stdout.write("".join(diff(root, plan)))
        return
    told = [(_verb(root, path, text), path) for path, text in sorted(plan.items())]
    apply(root, plan)
    sys.stdout.write("".join(f"{verb:8} {path}\n" for verb, path in told))


def _verb(root: Path, path: str, text: str | None) -> str:
    if text is None:
        return "removed"
    return "edited" if (root / path).exists() else "new"


def _next(spec: Spec) -> str:
    tests = f"tests/unit/functions/test_{spec.folder}.py tests/contract/test_{spec.folder}.py"
    return f"\nWrite what it does in functions/{spec.folder}/handler.py.\nTry it:  uv run pytest {tests}\n"
