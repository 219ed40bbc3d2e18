"""A copy of the project, for what changes it: run there with the same packages, and with the copy's own code."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.backends import ROOT

LEARNFLOW = "import sys; from functions.cli import main; sys.exit(main())"
GIT = ("git", "-c", "user.name=tests", "-c", "user.email=tests@example.org")


class ProjectCopy:
    """What git knows of, and would know of, committed as one."""

    def __init__(self, folder: Path) -> None:
        self.root = folder
        listed = subprocess.check_output(["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, text=True)
        for path in filter(None, listed.split("\0")):
            if (ROOT / path).is_file():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / path, folder / path)
        self.run(*GIT, "init", "--quiet")
        self.commit()

    def commit(self) -> None:
        self.run("git", "add", "--all")
        self.run(*GIT, "commit", "--quiet", "--message", "as it is")

    def run(self, *command: str, fails: bool = False) -> str:
        """What it prints; that of one that fails, where it has to."""
        done = subprocess.run(command, cwd=self.root, env=os.environ | self.env, capture_output=True, text=True)
        assert bool(done.returncode) == fails, done.stdout + done.stderr
        return done.stderr if fails else done.stdout

    @property
    def env(self) -> dict[str, str]:
        """By these `uv run` is this environment's programs over the copy's code; nothing is fetched or installed."""
        uv = {"UV_PROJECT_ENVIRONMENT": sys.prefix, "UV_NO_SYNC": "1", "UV_OFFLINE": "1"}
        return {"PYTHONPATH": str(self.root), "PYTEST_ADDOPTS": "-p no:cacheprovider", **uv}

    def bash(self, script: str) -> str:
        """Ends at the first command that fails."""
        return self.run("bash", "-c", f"set -euo pipefail\n{script}")

    def python(self, *arguments: str) -> str:
        return self.run(sys.executable, *arguments)

    def learnflow(self, *arguments: str, fails: bool = False) -> str:
        return self.run(sys.executable, "-c", LEARNFLOW, *arguments, fails=fails)

    def changed(self) -> str:
        """What `git status` says, empty where nothing is."""
        return self.run("git", "status", "--short")
