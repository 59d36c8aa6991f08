"""A shop's CSV file as records, whatever program wrote it: encoding, delimiter, quoted line breaks, damage.

    look(path)                  -> Sheet      encoding, delimiter, header
    records(path, sheet)        -> Record …   every record once, in order, the broken ones with a reason

Nothing is lost without a word: a quotation mark that is never closed would swallow the rest of the file, so a record that grows
beyond all reason, or runs into the file's end, is given up after its first line, and reading goes on with the next.
Weak spot: 8-bit encodings of one script (cp1250, cp1252, cp1254) differ in few letters; the shop's language decides between them.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from msgspec import Struct

from engine.history_foreign import of_pairs, what_else
from engine.ports import TheirFault

#: A record of more lines, or characters, has lost a quotation mark. Notes of a hundred lines exist.
MOST_LINES, MOST_CHARS = 400, 8_000_000
#: Read to tell encoding and delimiter.
_SAMPLE = 262_144
#: Lines with letters beyond ASCII that are tried in each encoding: more change nothing but the time it takes.
_TELLING = 600
_DELIMITERS = ",;\t|"

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: 8-bit and East Asian encodings with the languages that they are written in, for when letters alone do not decide.
_LEGACY = {
    "cp1252": "en es pt fr de it nl sv da no nb fi id ms ca",
    "cp1250": "pl cs sk hu ro sl hr bs sq",
    "cp1251": "ru uk bg sr mk be kk",
    "cp1253": "el",
    "cp1254": "tr az",
    "cp1255": "he",
    "cp1256": "ar fa ur",
    "cp1257": "lt lv et",
    "cp1258": "vi",
    "cp874": "th",
    "koi8-r": "",
    "cp932": "ja",
    "gb18030": "zh",
    "big5": "zh-tw",
    "cp949": "ko",
}
_EAST = frozenset({"cp932", "gb18030", "big5", "cp949"})
_WORD = re.compile(r"[^\W\d_]*[^\W\d_\x00-\x7f][^\W\d_]*")
_VOWELS = re.compile(r"[aeiouyà-åè-ïò-öù-ýæøœąęóăâîşţőűıāēīū]", re.IGNORECASE)


class UnreadableFile(TheirFault):
    """The file is no table of orders; the message says what is wrong and how to mend it."""


class Sheet(Struct, frozen=True):
    """How a file is written. `header` as it stands in its first record."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    skip: int = 0  # lines before the header (sep=; of Excel, and empty ones)


class Record(Struct, frozen=True):
    """One record. `line` is where it begins, from 1; `fault` says why its cells cannot be used, `last` that the file ends here."""

    line: int
    cells: list[str]
    fault: str = ""
    last: bool = False


def look(path: Path, language: str = "", encoding: str | None = None, delimiter: str | None = None) -> Sheet:
    """How the file is written. `language` (ISO 639) helps where letters alone do not tell. Raises UnreadableFile."""
    csv.field_size_limit(2 * MOST_CHARS)
    with path.open("rb") as raw:
        head = raw.read(_SAMPLE)
    if not head.startswith(tuple(bom for bom, _ in _BOMS[1:])) and (told := what_else(head)):
        raise UnreadableFile(told)
    encoding = encoding or encoding_of(path, language)
    try:
        with path.open(encoding=encoding, errors="replace", newline="") as file:
            sample = file.read(_SAMPLE)
    except LookupError:
        raise UnreadableFile(
            f"there is no encoding {encoding!r}; try utf-8, utf-16, cp1252, cp1251 or cp1256"
        ) from None
    lines = sample.splitlines(keepends=True)
    skip = 0
    while skip < len(lines) and (not lines[skip].strip(" ,;\t\r\n") or lines[skip].lower().startswith("sep=")):
        if lines[skip].lower().startswith("sep="):
            delimiter = delimiter or lines[skip].rstrip("\r\n")[4:5] or None
        skip += 1
    if skip == len(lines):
        raise UnreadableFile("the file is empty")
    body = lines[skip:]
    delimiter = delimiter or _delimiter(body)
    header = next(csv.reader(iter(body), delimiter=delimiter), [])
    return Sheet(encoding, delimiter, tuple(cell.strip().lstrip("\ufeff") for cell in header), skip)


def encoding_of(path: Path, language: str = "") -> str:
    """The encoding's name, from the marks at the beginning, the whole file where it is UTF-8, else the likeliest letters."""
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
        for bom, name in _BOMS:
            if head.startswith(bom):
                return name
        if pairs := of_pairs(head):
            return pairs
        decoder = codecs.getincrementaldecoder("utf-8")()
        telling = b""
        try:
            decoder.decode(head)
            while chunk := file.read(1 << 20):
                telling = telling or (chunk if not chunk.isascii() else b"")
                decoder.decode(chunk)  # what the end cuts off is no fault of the encoding
            return "utf-8"
        except UnicodeDecodeError:
            sample = head if not head.isascii() else telling or chunk
    lines = [line for line in sample.splitlines() if not line.isascii()][:_TELLING]
    return _legacy(b"\n".join(lines), language)


