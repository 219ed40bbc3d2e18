"""Several clients at once, and what all of them were told."""

import threading
import time
from collections.abc import Mapping, Sequence

from tests.support.front_ends import PATIENCE, SHARES, Client, Send, Told


class Load:
    """Several clients at once, of several learners each."""

    def __init__(
        self,
        users: Sequence[str],
        send: Send,
        seed: int,
        clients: int = 3,
        pace: float = 0.15,
        shares: Mapping[str, float] = SHARES,
    ) -> None:
        self.also: list[Told] = []  # what a test itself asked for
        self._stop = threading.Event()
        self.clients = [Client(n, seed * 100 + n, users, send, self._stop, pace, shares) for n in range(clients)]
        self._threads = [threading.Thread(target=client.run) for client in self.clients]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def more(self, number: int) -> None:
        """Returns when so many more requests were acknowledged."""
        end, wanted = time.monotonic() + PATIENCE, self.acknowledged() + number
        while self.acknowledged() < wanted:
            assert time.monotonic() < end, f"no {number} answers in {PATIENCE} s"
            time.sleep(0.005)

    def acknowledged(self) -> int:
        return sum(len(told.answers) for told in self.told())

    def refused(self) -> list[int]:
        """By client, how many of its requests had a 503 or no answer."""
        return [client.refused for client in self.clients]

    def all_refused(self) -> None:
        """Returns when every client has been refused once more: what was on its way has its answer."""
        end, before = time.monotonic() + PATIENCE, self.refused()
        while any(now == was for now, was in zip(self.refused(), before, strict=True)):
            assert time.monotonic() < end, f"not all clients were refused in {PATIENCE} s"
            time.sleep(0.005)

    def told(self) -> list[Told]:
        return [*self.also, *(told for client in self.clients for told in list(client.told))]

    def abandon(self) -> None:
        """The clients give up what they wait for."""
        for client in self.clients:
            client.patience = 0
        self.finish()

    def finish(self) -> list[Told]:
        """Each client waits for the answer that it waits for, and makes no more requests."""
        self._stop.set()
        for thread in self._threads:
            thread.join(2 * PATIENCE)
        return self.told()


def by_user(told: Sequence[Told], kind: str) -> Mapping[str, list[Told]]:
    """Those of a kind."""
    found: dict[str, list[Told]] = {}
    for each in told:
        if each.kind == kind:
            found.setdefault(each.user_id, []).append(each)
    return found
