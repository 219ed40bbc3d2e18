"""In a pod under `skaffold dev`: uvicorn with the options that its environment holds, anew for each file copied in."""

import os
import socket
import sys

from functions.dev_loop.loading import ROOT
from functions.dev_loop.supervising import Supervisor


def main() -> int:
    env = dict(os.environ)
    listening = socket.create_server((env["UVICORN_HOST"], int(env["UVICORN_PORT"])), backlog=128)
    loop = {"UVICORN_APP": "functions.dev_loop.app:app", "UVICORN_FD": str(listening.fileno())}

    def command(reason: str) -> tuple[list[str], dict[str, str]]:
        real = {"LEARNFLOW_DEV_APP": env["UVICORN_APP"], "LEARNFLOW_DEV_REASON": reason}
        return [sys.executable, "-m", "uvicorn"], {"UVICORN_LOG_LEVEL": "warning"} | env | loop | real

    Supervisor(ROOT / "functions", listening.fileno(), command).run()
    return 0


sys.exit(main())