def _legacy(sample: bytes, language: str) -> str:
    best, best_score = "cp1252", float("-inf")
    for encoding, languages in _LEGACY.items():
        spoken = language[:2] in languages.split()
        if encoding in _EAST and not spoken:
            continue
        text = sample.decode(encoding, errors="replace")
        score = _plausible(text) + (0.08 if spoken else 0)
        if score > best_score:
            best, best_score = encoding, score
    return best


def _plausible(text: str) -> float:
    """How far the words with letters beyond ASCII look like words: one script, no capital inside, vowels among consonants."""
    words = _WORD.findall(text)
    odd = sum(
        1 for c in text if not c.isascii() and not c.isalpha() and c not in "€£°ºª«»„“”’–—،؛؟№·\u00a0٫٬¿¡\u200c\u200f"
    )
    good = sum(_is_word(word) for word in words)
    return (good - text.count("\ufffd") * 2 - odd) / max(1, len(words) + odd)


def _is_word(word: str) -> bool:
    latin = sum(c.isascii() or "\u00c0" <= c <= "\u024f" or "\u1e00" <= c <= "\u1eff" for c in word)
    if 0 < latin < len(word):
        return False
    inner = word[1:]
    if inner != inner.lower() and word != word.upper():
        return False
    if latin:
        beyond = sum(not c.isascii() for c in word)
        return beyond * 2 <= len(word) + 1 and (len(word) < 4 or bool(_VOWELS.search(word)))
    return True


def _delimiter(lines: list[str]) -> str:
    def score(delimiter: str) -> tuple[float, int]:
        rows = [row for row, _ in zip(csv.reader(iter(lines), delimiter=delimiter), range(30)) if row]  # noqa: B905
        width = len(rows[0])
        alike = sum(len(row) == width for row in rows) / len(rows)
        return (alike if width > 1 else 0.0, width)

    return max(_DELIMITERS, key=score)


class _Lines:
    """Physical lines with a way back: those of a record that was given up are read again."""

    def __init__(self, file: TextIO) -> None:
        self.file = file
        self.again: deque[str] = deque()
        self.taken: list[str] = []
        self.size = 0
        self.number = 0
        self.ran_out = False  # while the record was read: it is still inside quotation marks

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MOST_LINES or self.size > MOST_CHARS:
            raise _TooLong
        line = self.again.popleft() if self.again else self.file.readline(MOST_CHARS)
        if not line:
            self.ran_out = True
            raise StopIteration
        self.taken.append(line)
        self.size += len(line)
        return line

    def settle(self, keep: int | None = None) -> int:
        """The record is done: with all its lines, or only the first `keep`. Where it began."""
        begin = self.number + 1
        kept = len(self.taken) if keep is None else keep
        self.again.extendleft(reversed(self.taken[kept:]))
        self.number += kept
        self.taken.clear()
        self.size = 0
        return begin


class _TooLong(Exception):
    """The record has no end in sight."""


def records(path: Path, sheet: Sheet, told: Callable[[int], None] | None = None) -> Iterator[Record]:
    """Every record after the header, in order. `told` hears now and then how many bytes are read."""
    with path.open("rb") as raw:
        file = io.TextIOWrapper(raw, encoding=sheet.encoding, errors="replace", newline="")
        lines = _Lines(file)
        for _ in range(sheet.skip):
            next(lines)
        lines.settle()
        reader = csv.reader(lines, delimiter=sheet.delimiter)
        next(reader, None)
        lines.settle()
        count = 0
        while (record := _next(reader, lines, sheet)) is not None:
            if record.cells or record.fault:
                yield record
            count += 1
            if told is not None and count % 1000 == 0:
                told(raw.tell())


def _next(reader: Iterator[list[str]], lines: _Lines, sheet: Sheet) -> Record | None:
    """The next record; None at the end."""
    lines.ran_out = False
    try:
        cells = next(reader)
    except StopIteration:
        return None
    except (_TooLong, csv.Error):
        first = _split(lines.taken[0], sheet.delimiter)
        return Record(lines.settle(keep=1), first, "a quotation mark in this row is never closed")
    text = lines.taken
    last = text[-1][-1:] not in "\r\n"
    if lines.ran_out:
        first = _split(text[0], sheet.delimiter)
        if len(text) == 1:
            return Record(lines.settle(), first, "the file ends in the middle of this row", last=True)
        return Record(lines.settle(keep=1), first, "a quotation mark in this row is never closed")
    begin = lines.settle()
    if not any(cells):
        return Record(begin, [])
    return Record(begin, cells, _width(cells, sheet, last=last), last)


def _width(cells: list[str], sheet: Sheet, *, last: bool) -> str:
    width = len(sheet.header)
    if len(cells) > width and any(cells[width:]):
        return f"{len(cells)} cells where the header has {width}: a {sheet.delimiter!r} inside a cell needs quotation marks"
    if len(cells) < width and last:
        return f"the file ends in the middle of this row: {len(cells)} of {width} cells"
    return ""


def _split(line: str, delimiter: str) -> list[str]:
    return line.rstrip("\r\n").split(delimiter)
