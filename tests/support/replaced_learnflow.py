"""`learnflow` as it is, but for its way to the world (`tests.support.replaced`)."""

import sys
from typing import Any

from functions import embedded
from functions.cli import main
from functions.runtime import local
from functions.runtime.ports import Ports
from tests.support.replaced import replaced


def replaced_ports(*arguments: Any) -> Ports:
    return replaced(local.ports(*arguments))


vars(embedded)["ports"] = replaced_ports
sys.exit(main(sys.argv[1:]))
