"""Who did it, where an action is kept with a name."""

from functions.runtime.errors import Forbidden
from functions.runtime.ports import Principal


def signed(principal: Principal, by: str | None) -> str:
    """The id to keep. Only a service, or a caller of whom no token was asked, may act in somebody else's name.

    Raises Forbidden.
    """
    if by in (None, principal.user_id):
        return principal.user_id
    if principal.known and principal.role != "service":
        raise Forbidden("by: you may only sign with your own id.")
    return str(by)
