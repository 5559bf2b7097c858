import json

import pytest

from async_emulator.replicas.model_log import ModelLog


def feed(*pieces: bytes) -> tuple[list[str], ModelLog]:
    lines: list[str] = []
    log = ModelLog(lines.extend)
    for piece in pieces:
        log.feed(piece)
    log.end()
    return lines, log


def record(**fields: str) -> bytes:
    return json.dumps({"levelname": "INFO", **fields}).encode() + b"\n"


@pytest.mark.closeness("model log")
def test_records_become_lines_with_their_request_id():
    lines, _ = feed(record(message="loaded"), record(message="working", request_id="abc"))
    assert lines == ["model | INFO loaded", "model | INFO [abc] working"]


def test_what_a_model_prints_comes_as_it_is_in_whole_lines():
    lines, _ = feed(b"he", b"llo\n{not json}\n{}\nwor", b"ld")
    assert lines == ["model | hello", "model | {not json}", "model | {}", "model | world"]


def test_access_lines_are_left_out():
    assert feed(record(message="Handled request: POST /v1/models/model:predict"))[0] == []


def test_a_traceback_is_shown_whole_and_its_last_line_kept():
    lines, log = feed(record(message="failed", exc_info="Traceback\n  File x\nValueError: no"))
    assert lines[1:] == ["model | Traceback", "model |   File x", "model | ValueError: no"]
    assert log.last_error == "ValueError: no"
