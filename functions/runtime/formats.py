"""Two formats of text that requests and events hold, no wider than their RFCs have them: times and URI references."""

import re

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)

_NAME = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*"
_PATH = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*"
_MORE = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*"
_SCHEME = r"[A-Za-z][A-Za-z0-9+.\-]*:"
_USER = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{2})*"
_HOST = rf"(?:\[[0-9A-Fa-f:.vV]+\]|{_NAME})"
_AUTHORITY = rf"//(?:{_USER}@)?{_HOST}(?::[0-9]*)?(?=[/?#]|\Z)"
_REFERENCE = re.compile(
    rf"(?:{_SCHEME}|(?![^/?#]*:))"  # without a scheme there is no colon where it would be read as one
    rf"(?:{_AUTHORITY}|(?!//)){_PATH}(?:\?{_MORE})?(?:#{_MORE})?"
)


def is_time(text: str) -> bool:
    """Whether it is written as RFC 3339, 5.6 has it, with its offset; not whether there is such a day."""
    return _TIME.fullmatch(text) is not None


def is_uri_reference(text: str) -> bool:
    """RFC 3986, 4.1."""
    return _REFERENCE.fullmatch(text) is not None


def is_uri(text: str) -> bool:
    """RFC 3986, 3: with a scheme."""
    return re.match(_SCHEME, text) is not None and is_uri_reference(text)
