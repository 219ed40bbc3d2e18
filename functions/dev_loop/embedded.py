"""The server of `learnflow dev`: the embedded run on the supervisor's socket, ended when the supervisor is gone."""

import argparse
import os
import signal
import socket
import sys
import threading
from pathlib import Path

import uvicorn

from functions.dev_loop.loading import App, load, refuse_all


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fd", type=int, required=True, help="the socket")
    parser.add_argument("--alive", type=int, required=True, help="a pipe that ends with the supervisor")
    parser.add_argument("--host", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--reason", required=True)
    asked = parser.parse_args()
    threading.Thread(target=_end_with, args=[asked.alive], daemon=True).start()

    def make() -> App:
        from functions.serving import create, log_to_terminal

        app = create(asked.host, asked.data)  # and every app makes its own logs
        log_to_terminal(quiet=("event", "relay"))  # the loop shows events itself
        return app

    app = refuse_all(asked.reason) if asked.reason else load(make)
    config = uvicorn.Config(app, log_config=None, log_level="warning", access_log=False, timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    server.run(sockets=[socket.socket(fileno=asked.fd)])
    return 0 if server.started else 3


def _end_with(pipe: int) -> None:
    os.read(pipe, 1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
