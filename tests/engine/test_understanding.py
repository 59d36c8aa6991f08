"""`run.py understand` as a partner on the other end of a pipe sees it."""

from __future__ import annotations

import json

from engine.understanding import answers

YES = b'{"text": "yes", "prompt": "confirm"}\n'


def test_each_line_is_answered_before_the_next_is_read() -> None:
    """Who writes one line and waits gets its answer, without closing the pipe."""
    written: list[bytes] = []

    def read() -> bytes:
        assert heard.count(b"\n") == len(written)
        written.append(YES)
        return YES if len(written) <= 3 else b""

    heard = bytearray()
    for said in answers(read):
        heard.extend(said)
    assert [json.loads(line)["intent"] for line in heard.splitlines()] == ["yes"] * 3


def test_lines_may_arrive_in_any_pieces() -> None:
    """However a pipe cuts the lines, each is answered once, in order, the last one without its line break too."""
    text = "".join(json.dumps({"text": word}) + "\n" for word in ("sí", "نعم", "cancel")).encode()[:-1]
    for size in (1, 7, 30, 500):
        pieces = iter([*(text[at : at + size] for at in range(0, len(text), size)), b""])
        said = b"".join(answers(lambda: next(pieces)))  # noqa: B023  read within the loop
        assert [json.loads(line)["intent"] for line in said.splitlines()] == ["yes", "yes", "cancel"]


def test_a_bad_line_is_told_and_the_next_is_answered() -> None:
    """A line that is no JSON gets a plain error, and nothing after it is lost."""
    pieces = iter([b"nonsense\n" + YES, b""])
    first, second = b"".join(answers(lambda: next(pieces))).splitlines()
    assert "error" in json.loads(first)
    assert json.loads(second)["sure"]
