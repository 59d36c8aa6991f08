"""Every commit and everything that goes on the wire passes a failpoint at which the service is killed (suites/points.py)."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.faults.nursery import POINTS
from tests.faults.suites.points import PASSED

ROOT = Path(__file__).parents[2]
#: Places that write or send outside of the road, and why no failpoint is needed there.
EXCUSED = {
    "storage/sqlite_file.py:open": "the schema, before anything is served: made again at the next start",
    "storage/sqlite_upgrade.py:upgrade": "the schema, too: one transaction, made again at the next start (tests/storage/test_sqlite.py)",
    "storage/sqlite_keys.py:rotate": "a command of its own; broken off, it goes on (tests/storage/test_rotation.py)",
    "storage/sqlite_backup.py:back_up": "a command of its own; the copy has its name only when it is whole",
    "adapters/own_api.py:tell": "a command that calls our own API, which is served through the failpoints",
    "bot/calls.py:make_request": "a card is posted again after a crash, and says so (docs/decisions/0004)",
}
#: Function in which a commit or a send stands -> its failpoint.
POINTED = {
    "storage/sqlite.py:_commit": "commit",
    "adapters/exchange.py:send": "wire",
    "adapters/line.py:ask": "wire",  # one line of the connection pool below it
    "adapters/smtp.py:_deliver": "mail",
    "adapters/smtp.py:_envelope": "mail",
    "adapters/http.py:_answered": "answer",
    "adapters/ready.py:prepare": "answer",  # what that function gave, written
}


def places() -> set[str]:
    """file:function of every COMMIT, and of every request on an HTTP or SMTP connection, by the code itself."""
    found = set()
    for room in ("adapters", "bot", "storage", "engine"):
        for path in sorted((ROOT / room).rglob("*.py")):
            for function in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and any(map(_acts, ast.walk(function))):
                    found.add(f"{path.relative_to(ROOT)}:{function.name}")
    return found


def _acts(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return node.value == "COMMIT"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        said = ast.unparse(node.func)
        return said.endswith(
            (
                ".request",
                "_wire.ask",
                "transport.write",
                "session.post",
                "session.get",
                "client.data",
                "client.mail",
                "client.rcpt",
            )
        )
    return False


def test_every_commit_and_every_send_has_a_failpoint() -> None:
    """What the code does at the disk or on the wire is either a failpoint or excused by name; nothing that is listed is gone."""
    found = places()
    assert found, "the search finds nothing: it proves nothing"
    assert found - set(POINTED) - set(EXCUSED) == set()
    assert {place for place, point in POINTED.items() if point in ("commit", "wire")} <= found


def test_every_failpoint_is_killed_at() -> None:
    """Each failpoint stands in the suite, before and after (an answer: after), and leads to code that exists."""
    import pkgutil

    for where, method in POINTS.values():
        assert hasattr(pkgutil.resolve_name(where), method)
    assert {point.partition(".")[0] for point in PASSED} == set(POINTS)
    assert set(POINTED.values()) == set(POINTS)
