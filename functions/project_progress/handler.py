"""Brings the read model up to date with one learner's progress."""

from functions.runtime.ports import Ports, Received
from functions.usecases.events import ProgressUpdated
from functions.usecases.read_model import put_progress


async def project_progress(ports: Ports, event: Received[ProgressUpdated]) -> None:
    """Writes the rows that this event tells of; an older or repeated event changes none of them."""
    await put_progress(ports.read_model, event.data, event.key)
