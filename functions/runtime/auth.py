"""Who is calling. Tokens are not read yet, so with `AUTH` at its default every call is refused: fail closed."""

from collections.abc import Mapping

from functions.runtime.errors import Unauthorized
from functions.runtime.ports import Principal
from functions.runtime.settings import Settings

LOCAL = Principal("local", "teacher", known=False)


def authenticate(headers: Mapping[str, str], settings: Settings) -> Principal:  # noqa: ARG001
    """The caller, from the `Authorization` header. Raises Unauthorized."""
    if settings.auth == "off":
        return LOCAL
    raise Unauthorized(
        "This deployment requires a bearer token, and none can be accepted yet.",
        headers={"WWW-Authenticate": 'Bearer realm="learnflow"'},
    )
