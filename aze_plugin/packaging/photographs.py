"""Photographs without what they tell of where, when and by what they were taken.

Written anew from the parts that make the picture: what a camera adds beside them (Exif with the place, XMP, captions,
previews, trailers) is left out, but for the side that is up.
"""

from __future__ import annotations

import struct

_EXIF = b"Exif\0\0"
_ORIENTATION, _GPS = 0x0112, 0x8825
# Parts of a PNG that say how it looks.
_PNG_KEPT = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs"}
_PNG = b"\x89PNG\r\n\x1a\n"


class UnreadablePhotograph(ValueError):
    """A picture that is not written as its kind has it: nothing can be said of what it holds."""


def cleaned(content: bytes) -> bytes:
    """A JPEG, PNG or WebP picture without its metadata. Raises UnreadablePhotograph."""
    try:
        if content.startswith(b"\xff\xd8\xff"):
            return _jpeg(content)
        if content.startswith(_PNG):
            return _png(content)
        if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            return _webp(content)
    except (struct.error, IndexError) as error:
        raise UnreadablePhotograph(str(error)) from error
    raise UnreadablePhotograph("neither JPEG nor PNG nor WebP")


def tells_place(content: bytes) -> bool:
    """Whether a picture says where it was taken, in its Exif or its XMP."""
    for block in _exif_blocks(content):
        try:
            if _GPS in _tags(block):
                return True
        except (struct.error, IndexError):
            return True
    return b"GPSLatitude" in content or b"GPSCoordinates" in content


def _exif_blocks(content: bytes) -> list[bytes]:
    found, at = [], content.find(_EXIF)
    while at >= 0:
        found.append(content[at + len(_EXIF) :])
        at = content.find(_EXIF, at + 1)
    # PNG and WebP give the block a name of their own, and no mark before it.
    for start, name, head in ((_PNG, b"eXIf", 4), (b"RIFF", b"EXIF", 8)):
        at = content.find(name) if content.startswith(start) else -1
        found += [content[at + head :]] if at >= 0 else []
    return found


def _tags(block: bytes) -> dict[int, bytes]:
    """Tags of the first directory of Exif, with the four bytes that hold a short value."""
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None:
        return {}
    (first,) = struct.unpack_from(f"{order}L", block, 4)
    (count,) = struct.unpack_from(f"{order}H", block, first)
    found = {}
    for n in range(min(count, 500)):
        at = first + 2 + 12 * n
        (tag,) = struct.unpack_from(f"{order}H", block, at)
        found[tag] = block[at + 8 : at + 12] if order == ">" else block[at + 9 : at + 7 : -1]
    return found


def _upright(content: bytes) -> int:
    """Which side is up, 1 to 8 as Exif counts; 1 where nothing is said."""
    for block in _exif_blocks(content)[:1]:
        try:
            value = _tags(block).get(_ORIENTATION)
        except (struct.error, IndexError):
            return 1
        if value and 1 <= int.from_bytes(value[:2], "big") <= 8:
            return int.from_bytes(value[:2], "big")
    return 1


def _jpeg(content: bytes) -> bytes:
    out = bytearray(b"\xff\xd8")
    side = _upright(content)
    if side != 1:
        exif = _EXIF + struct.pack(">2sHLHHHLHHL", b"MM", 42, 8, 1, _ORIENTATION, 3, 1, side, 0, 0)
        out += b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    at = 2
    while True:
        if content[at] != 0xFF:
            raise UnreadablePhotograph(f"no marker at byte {at}")
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xD9:
            # Whatever follows the picture's end is no part of it.
            return bytes(out + b"\xff\xd9")
        (length,) = struct.unpack_from(">H", content, at + 2)
        end = at + 2 + length
        if length < 2 or end > len(content):
            raise UnreadablePhotograph("cut short")
        segment = content[at:end]
        profile = marker == 0xE2 and segment[4:16] == b"ICC_PROFILE\0"
        plain = marker in (0xE0, 0xEE) and segment[4:9] in (b"JFIF\0", b"Adobe")
        if not (0xE0 <= marker <= 0xEF or marker == 0xFE) or profile or plain:
            out += segment
        at = end
        if marker == 0xDA:
            end = _scan_end(content, at)
            out += content[at:end]
            at = end


def _scan_end(content: bytes, at: int) -> int:
    """Where the data of a scan end: at the next marker that is neither a stuffed byte nor a restart."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            raise UnreadablePhotograph("cut short")
        if content[at + 1] == 0 or 0xD0 <= content[at + 1] <= 0xD7:
            at += 2
        else:
            return at


def _png(content: bytes) -> bytes:
    out, at = bytearray(_PNG), len(_PNG)
    while True:
        (length,) = struct.unpack_from(">L", content, at)
        kind, end = content[at + 4 : at + 8], at + 12 + length
        if end > len(content):
            raise UnreadablePhotograph("cut short")
        if kind in _PNG_KEPT:
            out += content[at:end]
        if kind == b"IEND":
            return bytes(out)
        at = end


def _webp(content: bytes) -> bytes:
    out, at = bytearray(), 12
    (size,) = struct.unpack_from("<L", content, 4)
    stop = min(len(content), size + 8)
    while at + 8 <= stop:
        kind, length = content[at : at + 4], struct.unpack_from("<L", content, at + 4)[0]
        end = at + 8 + length + length % 2
        if at + 8 + length > len(content):
            raise UnreadablePhotograph("cut short")
        chunk = bytearray(content[at:end])
        if kind == b"VP8X":
            # Exif and XMP are announced by two bits.
            chunk[8] &= ~0x0C & 0xFF
        if kind in (b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"):
            out += chunk
        at = end
    return b"RIFF" + struct.pack("<L", len(out) + 4) + b"WEBP" + bytes(out)
