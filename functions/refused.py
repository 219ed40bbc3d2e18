"""What a person asks for at a command line and cannot have."""

import sys
from collections.abc import Callable

from functions.runtime.errors import Unavailable


class Refused(Exception):
    """What was asked for cannot be done; the text says why."""


def told(run: Callable[[], int | None]) -> int:
    """`run`'s exit code; 1, with the reason on standard error, for what cannot be done or does not answer."""
    try:
        return run() or 0
    except Refused as refused:
        reason = str(refused)
    except Unavailable as unavailable:
        reason = unavailable.detail
    sys.stderr.write(f"learnflow: {reason}\n")
    return 1
