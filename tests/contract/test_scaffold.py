"""`learnflow new` and `learnflow remove` in a copy of the project, which then has to pass its own tests."""

import shlex
import shutil
import sys
from pathlib import Path

import pytest

from functions.refused import Refused
from functions.scaffold.command import remove
from tests.docs.test_readme import blocks, compare
from tests.support.backends import ROOT
from tests.support.project_copy import ProjectCopy

HERE = "tests/contract/test_scaffold.py"
ORDERS = ("--on", "orders", "--type", "com.example.order.placed.v1")
DAILY = ("--every", "0 3 * * *")
NEW = {
    "list_badges": ("--http", "GET /badges/{badge_id}"),
    "send_cheer": ("--http", "POST /cheers", "--publishes", "cheer-sent", "--does", "cheers a learner"),
    "drop_badge": ("--http", "DELETE /learners/{user_id}/badges/{badge_id}"),
    "greet_learner": ("--on", "progress-updated"),
    "give_badge": ("--on", "lesson-generated", *ORDERS, "--publishes", "badge-earned"),
    "note_badge": ("--on", "badge-earned", "--publishes", "struggle-detected"),
    "sweep_up": DAILY,
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    made = ProjectCopy(tmp_path_factory.mktemp("scaffold") / "project")
    for name, options in NEW.items():
        made.learnflow("new", name, *options)
    return made


def modules(copy: ProjectCopy) -> list[str]:
    """The Python that was written."""
    written = copy.run("git", "ls-files", "--others", "--exclude-standard").split()
    return sorted(path for path in written if path.endswith(".py"))


def test_what_was_written_passes_its_own_tests_and_those_of_the_project(copy: ProjectCopy) -> None:
    own = [path for path in modules(copy) if path.startswith("tests/")]
    assert len(own) == 2 * len(NEW)
    tables = "tests/manifests/test_names.py", "tests/contract/test_contracts.py", "tests/docs/test_readme.py"
    access = "tests/contract/test_access.py"
    chosen = "badge or cheer or greet or sweep or in_the_table or contracts_in or topics or ports or group"
    python = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    said = copy.run(*python, "-m", "not stack and not cluster", "-k", chosen, *own, *tables, access)
    assert "passed" in said and "failed" not in said


def test_what_was_written_is_laid_out_and_typed_as_all_code_here(copy: ProjectCopy) -> None:
    copy.python("-m", "ruff", "check", "--no-cache")
    copy.python("-m", "ruff", "format", "--no-cache", "--check")
    if (cache := ROOT / ".mypy_cache").exists():
        shutil.copytree(cache, copy.root / ".mypy_cache")
    copy.python("-m", "mypy", *modules(copy))


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl renders the overlays")
def test_the_manifests_hold_what_was_written(copy: ProjectCopy) -> None:
    rendered = copy.run("kubectl", "kustomize", "tests/cluster/overlay")
    for name in NEW:
        assert f"dapr.io/app-id: {name.replace('_', '-')}\n" in rendered
    assert "schedule: 0 3 * * *" in rendered


def test_what_is_there_is_not_overwritten(copy: ProjectCopy) -> None:
    before = copy.changed()
    path = copy.root / "tests/unit/functions/test_other.py"
    path.write_text("mine")
    said = copy.learnflow("new", "other", *DAILY, fails=True)
    assert "tests/unit/functions/test_other.py: there already" in said and path.read_text() == "mine"
    path.unlink()
    assert copy.changed() == before


def test_a_function_that_others_need_or_that_was_edited_is_not_removed_unasked(copy: ProjectCopy) -> None:
    before = copy.changed()
    handler, mine = (copy.root / "functions/sweep_up" / name for name in ("handler.py", "mine.py"))
    text = handler.read_text()
    handler.write_text(text + "# my work\n")
    mine.write_text("")
    said = copy.learnflow("remove", "sweep_up", fails=True)
    assert "functions/sweep_up/handler.py, functions/sweep_up/mine.py: not as `new` wrote it" in said
    handler.write_text(text)
    mine.unlink()
    assert "note_badge, which takes badge-earned" in copy.learnflow("remove", "give_badge", fails=True)
    assert copy.changed() == before


@pytest.mark.parametrize(
    ("name", "why"), [("raise_alert", "needed by tests/"), ("nobody", "no function nobody"), ("runtime", "no function")]
)
def test_what_is_no_function_or_one_of_the_product_stays(name: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        remove(name, dry_run=True)


def test_what_the_readme_shows_is_what_happens_and_a_dry_run_shows_it_before(copy: ProjectCopy, tmp_path: Path) -> None:
    before = copy.changed()
    new, remove = [block for block in blocks(ROOT / "README.md") if block.mark == f"elsewhere {HERE}"]
    arguments = [shlex.split(block.text)[3:] for block in (new, remove)]
    shown = tmp_path / "diff"
    shown.write_text(copy.learnflow(*arguments[0], "--dry-run"))
    assert copy.changed() == before
    compare(new.output[0], copy.learnflow(*arguments[0]))
    copy.run("git", "apply", "--reverse", str(shown))
    assert copy.changed() == before
    copy.run("git", "apply", str(shown))
    assert "deleted file mode" in copy.learnflow(*arguments[1], "--dry-run")
    compare(remove.output[0], copy.learnflow(*arguments[1]))
    assert copy.changed() == before


def test_removed_in_any_order_they_leave_no_difference(copy: ProjectCopy) -> None:
    for name in ("greet_learner", "note_badge", "drop_badge", "give_badge", "sweep_up", "list_badges", "send-cheer"):
        copy.learnflow("remove", name)
    assert copy.changed() == ""


def test_a_function_of_the_product_is_removed_when_that_is_meant(copy: ProjectCopy) -> None:
    copy.learnflow("remove", "raise_alert", "--force")
    assert not (copy.root / "functions/raise_alert").exists()
    where = ("knative", "components", "dapr.yaml", "skaffold.yaml")
    assert copy.run("git", "grep", "-l", "raise-alert", "--", *where, fails=True) == ""
    copy.run("git", "checkout", "--quiet", ".")
    assert copy.changed() == ""
