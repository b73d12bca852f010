"""Coordinates of boundaries rounded as they are stored.

1e-7 degrees are 1.1 cm, far below what any boundary is known to: a vertex moves by at most 8 mm. An area changes by at
most that times the perimeter, and as vertices move this way and that by far less: under a millionth for a site of the
size of an AZE site.
"""

from __future__ import annotations

import struct

import numpy as np

DECIMALS = 7

_POLYGON, _MULTIPOLYGON = 3, 6
_COUNT = struct.Struct("<I")


def rounded_wkb(wkb: bytes, decimals: int = DECIMALS, keep: np.ndarray | None = None) -> bytes:
    """Little-endian two-dimensional WKB of a polygon or multipolygon with its coordinates rounded.

    Vertices that fall together with the one before are left out, but for rings that would have fewer than four.
    ``keep``: corners that stay as they are, as ``corners`` gives them. Raises ValueError for other WKB.
    """
    kind = _kind(wkb)
    if kind == _POLYGON:
        pieces, _ = _polygon(wkb, 0, decimals, keep)
        return b"".join(pieces)
    (members,) = _COUNT.unpack_from(wkb, 5)
    pieces, at = [wkb[:9]], 9
    for _ in range(members):
        found, at = _polygon(wkb, at, decimals, keep)
        pieces += found
    return b"".join(pieces)


def corners(wkb: bytes) -> np.ndarray:
    """All corners of such WKB as complex numbers x + i·y. Raises ValueError for other WKB."""
    members, at = 1, 0
    if _kind(wkb) == _MULTIPOLYGON:
        (members,) = _COUNT.unpack_from(wkb, 5)
        at = 9
    found = [np.zeros(0, dtype=complex)]
    for _ in range(members):
        (rings,) = _COUNT.unpack_from(wkb, at + 5)
        at += 9
        for _ in range(rings):
            (points,) = _COUNT.unpack_from(wkb, at)
            found.append(np.frombuffer(wkb, "<c16", points, at + 4))
            at += 4 + 16 * points
    return np.concatenate(found)


def _kind(wkb: bytes) -> int:
    (kind,) = _COUNT.unpack_from(wkb, 1)
    if wkb[:1] != b"\x01" or kind not in (_POLYGON, _MULTIPOLYGON):
        raise ValueError(f"WKB of type {kind} is no flat polygon")
    return kind


def _polygon(wkb: bytes, at: int, decimals: int, kept: np.ndarray | None) -> tuple[list[bytes], int]:
    (rings,) = _COUNT.unpack_from(wkb, at + 5)
    pieces, at = [wkb[at : at + 9]], at + 9
    for _ in range(rings):
        (points,) = _COUNT.unpack_from(wkb, at)
        given = np.frombuffer(wkb, "<f8", 2 * points, at + 4).reshape(-1, 2)
        ring = np.round(given, decimals)
        if kept is not None and len(kept):
            stay = np.isin(given[:, 0] + 1j * given[:, 1], kept)
            ring[stay] = given[stay]
        at += 4 + 16 * points
        keep = np.append(True, (ring[1:] != ring[:-1]).any(axis=1))
        if keep.sum() >= 4:
            ring = ring[keep]
        # Minus zero and zero are one place, but not one number to those who compare files.
        pieces += (_COUNT.pack(len(ring)), (ring + 0.0).astype("<f8").tobytes())
    return pieces, at
