"""What a check found, and how checks are run: all at once, and none for longer than its time."""

import subprocess
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

OK, WARN, MISSING, ABSENT = "ok", "warn", "missing", "not set up"
CHECK_SECONDS = 30  # of one check; they run side by side
COMMAND_SECONDS = 12


@dataclass(frozen=True)
class Finding:
    """`state`: ok; warn, it runs without; missing, it does not; or that nobody began to set up this way to run.

    `mend`: the command that mends it, where one does.
    """

    name: str
    state: str
    said: str
    mend: str = ""


Check = Callable[[], Iterable[Finding]]


def ok(name: str, said: str) -> Finding:
    return Finding(name, OK, said)


def missing(name: str, said: str, mend: str = "") -> Finding:
    return Finding(name, MISSING, said, mend)


def warn(name: str, said: str, mend: str = "") -> Finding:
    return Finding(name, WARN, said, mend)


def run_all(checks: Sequence[tuple[str, Check]], seconds: float = CHECK_SECONDS) -> list[Finding]:
    """The findings of all, in the order of the checks. One that does not come to an end is a finding too."""
    found: dict[str, list[Finding]] = {}

    def run(name: str, check: Check) -> None:
        try:
            found[name] = list(check())
        except Exception as error:
            found[name] = [missing(name, f"could not be checked: {type(error).__name__}: {error}")]

    # daemons: what hangs does not keep the command from ending
    threads = [threading.Thread(target=run, args=each, daemon=True) for each in checks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds)
    late = f"no answer in {seconds:g} s"
    return [finding for name, _ in checks for finding in found.get(name, [missing(name, late)])]


def output(*command: str, seconds: float = COMMAND_SECONDS, cwd: str | None = None) -> tuple[int, str]:
    """Exit code and what it printed, its errors where it failed; 127 where there is no such program."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, cwd=cwd, check=False)
    except FileNotFoundError:
        return 127, f"{command[0]} is not on the PATH"
    except subprocess.TimeoutExpired:
        return 124, f"no answer in {seconds:g} s"
    return done.returncode, (done.stdout if done.returncode == 0 else done.stderr or done.stdout).strip()


def last_line(text: str) -> str:
    return text.strip().splitlines()[-1][:300] if text.strip() else ""
