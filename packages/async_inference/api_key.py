"""What an API key may look like. Pure."""

import re

from async_inference.errors import InvalidSetting

_HEADER_WORD = re.compile(r"[!-~]{1,4096}")
"""Visible ASCII: clients disagree about the bytes of anything else. The length is our choice; servers take
headers of 8 to 64 KB."""


def check_api_key(api_key: str, name: str = "API key") -> None:
    """Raise InvalidSetting, which does not show the key, where no header can carry it. `name` says whose."""
    if not _HEADER_WORD.fullmatch(api_key):
        raise InvalidSetting(
            name, "is empty or too long, or holds a character that a header cannot carry, such as a space"
        )
