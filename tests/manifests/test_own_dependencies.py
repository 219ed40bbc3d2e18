"""What one function needs and no other one: a dependency group of its name, in its image and imported by it alone."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMES = sorted(main.parent.name.replace("_", "-") for main in (ROOT / "functions").glob("*/main.py"))
GROUPS = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
EXAMPLES = {path.name.replace("_", "-") for path in (ROOT / "examples").iterdir()}
OWN = sorted(set(GROUPS) - {"dev"})
BLOCKED = """
import importlib, sys
refused, *functions = sys.argv[1:]
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in refused.split(","):
            raise ImportError(f"{name} is not in this function's image")
sys.meta_path.insert(0, Refuse())
for function in functions:
    importlib.import_module(f"functions.{function}.main")
"""


def in_images(*options: str) -> set[str]:
    """The distributions of an image, by their names in the index."""
    command = ["uv", "export", "--quiet", "--frozen", "--no-hashes", "--no-emit-project", "--no-default-groups"]
    text = subprocess.check_output([*command, "--all-extras", *options], cwd=ROOT, text=True)
    return {normal(line.partition("==")[0]) for line in text.splitlines() if "==" in line and line[0].isalnum()}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def modules_of(distributions: set[str]) -> set[str]:
    """What is imported of them and of nothing else."""
    found = packages_distributions().items()
    return {module for module, owners in found if {normal(owner) for owner in owners} <= distributions}


def test_a_group_is_a_functions_or_for_development() -> None:
    assert set(OWN) <= {*NAMES, *EXAMPLES}


@pytest.mark.parametrize("group", OWN)
def test_what_a_function_needs_of_its_own_is_imported_by_no_other(group: str) -> None:
    own = modules_of(in_images("--group", group) - in_images())
    assert own, f"{group}: every image has it, so it belongs to the project's dependencies"
    others = [name.replace("-", "_") for name in NAMES if name != group]
    subprocess.run([sys.executable, "-c", BLOCKED, ",".join(own), *others], cwd=ROOT, check=True)


@pytest.mark.parametrize("name", sorted({*NAMES, *OWN}))
def test_an_image_gets_the_group_of_its_function_and_no_other(name: str) -> None:
    recipe = (ROOT / "functions/Dockerfile").read_text()
    assert recipe.count("--group") == 1 and '--group "$FUNCTION"' in recipe
    [condition] = re.findall(r"if (python -c .+?); \\\n", recipe)
    env = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "FUNCTION": name.replace("-", "_")}
    asked = subprocess.run(["bash", "-c", condition], cwd=ROOT, env=env)
    assert asked.returncode == (name not in GROUPS)
