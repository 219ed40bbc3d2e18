"""`learnflow dev`: the supervisor with the embedded run below it, and beside it the events that flow."""

import asyncio
import os
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from functions.dev_loop.loading import ROOT
from functions.dev_loop.supervising import POLL_SECONDS, Supervisor, say
from functions.refused import Refused


def run(host: str, port: int, data: Path) -> None:
    """Until interrupted. Raises Refused where there is no place for the state, or none to listen."""
    from functions.serving import make_place

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        make_place(data)
        listening = socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        where = f"{host}:{port}: {os.strerror(error.errno)}; --port says another" if error.errno else str(error)
        raise Refused(where) from error
    alive, held = os.pipe()  # `held` is closed with this process, however it ends
    os.set_inheritable(held, False)
    server = [sys.executable, "-m", "functions.dev_loop.embedded", "--host", host, "--data", str(data)]
    files = ["--fd", str(listening.fileno()), "--alive", str(alive)]
    loop = Supervisor(
        ROOT / "functions",
        listening.fileno(),
        lambda reason: ([*server, *files, "--reason", reason], os.environ),
        (alive,),
    )
    say(f"http://{host}:{listening.getsockname()[1]}, state in {data.resolve()}")
    say("what you save in functions/ is loaded at once; Ctrl+C ends it")
    threading.Thread(target=_show, args=[data, time.time()], daemon=True).start()
    loop.run()


def _show(data: Path, since: float) -> None:
    """Events from that time on: the first may be handled before anybody looks.

    Ends with the process, or when the state cannot be read any more, which the server says better.
    """
    from functions.events.command import watch
    from functions.events.embedded import EmbeddedEvents
    from functions.runtime.errors import Unavailable
    from functions.runtime.local import FILE

    while not (data / FILE).exists():  # the server makes it
        time.sleep(POLL_SECONDS)
    with suppress(Unavailable):
        asyncio.run(watch(EmbeddedEvents(data, since), ()))
