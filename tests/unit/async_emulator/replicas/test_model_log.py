import json
from collections.abc import Sequence

import pytest

from async_emulator.replicas.model_log import ModelLog


def feed(*pieces: bytes) -> tuple[list[str], ModelLog]:
    lines: list[str] = []
    log = ModelLog(lines.extend)
    for piece in pieces:
        log.feed(piece)
    log.end()
    return lines, log


def record(**fields: object) -> bytes:
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


def test_the_lines_of_a_piece_are_passed_on_together():
    written: list[Sequence[str]] = []
    log = ModelLog(written.append)
    log.feed(b"a\nb\nc")
    assert written == [["model | a", "model | b"]]
    log.end()
    log.end()
    assert written == [["model | a", "model | b"], ["model | c"]]


@pytest.mark.parametrize(
    "output",
    [
        b"a\x0drequest | b\x0bc\xc2\x85d\xe2\x80\xa8e\n",
        record(message="a\nrequest | b\r\nc\x0cd\u2029e", levelname=""),
    ],
)
def test_every_line_that_a_terminal_would_show_has_the_models_name(output):
    assert [line.partition(" | ")[0] for line in feed(output)[0]] == ["model"] * len(feed(output)[0])
    assert [line[-1] for line in feed(output)[0]] == list("abcde")


def test_a_line_of_50_mb_is_cut_and_says_so():
    piece = b"x" * 65_536
    lines, _ = feed(*[piece] * 800, b"\nafter\n")
    assert lines == [
        f"model | {'x' * 1_048_576}",
        "model | … 51,380,224 more bytes of this line are left out",
        "model | after",
    ]
    assert feed(b"x" * 1_048_577)[0][1] == "model | … 1 more bytes of this line are left out"


@pytest.mark.parametrize(
    "line",
    [
        '{"message": ' + "[" * 100_000,
        '{"message": ' + "[" * 500 + "]" * 500 + "}",
        '{"message": ' + "7" * 5_000 + "}",
        '{"message": null}',
        "Handled request by hand",
    ],
)
def test_what_only_looks_like_a_record_comes_as_it_is(line):
    assert feed(line.encode() + b"\n")[0] == [f"model | {line}"]


def test_odd_fields_of_a_record_are_left_out():
    odd = record(message="said", levelname=7, request_id=["x"], exc_info=" ")
    lines, log = feed(odd)
    assert (lines, log.last_error) == (["model |  said"], "")
