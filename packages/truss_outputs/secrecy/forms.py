"""A secret in every form in which it may stand in a text."""

import json
import re
from base64 import b64encode
from collections.abc import Iterator

SHORTEST_SECRET = 6
"""Shorter ones would redact ordinary words."""

# The parts of a connection string, a SAS token or a JSON key are secrets too, where they are this long.
_SHORTEST_PART = 20
_BETWEEN_PARTS = re.compile(r"[\s;&,{}\"']+|\\n")
_PART_NAME = re.compile(r"[A-Za-z]{1,30}=(?=[^=])")
_NO_SECRET = re.compile(r"://|@")  # an address of a service or an account

# To make the patterns of a longer one would take seconds. Of such a secret, such as a file, the parts count.
_LONGEST_ENCODED = 4_096
_MOST_PARTS = 50

_LINE_BREAK = r"(?:\r?\n|\\n)?"  # some encoders of base64 begin a new line every 76 characters


def pattern_of(secret: str) -> re.Pattern[str]:
    """A pattern that finds the secret, plain and encoded, and each long part of it.

    It finds percent-encoded text (of every character or of some, also encoded again), the escapes of JSON and
    of `repr`, and base64 of both alphabets, with and without padding, also within the base64 of a longer
    text.
    """
    forms = [form for text in (secret, *_parts(secret)) for form in _forms(text)]
    return re.compile("|".join(forms))


def _parts(secret: str) -> Iterator[str]:
    parts = {_PART_NAME.sub("", part, count=1) for part in _BETWEEN_PARTS.split(secret)}
    found = [part for part in parts - {secret} if len(part) >= _SHORTEST_PART and not _NO_SECRET.search(part)]
    yield from sorted(found, key=len, reverse=True)[:_MOST_PARTS]


def _forms(text: str) -> Iterator[str]:
    if len(text) > _LONGEST_ENCODED:
        yield from map(re.escape, {text, json.dumps(text)[1:-1], repr(text)[1:-1]})
        return
    yield "".join(map(_character, text))
    encoded = text.encode(errors="replace")
    for offset in range(3):  # how many bytes of a group of three stand before the secret
        # A character of base64 holds 6 bits; those that hold a neighbour's bits too are not looked for.
        characters = b64encode(bytes(offset) + encoded).decode()
        first, last = -(-8 * offset // 6), 8 * (offset + len(encoded)) // 6
        yield _LINE_BREAK.join(map(_base64_character, characters[first:last])) + r"(?:=|%3[dD]){0,2}"


def _character(character: str) -> str:
    encoded = character.encode(errors="replace")
    percent = "".join(f"%(?:25)*(?i:{byte:02x})" for byte in encoded)
    escaped = {json.dumps(character)[1:-1], ascii(character)[1:-1]}
    # A text that was escaped twice has twice the backslashes.
    escapes = {re.sub(r"^(?:\\\\)+", r"\\\\{1,4}", re.escape(each)) for each in escaped}
    alternatives = {re.escape(character), percent, *escapes}
    if character == "\\":
        alternatives = {r"\\{1,4}", percent}
    if character in "\"'":
        alternatives.add(rf"\\{{1,4}}{character}")
    if character == " ":
        alternatives.add(r"\+")
    return f"(?:{'|'.join(sorted(alternatives))})"


def _base64_character(character: str) -> str:
    match character:
        case "+":
            return r"(?:[+-]|%(?:25)*2[bB])"
        case "/":
            return r"(?:[/_]|%(?:25)*2[fF])"
    return character
