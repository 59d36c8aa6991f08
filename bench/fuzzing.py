"""`make fuzz`: the pure parsers, fed with bytes that libFuzzer makes up by what they reach. Needs atheris, which is no requirement here.

    SECONDS=60        for each parser (machine time)
    ONLY="mail; phones"
    REPORT=docs/faults.md   the page's rows of what ran are replaced

A parser holds when whatever bytes come give a value, or the one error that it promises. "a planted bug" is a parser with a fault that
only guided bytes find in time: it has to be found. atheris has wheels for Linux alone, so the Makefile installs it beside the locked
requirements when this is asked for. Source: github.com/google/atheris, read 2026-11.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import fault_record as kept
from bench.fault_report import page

Parser = Callable[[bytes], object]
PLANTED = "a planted bug"
#: More memory than this for one input is a finding (libFuzzer's own limit), and longer than this too.
MEMORY_MB, SLOWEST_S = 1024, 5
AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _phones() -> Parser:
    from flows.phones import read_phone

    return lambda data: [read_phone(_text(data), country) for country in (None, "ES", "AR", "IN")]


def _addresses() -> Parser:
    from flows.matching.reading import read_address
    from flows.postal import PostalAddress

    def read(data: bytes) -> object:
        line1, _, rest = _text(data).partition("|")
        line2, _, city = rest.partition("|")
        return read_address(PostalAddress(line1, line2, city, "", "28013", "ES"))

    return read


def _words() -> Parser:
    from flows.understand import understand

    return lambda data: [
        understand(_text(data), prompt=prompt, lang="en", country="ES") for prompt in ("confirm", "time", None)
    ]


def _buttons() -> Parser:
    from flows.cards import read

    return lambda data: read(_text(data))


def _mail() -> Parser:
    from adapters.mail_in import read

    return lambda data: read(data, "reply+{token}@example.com")


def _retry_after() -> Parser:
    from adapters.exchange import _retry_after as read

    return lambda data: read(dict(zip(("Retry-After", "Date"), _text(data).split("|"), strict=False)))


def _patterns() -> Parser:
    from flows.wording.notation import BadPattern
    from flows.wording.pattern import parse

    return _or_says(lambda data: parse(_text(data)), BadPattern)


def _signatures() -> Parser:
    from adapters.twilio_signature import url_forms, verify

    def read(data: bytes) -> object:
        url, _, rest = _text(data).partition("|")
        assert not verify(url_forms(url), [tuple(rest.partition("=")[::2])], data, (b"a", b"secret"))  # type: ignore[list-item]
        return None

    return read


def _orders() -> Parser:
    from adapters.order_model import OrderBody, read_body
    from engine.ports import BadPayload
    from tests.flows.shop import POLICY

    return _or_says(lambda data: read_body(OrderBody, data, POLICY), BadPayload)


def _webhooks(folder: str) -> Callable[[], Parser]:
    def made() -> Parser:
        from adapters.receiving import Received
        from engine.ports import BadPayload
        from tests.adapters.stand_in import recorded
        from tests.contracts.test_parser import BODIES, REGISTERED

        cases = [(REGISTERED[folder][case.route], case.received) for case in recorded(BODIES / folder)]

        def read(data: bytes) -> object:
            parse, like = cases[data[0] % len(cases)] if data else cases[0]
            return parse(Received(data[1:], like.target, like.headers, AT))

        # a form that is no UTF-8 is refused while its signature is looked at, before it comes to a parser
        return _or_says(read, BadPayload, UnicodeDecodeError)

    return made


def _or_says(parser: Parser, *promised: type[Exception]) -> Parser:
    def read(data: bytes) -> object:
        try:
            return parser(data)
        except promised:
            return None

    return read


def _planted() -> Parser:
    def read(data: bytes) -> object:
        if data[:1] == b"d" and data[1:2] == b"o" and data[2:3] == b"o" and data[3:4] == b"r":
            raise ZeroDivisionError("planted")
        return None

    return read


TARGETS: dict[str, Callable[[], Parser]] = {
    "phones": _phones,
    "addresses": _addresses,
    "words": _words,
    "buttons": _buttons,
    "mail": _mail,
    "Retry-After": _retry_after,
    "patterns of texts": _patterns,
    "Twilio's signature": _signatures,
    "bodies of orders": _orders,
    "Twilio's webhooks": _webhooks("twilio"),
    "Meta's webhooks": _webhooks("meta"),
    "a gateway's webhooks": _webhooks("gateway"),
    PLANTED: _planted,
}


#: Of each kind that a parser reads, one.
WORDS = (
    b"+34 600 000 001",
    b"Calle Mayor 1, 3-B|piso 2|Madrid",
    b"yes please",
    b"c:confirm:0a1b:1:1",
    b"120|Sun, 22 Nov 2026 10:00:00 GMT",
    b"Hello {name}, {count, plural, one {# order} other {# orders}}[: {order}]",
    b'{"id": "1", "total": "1.00", "currency": "EUR", "items": [], "payment": "cod"}',
    b"From: a@b.example\r\nTo: reply+aaaa@example.com\r\nContent-Type: text/plain\r\n\r\nyes\r\n",
)


def seeds(name: str) -> list[bytes]:
    """What a run begins with: recorded bodies where there are any, else a few words."""
    folder = {"Twilio's webhooks": "twilio", "Meta's webhooks": "meta", "a gateway's webhooks": "gateway"}.get(name)
    if folder is not None:
        from tests.adapters.stand_in import recorded
        from tests.contracts.test_parser import BODIES

        return [bytes((n,)) + case.received.body for n, case in enumerate(recorded(BODIES / folder))]
    return list(WORDS)


# -- one parser, in a process of its own: libFuzzer ends it


def fuzz(name: str, options: Sequence[str]) -> None:
    """Never returns."""
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["flows", "adapters"], enable_loader_override=False):
        parser = TARGETS[name]()
    if name == PLANTED:
        parser = atheris.instrument_func(parser)
    atheris.Setup([name, *options], parser)
    atheris.Fuzz()


def run(name: str, seconds: int) -> kept.Fuzzed:
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for n, seed in enumerate(seeds(name)):
            (Path(folder) / str(n)).write_bytes(seed)
        options = (f"-max_total_time={seconds}", f"-rss_limit_mb={MEMORY_MB}", f"-timeout={SLOWEST_S}", "-max_len=4096",
                   "-print_final_stats=1", f"-artifact_prefix={folder}/", folder)  # fmt: skip
        command = [sys.executable, "-m", "bench.fuzzing", "--target", name, "--", *options]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, errors="replace")
    told = ended.stdout + ended.stderr
    cases = re.search(r"number_of_executed_units:\s*(\d+)", told) or re.search(r"Done (\d+) runs", told)
    found = re.search(r"Uncaught Python exception: ===\n(.*)", told) or re.search(r"SUMMARY: (.*)", told)
    what = found[1].strip()[:200] if found else ("" if ended.returncode == 0 else told[-200:])
    return kept.fuzzed_of(int(cases[1]) if cases else 0, time.monotonic() - start, what, planted=name == PLANTED)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--only", default="", help="names, with ; between them")
    parser.add_argument("--report", type=Path)
    parser.add_argument("--target", help=argparse.SUPPRESS)
    parser.add_argument("options", nargs="*", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.target:
        fuzz(wanted.target, wanted.options)
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed: `make fuzz` installs it where it has a wheel (Linux).")
        return 1
    only = {name.strip() for name in wanted.only.split(";") if name.strip()}
    if only - set(TARGETS):
        parser.error(f"unknown: {', '.join(sorted(only - set(TARGETS)))}; known: {'; '.join(TARGETS)}")
    good = True
    for name in TARGETS:
        if only and name not in only:
            continue
        row = run(name, wanted.seconds)
        good &= row.good
        print(f"| {name} | {row.cases} cases in {row.took_s:.0f} s | {row.found or 'nothing found'} |", flush=True)
        if wanted.report:
            record = kept.merged(kept.read(wanted.report), name, row)
            kept.write(wanted.report, record, page(record))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
