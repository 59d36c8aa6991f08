"""What a file is that was taken for a table of orders and is none: told by its first bytes, in words that say what to do."""

from __future__ import annotations

import re

#: How foreign files begin, and what to do with each. Source: en.wikipedia.org/wiki/List_of_file_signatures, read 2026-11.
_BEGINNINGS = (
    (b"PK\x03\x04", "this is an Excel workbook or a ZIP archive: save the sheet as CSV (UTF-8) and import that"),
    (b"\xd0\xcf\x11\xe0", "this is an old Excel workbook (.xls): save the sheet as CSV (UTF-8) and import that"),
    (b"%PDF", "this is a PDF: export the orders as CSV and import that"),
    (b"\x1f\x8b", "this file is compressed (gzip): unpack it and import what is inside"),
    (b"SQLite format 3", "this is a database: export the orders as CSV and import that"),
)
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|table|\?xml|body|head)\b", re.IGNORECASE)
_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\[\s*\{|\{\s*\")")
#: Bytes that no text has, in any encoding that is not made of pairs.
_NO_TEXT = bytes({*range(32)} - {*b"\0\t\n\r\f\x0b\x0e\x0f\x1a\x1b"})
#: A stray one happens; more than one in a hundred is no text.
_STRAY = 100


def what_else(head: bytes) -> str:
    """What the file is instead of a CSV, and what to do; empty where nothing speaks against one."""
    for beginning, told in _BEGINNINGS:
        if head.startswith(beginning):
            return told
    if _MARKUP.match(head):
        return "this is a web page or XML, not CSV (some shops call it .xls): open it in a spreadsheet, save it as CSV (UTF-8)"
    if _JSON.match(head):
        return "this is JSON, not CSV: export the orders as CSV, or send them to POST /orders"
    if not of_pairs(head) and sum(map(head.count, (bytes([byte]) for byte in _NO_TEXT))) * _STRAY > len(head):
        return "this is no text: export the orders as CSV and import that"
    return ""


def of_pairs(head: bytes) -> str:
    """The encoding where characters are pairs of bytes without saying so; empty for any other. One byte of nearly each ASCII sign,
    of which every table has many, is 0 then, always on the same side."""
    left, right = head[::2].count(0), head[1::2].count(0)
    if (left + right) * 20 < len(head):  # a few zeros alone are dirt
        return ""
    if right >= 10 * left:
        return "utf-16-le"
    return "utf-16-be" if left >= 10 * right else ""
