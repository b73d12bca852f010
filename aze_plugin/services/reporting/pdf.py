"""PDFs as Qt writes them, made the same for the same pages.

Qt notes the local time, in a length that depends on the time zone, and writes its fonts in the order of a hash table
that every process seeds anew. So the objects are numbered again in the order in which they are reached from the
trailer, and the moment is replaced.
"""

from __future__ import annotations

import datetime
import re

_REFERENCE = re.compile(rb"(\d+) 0 R\b")
_OBJECT = re.compile(rb"(\d+) 0 obj\b(.*?)(stream\r?\n.*?\nendstream\s*)?endobj", re.DOTALL)
_DATE = re.compile(rb"(/(?:Creation|Mod)Date ?\(D:)[^)]*(\))")
# As an element or, where a layout was exported, as an attribute.
_XMP_DATE = re.compile(rb"(<xmp:(?:Create|Modify|Metadata)Date>|\bxmp:(?:Create|Modify|Metadata)Date=\")[^<\"]*(</|\")")
_LENGTH = re.compile(rb"/Length (\d+)( 0 R)?")
_XMP_ID = re.compile(rb"(uuid:)[0-9A-Fa-f-]+")
# Names of font subsets carry letters made from the number that the object had.
_SUBSET = re.compile(rb"/[A-Z]{6}\+")
_TRAILER = re.compile(rb"trailer\s*<<(.*?)>>\s*startxref\s+(\d+)\s+%%EOF\s*$", re.DOTALL)


def _offsets(content: bytes, table: int) -> dict[int, int]:
    """Object numbers and places from a classic cross-reference table."""
    header = re.compile(rb"xref\s+0 (\d+)\s+").match(content, table)
    if header is None:
        return {}
    lines = content[header.end() :].splitlines()[: int(header.group(1))]
    return {n: int(line[:10]) for n, line in enumerate(lines) if line[17:18] == b"n"}


def normalised(content: bytes, day: datetime.date) -> bytes:
    """The PDF with its objects in order of use and ``day`` for every date, and no identifiers drawn at random.

    A PDF without a classic cross-reference table comes back as it is: Qt writes none so far.
    """
    trailer = _TRAILER.search(content)
    offsets = _offsets(content, int(trailer.group(2))) if trailer else {}
    if not trailer or not offsets:
        return content
    objects: dict[int, tuple[bytes, bytes]] = {}
    for number, offset in offsets.items():
        found = _OBJECT.match(content, offset)
        if found is None or int(found.group(1)) != number:
            return content
        objects[number] = (found.group(2), found.group(3) or b"")
    _undated(objects, day)
    moment = day.strftime("%Y%m%d000000Z").encode()
    entries = re.sub(rb"/ID ?\[.*?\]", b"", trailer.group(1), flags=re.DOTALL)
    order: dict[int, int] = {}
    pending = [int(n) for n in _REFERENCE.findall(entries)][::-1]
    while pending:
        number = pending.pop()
        if number in order or number not in objects:
            continue
        order[number] = len(order) + 1
        pending += [int(n) for n in _REFERENCE.findall(objects[number][0])][::-1]

    def renumbered(part: bytes) -> bytes:
        return _REFERENCE.sub(
            lambda m: b"%d 0 R" % order[int(m.group(1))] if int(m.group(1)) in order else b"null", part
        )

    out = bytearray(b"%PDF-" + content[5:8] + b"\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number in order:
        head, stream = objects[number]
        head = _DATE.sub(rb"\g<1>" + moment + rb"\g<2>", renumbered(head))
        head = _SUBSET.sub(b"/AAAAAA+", head)
        places.append(len(out))
        out += b"%d 0 obj" % order[number] + head + stream + b"endobj\n"
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    size = re.sub(rb"/Size \d+", b"/Size %d" % (len(places) + 1), renumbered(entries))
    out += b"trailer\n<<" + size + b">>\nstartxref\n%d\n%%%%EOF\n" % table
    return bytes(out)


def _undated(objects: dict[int, tuple[bytes, bytes]], day: datetime.date) -> None:
    """Give the XMP, which is plain text, ``day`` for its dates and no random identifiers, and set its length right.

    A local time is longer the farther from Greenwich it is told, so the length would tell the time zone.
    """
    moment = f"{day.isoformat()}T00:00:00Z".encode()
    for number, (head, stream) in list(objects.items()):
        length = _LENGTH.search(head)
        if b"/Metadata" not in head or not stream or length is None:
            continue
        plain = _XMP_DATE.sub(rb"\g<1>" + moment + rb"\g<2>", stream)
        plain = _XMP_ID.sub(lambda m: m.group(1) + b"0" * (len(m.group()) - 5), plain)
        more = len(plain) - len(stream)
        if length.group(2) is None:
            head = head[: length.start(1)] + b"%d" % (int(length.group(1)) + more) + head[length.end(1) :]
        elif int(length.group(1)) in objects:
            # The length stands in an object of its own.
            told = objects[int(length.group(1))][0]
            told = re.sub(rb"\d+", lambda m, more=more: b"%d" % (int(m.group()) + more), told, count=1)
            objects[int(length.group(1))] = (told, b"")
        objects[number] = (head, plain)
