"""What a PDF can do when it is opened, as far as its structure tells: names also where they are escaped or packed."""

from __future__ import annotations

import mmap
import re
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

_MB = 2**20
# Object streams pack a document's structure; all of them together hold a few megabytes in the largest of reports.
_MOST_PACKED = 32 * _MB
# The short names count with what has to follow them: a compressed picture holds any three letters.
ACTIVE = re.compile(
    rb"/(?:JavaScript|Launch|OpenAction|EmbeddedFile|RichMedia|SubmitForm|ImportData|GoToR|GoToE|XFA)\b"
    rb"|/(?:JS\s*(?:\(|<|\d+\s+\d+\s+R)|AA\s*(?:<<|\d+\s+\d+\s+R))"
)
# What other people's documents may not hold: links within them and what they show first are harmless.
HARMFUL = re.compile(
    rb"/(?:JavaScript|Launch|EmbeddedFile|RichMedia|SubmitForm|ImportData|GoToE|XFA)\b|/JS\s*(?:\(|<|\d+\s+\d+\s+R)"
)
_PACKED = re.compile(
    rb"/(?:O|#4[fF])(?:b|#62)(?:j|#6[aA])(?:S|#53)(?:t|#74)(?:m|#6[dD])\b[^\0]{0,2000}?stream\r?\n", re.DOTALL
)
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_CLOSED = re.compile(rb"/Encrypt\s*(?:<<|\d+\s+\d+\s+R)")
# A name that begins in one piece ends in the next.
_OVERLAP = 256


class UnreadablePdf(ValueError):
    """A document whose structure cannot be looked into: encrypted, or packed beyond all measure."""


def acts(path: Path, what: re.Pattern[bytes]) -> bool:
    """Whether a document names any of ``what``. Raises UnreadablePdf."""
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return any(what.search(piece) for piece in chain(_pieces(content), _packed(content)))


def _pieces(content: mmap.mmap) -> Iterator[bytes]:
    for start in range(0, len(content), _MB):
        piece = _plain(content[start : start + _MB + _OVERLAP])
        if _CLOSED.search(piece):
            raise UnreadablePdf("encrypted")
        yield piece


def _packed(content: mmap.mmap) -> Iterator[bytes]:
    """What object streams hold."""
    room = _MOST_PACKED
    for found in _PACKED.finditer(content):
        try:
            packed = zlib.decompressobj().decompress(content[found.end() : found.end() + 8 * _MB], room)
        except zlib.error as error:
            # Packed by a filter that nobody needs for structure.
            raise UnreadablePdf("packed in an odd way") from error
        room -= len(packed)
        if room <= 0:
            raise UnreadablePdf("packed beyond all measure")
        yield _plain(packed)


def _plain(content: bytes) -> bytes:
    """With the escapes of names undone."""
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), content)
