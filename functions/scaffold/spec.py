"""What a new function is to be."""

from dataclasses import dataclass

from functions.runtime.events import EventData


@dataclass(frozen=True)
class Endpoint:
    method: str
    path: str

    @property
    def parameters(self) -> list[str]:
        return [part[1:-1] for part in self.path.split("/") if part.startswith("{")]

    @property
    def has_body(self) -> bool:
        return self.method in ("POST", "PUT")

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Topic:
    """A Kafka topic and what is on it. `model`: the class of its event where there is one of ours already.

    `last`: nobody else has to do with it, so it goes when the function goes.
    """

    name: str
    type_name: str
    event: str
    model: type[EventData] | None = None
    last: bool = False


@dataclass(frozen=True)
class Spec:
    """A function: woken by one of `endpoint`, `takes` and `every` (a cron schedule).

    `further`: endpoints that it was given since.
    """

    folder: str
    does: str
    endpoint: Endpoint | None = None
    takes: tuple[Topic, ...] = ()
    every: str = ""
    publishes: tuple[Topic, ...] = ()
    further: tuple[Endpoint, ...] = ()

    @property
    def name(self) -> str:
        """In Kubernetes."""
        return self.folder.replace("_", "-")

    @property
    def topics(self) -> tuple[Topic, ...]:
        return (*self.takes, *self.publishes)

    @property
    def foreign(self) -> tuple[Topic, ...]:
        """Those it takes that are not of this system: their models are the function's own."""
        return tuple(topic for topic in self.takes if topic.model is None)

    @property
    def made(self) -> tuple[Topic, ...]:
        """Those it publishes that were not there before."""
        return tuple(topic for topic in self.publishes if topic.model is None)
