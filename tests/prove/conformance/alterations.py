"""Platforms that differ from the emulator in one thing, and the row that has to see it."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.conformance_platform import Alteration, AlterHook

Change = Callable[[httpx.Response], httpx.Response]
When = Callable[[httpx.Request, httpx.Response], bool]


# What can be changed about an answer.


def status(code: int) -> Change:
    def change(answer: httpx.Response) -> httpx.Response:
        return _with(answer, answer.content, code)

    return change


def fields(**changed: Any) -> Change:
    return rewritten(lambda body: {**body, **changed})


def without(name: str) -> Change:
    return rewritten(lambda body: {key: value for key, value in body.items() if key != name})


def reordered() -> Change:
    return rewritten(lambda body: dict(sorted(body.items())))


def texts(old: str, new: str) -> Change:
    def change(answer: httpx.Response) -> httpx.Response:
        return _with(answer, answer.text.replace(old, new).encode(), answer.status_code)

    return change


def header(name: str, value: str | None) -> Change:
    def change(answer: httpx.Response) -> httpx.Response:
        if value is None:
            answer.headers.pop(name, None)
        else:
            answer.headers[name] = value
        return answer

    return change


def rewritten(rewrite: Callable[[dict[str, Any]], Any]) -> Change:
    def change(answer: httpx.Response) -> httpx.Response:
        return _with(answer, json.dumps(rewrite(answer.json())).encode(), answer.status_code)

    return change


def _with(answer: httpx.Response, content: bytes, code: int) -> httpx.Response:
    headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
    return httpx.Response(code, headers=headers, content=content)


# Which answers are changed.


class Answers(Alteration):
    """Changes each answer to such a call: its method, path, text and key; the answer's status and fields."""

    def __init__(
        self,
        change: Change,
        method: str = "",
        path: str = "",
        *,
        says: str = "",
        code: int = 0,
        key: str = "",
        **has: Any,
    ) -> None:
        self._change = change
        self._method = method
        self._path = path
        self._says = says
        self._code = code
        self._key = key
        self._has = has

    def answer(self, request: httpx.Request, response: httpx.Response) -> httpx.Response:
        return self._change(response) if self._is_meant(request, response) else response

    def _is_meant(self, request: httpx.Request, response: httpx.Response) -> bool:
        if self._method not in ("", request.method) or not re.search(self._path, request.url.path):
            return False
        if self._says and self._says not in json.dumps(_json(request.content), ensure_ascii=False):
            return False
        if self._key not in request.headers.get("Authorization", "none"):
            return False
        if self._code not in (0, response.status_code):
            return False
        body = _json(response.content)
        return not self._has or (
            isinstance(body, dict) and all(body.get(name) == value for name, value in self._has.items())
        )


class StatusesOf(Alteration):
    """Changes the statuses of each request whose submit has this text."""

    def __init__(self, says: str, change: Change, **has: Any) -> None:
        self._says = says
        self._change = change
        self._has = has
        self._ids: set[str] = set()

    def answer(self, request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.method == "POST" and self._says in json.dumps(_json(request.content), ensure_ascii=False):
            accepted = _json(response.content)
            self._ids.add(accepted["request_id"] if isinstance(accepted, dict) else "")
        request_id = request.url.path.rpartition("/")[2]
        if request.method != "GET" or request_id not in self._ids:
            return response
        body = response.json()
        is_meant = all(body.get(name) == value for name, value in self._has.items())
        return self._change(response) if is_meant else response


class Calls(Alteration):
    """Changes each submit that has this text, as a platform does that takes it differently."""

    def __init__(self, says: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self._says = says
        self._change = change

    def call(self, request: httpx.Request) -> httpx.Request:
        body = _json(request.content)
        if not isinstance(body, dict) or self._says not in json.dumps(body, ensure_ascii=False):
            return request
        headers = {name: value for name, value in request.headers.items() if name != "content-length"}
        return httpx.Request(request.method, request.url, headers=headers, json=self._change(body))


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


# Webhooks.


def hook(says: str, change: Callable[[dict[str, str], bytes], tuple[dict[str, str], bytes]]) -> AlterHook:
    """Changes each webhook that has this text."""

    def alter(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
        return change(headers, body) if says in body.decode() else (headers, body)

    return alter


def hook_body(says: str, old: str, new: str) -> AlterHook:
    return hook(
        says, lambda headers, body: (headers, re.sub(old, new, body.decode(), flags=re.DOTALL).encode())
    )


def hook_header(says: str, name: str, value: str | None) -> AlterHook:
    def change(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
        rest = {key: text for key, text in headers.items() if key.lower() != name.lower()}
        return (rest if value is None else {**rest, name: value}), body

    return hook(says, change)


@dataclass(frozen=True, kw_only=True)
class Platform:
    """A platform that differs in one thing, and the row that sees it. `model_ids` end with this suffix."""

    differs: str
    row: str
    alteration: Callable[[], Alteration] = Alteration
    hook: Callable[[], AlterHook] | None = None
    hook_answers: dict[int, int] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    id_suffix: str = ""
    is_chain: bool = False


def answers(row: str, differs: str, change: Change, *where: str, **when: Any) -> Platform:
    return Platform(row=row, differs=differs, alteration=lambda: Answers(change, *where, **when))


def statuses_of(row: str, differs: str, says: str, change: Change, **has: Any) -> Platform:
    return Platform(row=row, differs=differs, alteration=lambda: StatusesOf(says, change, **has))


def calls(row: str, differs: str, says: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Platform:
    return Platform(row=row, differs=differs, alteration=lambda: Calls(says, change))


def webhooks(row: str, differs: str, alter: Callable[[], AlterHook]) -> Platform:
    return Platform(row=row, differs=differs, hook=alter)


def chain(row: str, differs: str, change: Change, *where: str, **when: Any) -> Platform:
    return Platform(
        row=row, differs=differs, is_chain=True, alteration=lambda: Answers(change, *where, **when)
    )
