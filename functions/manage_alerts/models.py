"""What `GET /alerts` and its two actions take and answer (spec section 10)."""

from typing import Annotated

from pydantic import Field

from functions.runtime.models import Answer, Id, Request, Slug, Storable
from functions.usecases.alert_models import AlertAnswer, AlertState, Trigger


class AlertFilters(Request):
    """The query of `GET /alerts`. `class_id`: those of the learners who are in the class now."""

    user_id: Id | None = None
    class_id: Id | None = None
    topic: Slug | None = None
    trigger: Trigger | None = None
    state: AlertState | None = None
    limit: int = Field(default=20, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=1000)


class AlertList(Answer):
    """Newest first."""

    alerts: list[AlertAnswer]
    total: int
    total_estimated: bool = Field(default=False, exclude_if=lambda v: not v)
    next_cursor: str | None


class AlertAction(Request):
    """Acknowledging or resolving; both may be left out."""

    by: Id | None = Field(default=None, description="absent: the caller")
    note: Annotated[str, Field(min_length=1, max_length=500), Storable] | None = Field(
        default=None, description="replaces an earlier one"
    )


class ChangedAlert(AlertAnswer):
    """The alert as it is now. `listed` is there, and false, when the list does not show it so yet."""

    listed: bool = Field(default=True, exclude_if=lambda v: bool(v))
