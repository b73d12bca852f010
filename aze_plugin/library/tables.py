"""Delimited text of any make, read in blocks of columns: a million rows in seconds, whatever a row holds.

A row that cannot be used is told by its number, and the rows after it go on: an enclosing quote that is never closed
does not swallow the rest of the file.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, BinaryIO, Callable

from ..domain.errors import AzeError
from ..domain.progress import Progress

ENDINGS = (".csv", ".tsv", ".txt", ".tab")

_BYTES = 1 << 20
# No honest line of a table is longer; a bomb is one line without an end.
_LONGEST_LINE = 16 << 20
# Lines that one row may span where a quoted value holds line breaks.
_MOST_LINES = 200
_HEAD = 1 << 16
_DELIMITERS = "\t;,|"
_NOT_OF_TABLES = ("utf-8", "ascii", "idna", "punycode", "unicode-escape", "raw-unicode-escape", "utf-7")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Layout:
    """How a table's text is written.

    ``quote`` is ``""`` where values are not enclosed; ``terminator`` None stands for any of the usual line endings;
    ``skip`` is the number of lines before the first row.
    """

    delimiter: str
    quote: str = '"'
    encoding: str = "utf-8-sig"
    terminator: str | None = None
    skip: int = 1


@dataclass
class Block:
    """Rows of a table. ``numbers``: 1-based, not counting the header; ``columns``: by role, a value for each of them;
    ``bad``: number, code and params of the rows between them that cannot be taken apart; ``end``: bytes of the table
    that have been read with this block.
    """

    numbers: Sequence[int]
    columns: dict[str, Sequence[str]]
    bad: list[tuple[int, str, dict[str, Any]]]
    end: int


@dataclass(frozen=True)
class Table:
    """One table of text.

    ``file``: what errors call it; ``opened`` gives its bytes in a ``with`` block; ``places``: the column of each role,
    from 0; ``defaults``: what a role's empty values and roles without a column stand for; ``width``: columns that a row
    may have at most, 0 where nothing says so; ``names``: what the header calls the column of each role.
    """

    file: str
    opened: Callable[[], AbstractContextManager[BinaryIO]]
    layout: Layout
    places: Mapping[str, int]
    defaults: Mapping[str, str] = field(default_factory=dict)
    width: int = 0
    names: Mapping[str, str] = field(default_factory=dict)

    def blocks(self, progress: Progress) -> Iterator[Block]:
        """All rows, in order. Raises AzeError ``tables.long_line``, and what opening and reading the bytes raises."""
        skip, number = self.layout.skip, 0
        waiting: list[str] = []
        with self.opened() as stream:
            for lines, last in _line_blocks(stream, self.layout, self.file):
                progress.check()
                if skip:
                    skipped = min(skip, len(lines))
                    skip -= skipped
                    lines = lines[skipped:]
                rows, open_quotes, waiting = _split(waiting + lines, self.layout, self.fits, last)
                if rows:
                    yield self._block(rows, open_quotes, number, stream.tell())
                    number += len(rows)

    def fits(self, row: Sequence[str]) -> bool:
        """Whether a row has the columns that are needed, and no value beyond the last column."""
        if len(row) <= max(self.places.values(), default=0):
            return False
        return not self.width or len(row) <= self.width or not any(row[self.width :])

    def _block(self, rows: list, open_quotes: set[int], before: int, end: int) -> Block:
        numbers: Sequence[int] = range(before + 1, before + 1 + len(rows))
        bad = []
        most = self.width or max(map(len, rows))
        if open_quotes or max(map(len, rows)) > most or min(map(len, rows)) <= max(self.places.values(), default=0):
            expected = self.width or 1 + max(self.places.values(), default=0)
            kept = []
            for i, row in enumerate(rows):
                if i in open_quotes:
                    bad.append((before + 1 + i, "row.quotes", {}))
                elif self.fits(row):
                    kept.append(i)
                else:
                    bad.append((before + 1 + i, "row.columns", {"found": len(row), "expected": expected}))
            numbers = [before + 1 + i for i in kept]
            rows = [rows[i] for i in kept]
        columns = {role: self._column(rows, role) for role in {**self.places, **self.defaults}}
        return Block(numbers, columns, bad, end)

    def _column(self, rows: list, role: str) -> Sequence[str]:
        default = self.defaults.get(role, "")
        if role not in self.places:
            return [default] * len(rows)
        found = list(map(itemgetter(self.places[role]), rows))
        return [value or default for value in found] if default else found


def sniffed(opened: Callable[[], AbstractContextManager[BinaryIO]], file: str) -> tuple[Layout, list[str]]:
    """How a table without a descriptor is written, by its first lines, and its header; no header for an empty file.

    Tabs, semicolons and commas (in this order where they are equally frequent) and bars are known. Raises AzeError
    ``tables.not_text`` for bytes that are none.
    """
    with opened() as stream:
        head = stream.read(_HEAD)
    encoding = _encoding(head)
    text = head.decode(encoding, "replace")
    if "\0" in text:
        raise AzeError("tables.not_text", file=file)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = next((i for i, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return Layout(",", encoding=encoding), []
    # The header decides: names of columns hold no delimiters, as texts in the rows do.
    delimiter = max(_DELIMITERS, key=lambda d: len(next(csv.reader([lines[first]], delimiter=d), [])))
    header = [name.strip() for name in next(csv.reader([lines[first]], delimiter=delimiter))]
    return Layout(delimiter, encoding=encoding, skip=first + 1), header


def known_encoding(name: str) -> str:
    """A codec for the encoding that a descriptor names; UTF-8, which also takes Windows-1252, for one that is none.

    Among Python's codecs are some that unpack, or that are no text's: no table is written in them.
    """
    try:
        found = codecs.lookup(name.strip()).name
        b"aaaa".decode(found, "replace")
    except (LookupError, ValueError):
        return "utf-8-sig"
    return "utf-8-sig" if found in _NOT_OF_TABLES else found


def _encoding(head: bytes) -> str:
    return next((encoding for bom, encoding in _BOMS if head.startswith(bom)), "utf-8-sig")


def _line_blocks(stream: BinaryIO, layout: Layout, file: str) -> Iterator[tuple[list[str], bool]]:
    """Lines without their ends, many at a time, and whether they are the last.

    Bytes that are not of the encoding come as lone surrogates, which ``values.text`` reads as Windows-1252.
    """
    head = stream.read(_HEAD)
    encoding = layout.encoding if not head.startswith(tuple(bom for bom, _ in _BOMS)) else _encoding(head)
    errors = "surrogateescape" if encoding.startswith("utf-8") else "replace"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    end = _terminator(decoder.decode(head, not head), layout)
    decoder.reset()
    carry, data = "", head
    while True:
        try:
            text = decoder.decode(data, not data)
        except UnicodeError as error:
            raise AzeError("tables.not_text", file=file) from error
        # The end of a line may itself be cut by the end of a block.
        text = carry + text
        if end == "\n" and layout.terminator is None and "\r" in text:
            held = "\r" if data and text.endswith("\r") else ""
            text = text[: len(text) - len(held)].replace("\r\n", "\n").replace("\r", "\n")
        else:
            held = ""
        lines = text.split(end)
        carry = lines.pop() + held
        if len(carry) > _LONGEST_LINE:
            raise AzeError("tables.long_line", file=file)
        if end == "\n" and "\r" in text:
            lines = [line[:-1] if line.endswith("\r") else line for line in lines]
        if not data:
            yield ([*lines, carry] if carry.strip("\r\n\x1a\0 ") else lines), True
            return
        if lines:
            yield lines, False
        data = stream.read(_BYTES)


def _terminator(head: str, layout: Layout) -> str:
    """The end of a line: the one declared, or where none of it is there, the one that is."""
    if layout.terminator in (None, "\r\n"):
        # With "\r\n" declared many a file has "\n": the carriage return is taken off later.
        return "\n" if layout.terminator is None or "\n" in head else "\r"
    if layout.terminator in head or len(layout.terminator) > 1:
        return layout.terminator
    return "\n" if "\n" in head else "\r" if "\r" in head else layout.terminator


def _split(
    lines: list[str], layout: Layout, fits: Callable[[Sequence[str]], bool], last: bool
) -> tuple[list, set[int], list[str]]:
    """Rows of lines but for blank ones, the places of those whose quotes are amiss, and lines for the next block."""
    # Three times as fast, and most tables need no more.
    if not layout.quote or not any(layout.quote in line for line in lines):
        return list(filter(any, [line.split(layout.delimiter) for line in lines])), set(), []
    try:
        rows = list(_reader(lines, layout))
        # A row to a line, and none open at the end: nothing is quoted across lines.
        if len(rows) == len(lines) and (not lines or not lines[-1].count(layout.quote) % 2):
            return list(filter(any, rows)), set(), []
    except csv.Error:
        pass
    return _split_with_care(lines, layout, fits, last)


def _split_with_care(
    lines: list[str], layout: Layout, fits: Callable[[Sequence[str]], bool], last: bool
) -> tuple[list, set[int], list[str]]:
    """As ``_split``, row by row: a quoted value may go on over the next lines, or have been left open by mistake.

    What spans lines and has not the columns of a row, or consists of lines that all have them, is read as the one line
    that it begins with, quotes and all.
    """
    rows: list = []
    open_quotes: set[int] = set()
    at = 0
    while at < len(lines):
        reader = _reader(lines[at : at + _MOST_LINES], layout)
        try:
            row = next(reader)
            used = reader.line_num
        except csv.Error:
            row, used = [], _MOST_LINES
        if not last and at + used >= len(lines) and used < _MOST_LINES:
            # Perhaps the row goes on in the next block.
            return rows, open_quotes, lines[at:]
        amiss = False
        alone = (fits(line.split(layout.delimiter)) for line in lines[at : at + used])
        if used > 1 and (not fits(row) or all(alone)):
            row, used = [value.strip(layout.quote) for value in lines[at].split(layout.delimiter)], 1
            amiss = not fits(row)
        if any(row):
            if amiss:
                open_quotes.add(len(rows))
            rows.append(row)
        at += used
    return rows, open_quotes, []


def _reader(lines: Sequence[str], layout: Layout):
    return csv.reader(lines, delimiter=layout.delimiter, quotechar=layout.quote)
