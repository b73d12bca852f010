"""What of a site lies under which of many overlapping areas, measured without making a single new polygon.

The areas' outlines cut one another into stretches. A stretch is told by whose outline it belongs to and under which
areas it lies, and its share in the area of any union is its part of the boundary integral ½ ∮ (x dy − y dx): what of a
site lies outside *all* of some areas is bounded by the stretches of the site that lie under none of them and, turned
round, by the stretches of each of them that lie in the site and under none of the others. One table of stretches
therefore gives every union one may ask for (of the PAs, of all, of those before a year, of each area by itself) by
adding up numbers.

Outlines that coincide would leave it open which lies under which. Each area is therefore shifted by less than a
millionth of a metre, which changes the area of a site of 10 km² by less than 0.02 m².
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from . import geometry
from .outlines import Rings, joined, neighbours, ranges

# How far areas are shifted (m); the next one is tried where rounding leaves the order along an outline in doubt.
_SHIFTS = (2e-7, 1e-6, 1e-5, 1e-4)

# What the shifts may leave of a site that is covered whole: a share of it, and metres times its width.
_LEFT_SHARE, _LEFT_M = 1e-9, 2e-6

# Decimals of percentages: more are rounding.
_DECIMALS = 9

# Edges in a row whose rectangles are compared as one, first in a tree and then in smaller rows.
_ROW, _SMALL = 16, 4

# Pairs of rows, and of points and edges, that are looked at in one go.
_PAIRS, _TESTS = 20_000, 2_000_000

# Rows at one site up to which their rectangles are compared all with all.
_MATRIX = 700

# Stretches times areas up to which it pays to keep them one byte each.
_UNPACKED = 200_000


@dataclass(frozen=True)
class Arrangement:
    """Stretches of outline in and round one site.

    ``count``: number of areas; ``site_m2``: the site's own area; ``owner``: whose outline a stretch belongs to, −1 for
    the site; ``under``: under which areas it lies, a bit an area (``numpy.packbits``, little end first);
    ``weight``: its part, in m², of what is left of the site, signed.
    """

    count: int
    site_m2: float
    owner: np.ndarray
    under: np.ndarray
    weight: np.ndarray

    @cached_property
    def _unpacked(self) -> np.ndarray | None:
        """``under`` as booleans, where that is small."""
        if len(self.owner) * self.count > _UNPACKED:
            return None
        return np.unpackbits(self.under, axis=1, count=self.count, bitorder="little").view(bool)

    @cached_property
    def _words(self) -> np.ndarray:
        """``under``, 64 areas to a number."""
        return _packed(self.under)

    def alone(self) -> np.ndarray:
        """Square metres of the site under each area by itself."""
        left = np.bincount(self.owner + 1, self.weight, self.count + 1)[1:]
        for rows, under in self.portions(self.owner < 0):
            left += self.weight[rows] @ ~under
        return np.clip(self.site_m2 - left, 0, self.site_m2)

    def percent(self, square_metres):
        """Square metres of the site, one or an array, in percent: 100 where only rounding is left of it."""
        left = self.site_m2 - np.asarray(square_metres)
        whole = left <= _LEFT_SHARE * self.site_m2 + _LEFT_M * np.sqrt(self.site_m2)
        return np.where(whole, 100.0, np.round(100 - 100 * left / self.site_m2, _DECIMALS))

    def covered(self, members: np.ndarray) -> float:
        """Square metres of the site under any of the areas for which ``members``, shape (count,), is true."""
        free = np.append(members, True)[self.owner]
        free &= ~(self.under & np.packbits(members, bitorder="little")).any(axis=1)
        return float(np.clip(self.site_m2 - self.weight[free].sum(), 0, self.site_m2))

    def growing(self, ranks: np.ndarray, steps: int) -> np.ndarray:
        """Square metres of the site under the areas of rank 0, of ranks 0 and 1, and so on, shape (…, steps).

        ``ranks``: one ranking of the areas, shape (count,), or several, shape (n, count); an area of rank ``steps`` or
        more takes no part.
        """
        rankings = np.atleast_2d(ranks)
        begin, end = self.spans(rankings, steps)
        line = (steps + 1) * np.arange(len(rankings))[:, None]
        left = uncovered(begin + line, end + line, np.broadcast_to(self.weight, begin.shape), line.size * (steps + 1))
        left = left.reshape(-1, steps + 1)[:, :steps].reshape((*ranks.shape[:-1], steps))
        return np.clip(self.site_m2 - left, 0, self.site_m2)

    def spans(self, rankings: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """For each stretch the rank from which on, and the one up to which, it bounds what is left of the site.

        ``rankings``: shape (n, count); gives two of shape (n, stretches).
        """
        rankings = np.minimum(rankings, steps)
        begin = np.column_stack((rankings, np.zeros(len(rankings), dtype=int)))[:, self.owner]
        end = np.full(begin.shape, steps)
        if self._unpacked is not None:
            if self.count:
                for ranking, last in zip(rankings, end):
                    last[:] = np.where(self._unpacked, ranking, steps).min(axis=1)
            return begin, end
        # Of many areas those of one rank are looked for together, 64 at a time.
        step = max(1, _TESTS // self._words.shape[1])
        for ranking, last in zip(rankings, end):
            for rank in np.unique(ranking[ranking < steps])[::-1]:
                wanted = _packed(np.packbits(ranking == rank, bitorder="little")[None])
                for start in range(0, len(last), step):
                    some = slice(start, start + step)
                    last[some][(self._words[some] & wanted).any(axis=1)] = rank
        return begin, end

    def merged(self) -> Arrangement:
        """With the stretches of one owner under the same areas put together."""
        keys = np.column_stack(((self.owner + 1).astype(">i8").view(np.uint8).reshape(-1, 8), self.under))
        keys = np.ascontiguousarray(keys).view(np.dtype((np.void, keys.shape[1]))).ravel()
        _, first, place = np.unique(keys, return_index=True, return_inverse=True)
        weight = np.bincount(place, self.weight, len(first))
        return Arrangement(self.count, self.site_m2, self.owner[first], self.under[first], weight)

    def portions(self, chosen: np.ndarray):
        """The chosen stretches, some at a time, and for each under which areas it lies, (stretches, count)."""
        if self._unpacked is not None:
            yield chosen, self._unpacked[chosen]
            return
        rows = np.flatnonzero(chosen)
        step = max(1, _TESTS // (self.count + 1))
        for start in range(0, len(rows), step):
            some = rows[start : start + step]
            bits = np.unpackbits(self.under[some], axis=1, count=self.count, bitorder="little")
            yield some, bits.view(bool)

    @classmethod
    def of_cells(cls, site_m2: float, sizes_m2: np.ndarray, members: np.ndarray) -> Arrangement:
        """From the cells into which the areas cut the site: the size of each, and which areas it lies in.

        A cell is left over by any areas but its own. Taken in order, the first of its areas takes it away, the second
        takes it away where the first takes no part, and so on.
        """
        cell, owner = np.nonzero(members)
        before = members[cell] & (np.arange(members.shape[1]) < owner[:, None])
        return cls(
            members.shape[1],
            site_m2,
            np.append(owner, -1),
            np.packbits(np.vstack((before, np.zeros((1, members.shape[1]), bool))), axis=1, bitorder="little"),
            np.append(-sizes_m2[cell], site_m2),
        )


def uncovered(begin: np.ndarray, end: np.ndarray, weight: np.ndarray, steps: int) -> np.ndarray:
    """What is left of a site after each step, from the stretches that bound it from ``begin`` until before ``end``."""
    counts = begin < end
    change = np.bincount(begin[counts], weight[counts], steps + 1) - np.bincount(end[counts], weight[counts], steps + 1)
    return np.cumsum(change)[:steps]


def combined(parts: Sequence[Arrangement]) -> Arrangement:
    """The arrangement of a site from those of its parts, all with the same areas."""
    if len(parts) == 1:
        return parts[0]
    return Arrangement(
        parts[0].count,
        sum(p.site_m2 for p in parts),
        np.concatenate([p.owner for p in parts]),
        np.concatenate([p.under for p in parts]),
        np.concatenate([p.weight for p in parts]),
    )


def arrange(sites: Rings, sizes_m2: np.ndarray, areas: Rings, site_of_area: np.ndarray) -> list[Arrangement | None]:
    """The arrangement of each site with the areas that were given for it (metres of one plane).

    ``sizes_m2``: the sites' areas; ``site_of_area``: rising, the number of the site to which each area is held. Shapes
    must be valid as far as a site's rectangle reaches. None for a site whose outlines stay in doubt.
    """
    found: list[Arrangement | None] = [None] * sites.count
    open_ = np.arange(sites.count)
    for attempt, shift in enumerate(_SHIFTS):
        if not len(open_):
            break
        chosen = np.flatnonzero(np.isin(site_of_area, open_))
        some = _arranged(
            sites.taken(open_), sizes_m2[open_], areas.taken(chosen), np.searchsorted(open_, site_of_area[chosen]),
            shift, attempt,
        )  # fmt: skip
        for number, arrangement in zip(open_, some):
            found[number] = arrangement
        open_ = np.array([n for n in open_ if found[n] is None], dtype=int)
    return found


def _arranged(sites, sizes_m2, areas, site_of_area, shift: float, attempt: int) -> list[Arrangement | None]:
    counts = np.bincount(site_of_area, minlength=sites.count)
    outlines = _Outlines(sites, areas, site_of_area, counts, shift, attempt)
    ring, edge, along, other = outlines.events()
    begins, sound = outlines.states_at_ring_starts(), np.ones(sites.count, dtype=bool)

    # States along the rings: the set of areas over a place changes by one area at each event.
    words = begins.shape[1]
    flips = np.zeros((len(edge), words), dtype=np.uint64)
    bit = outlines.bit[other]
    flips[np.arange(len(edge)), bit >> 6] = np.left_shift(np.uint64(1), (bit & 63).astype(np.uint64))
    turned = np.zeros((len(edge) + 1, words), dtype=np.uint64)
    np.bitwise_xor.accumulate(flips, axis=0, out=turned[1:])
    rings = outlines.rings
    first = np.searchsorted(ring, np.arange(len(rings) + 1))
    # Round a ring every outline is crossed as often inward as outward, or rounding has had its way.
    odd = (turned[first[1:]] != turned[first[:-1]]).any(axis=1)
    sound[outlines.site[rings.shape[odd]]] = False

    # One stretch from each ring's start to its first event, and one from each event to the next.
    at_event = first[:-1][ring] if len(ring) else np.empty(0, dtype=int)
    state = np.concatenate((begins, turned[1:] ^ turned[at_event] ^ begins[ring]))
    on_ring = np.concatenate((np.arange(len(rings)), ring))
    order = np.argsort(on_ring, kind="stable")
    state, on_ring = state[order], on_ring[order]
    weight = outlines.integrals(ring, edge, along) * rings.sign[on_ring]

    owner = outlines.bit[rings.shape[on_ring]] - 1
    site = outlines.site[rings.shape[on_ring]]
    inside = (state[:, 0] & np.uint64(1)).astype(bool)
    kept = (owner < 0) | inside
    owner, site, state, weight = owner[kept], site[kept], state[kept], weight[kept]
    weight = np.where(owner < 0, weight, -weight)
    by_site = np.argsort(site, kind="stable")
    limits = np.searchsorted(site[by_site], np.arange(sites.count + 1))
    state = np.ascontiguousarray(state[by_site]).astype("<u8")
    owner, weight = owner[by_site], weight[by_site]
    out: list[Arrangement | None] = []
    for number, count in enumerate(counts.tolist()):
        if not sound[number]:
            out.append(None)
            continue
        rows = slice(limits[number], limits[number + 1])
        # The first bit is the site's own, which is done with.
        under = state[rows] >> np.uint64(1)
        under[:, :-1] |= state[rows][:, 1:] << np.uint64(63)
        packed = under.view(np.uint8)[:, : (count + 7) // 8]
        out.append(Arrangement(count, float(sizes_m2[number]), owner[rows], packed, weight[rows]))
    return out


class _Outlines:
    """The outlines of sites and areas in planes of their own, one edge a vertex."""

    def __init__(self, sites: Rings, areas: Rings, site_of_area: np.ndarray, counts, shift: float, attempt: int):
        # A site comes before its areas, so that all of it is in one piece.
        order = np.argsort(np.concatenate((np.arange(sites.count), site_of_area)), kind="stable")
        self.rings = joined(sites, areas).taken(order)
        self.counts = counts
        self.site = np.concatenate((np.arange(sites.count), site_of_area))[order]
        self.first = np.searchsorted(self.site, np.arange(sites.count + 1))
        self.bit = np.arange(len(self.site)) - self.first[self.site]
        box = sites.bounds()
        middle = (box[:, :2] + box[:, 2:]) / 2
        moves = np.random.default_rng(attempt).uniform(-shift, shift, (int(self.bit.max(initial=0)) + 1, 2))
        moves[0] = 0
        of_vertex = np.repeat(self.rings.shape, self.rings.sizes)
        xy = self.rings.xy - middle[self.site[of_vertex]] + moves[self.bit[of_vertex]]
        _, after = neighbours(self.rings.starts)
        self.x0, self.y0 = np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1])
        self.after, self.of_vertex = after, of_vertex
        self.x1, self.y1 = self.x0[after], self.y0[after]
        self.low_x, self.high_x = np.minimum(self.x0, self.x1), np.maximum(self.x0, self.x1)
        self.low_y, self.high_y = np.minimum(self.y0, self.y1), np.maximum(self.y0, self.y1)

    def events(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Where outlines of different shapes cross: ring, edge, place along it (0 to 1) and the other shape, in order
        along the rings. A crossing is two events, one on each outline."""
        found = [self._crossings(*pair) for pair in self._near_rows()]
        a, b, s, t = (np.concatenate(c) for c in zip(*found)) if found else (np.empty(0, int),) * 2 + (np.empty(0),) * 2
        edge, along = np.concatenate((a, b)), np.concatenate((s, t))
        other = self.of_vertex[np.concatenate((b, a))]
        order = np.lexsort((along, edge))
        edge, along, other = edge[order], along[order], other[order]
        return self.rings.ring_of_vertex()[edge], edge, along, other

    def _rows(self, length: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows of edges of one ring: the first edge of each, and the ring's number."""
        sizes = -(-self.rings.sizes // length)
        ring = np.repeat(np.arange(len(self.rings)), sizes)
        return self.rings.starts[ring] + length * ranges(np.zeros(len(sizes), int), sizes), ring

    def _boxes(self, starts: np.ndarray) -> np.ndarray:
        if not len(starts):
            return np.empty((0, 4))
        return np.column_stack(
            (
                np.minimum.reduceat(self.low_x, starts),
                np.minimum.reduceat(self.low_y, starts),
                np.maximum.reduceat(self.high_x, starts),
                np.maximum.reduceat(self.high_y, starts),
            )
        )

    def _near_boxes(self, boxes: np.ndarray, shape: np.ndarray, site: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of rows, of different shapes at one site, whose rectangles meet."""
        found = [np.empty((2, 0), dtype=int)]
        limits = np.searchsorted(site, np.arange(len(self.counts) + 1)).tolist()
        for first, last in zip(limits, limits[1:]):
            some, owner = boxes[first:last], shape[first:last]
            if len(some) > _MATRIX:
                one, two = geometry.meeting_boxes(some + np.array([-1e-6, -1e-6, 1e-6, 1e-6]))
                pairs = np.vstack((one, two))[:, owner[one] < owner[two]]
            else:
                # For so few a matrix is sooner made than a tree.
                low_x, low_y, high_x, high_y = some.T
                meet = owner[:, None] < owner
                for low, high in ((low_x, high_x), (low_y, high_y)):
                    reach = low[:, None] <= high
                    meet &= reach
                    meet &= reach.T
                pairs = np.vstack(np.divmod(np.flatnonzero(meet), max(1, len(some))))
            found.append(pairs + first)
        return tuple(np.hstack(found))

    def _near_rows(self):
        """Pairs of small rows of edges, of different shapes at one site, whose rectangles meet."""
        starts, ring = self._rows(_ROW)
        boxes = self._boxes(starts)
        shape = self.rings.shape[ring]
        site = self.site[shape]
        one, two = self._near_boxes(boxes, shape, site)

        small, small_ring = self._rows(_SMALL)
        small_boxes = np.vstack((self._boxes(small), [[np.inf, np.inf, -np.inf, -np.inf]]))
        # The small rows of each row; where a ring ends early, a rectangle that meets nothing.
        per_ring = -(-self.rings.sizes // _SMALL)
        ring_first = np.concatenate(([0], np.cumsum(per_ring)))
        member = ring_first[ring][:, None] + ((starts - self.rings.starts[ring]) // _SMALL)[:, None]
        member = member + np.arange(_ROW // _SMALL)
        member = np.where(member < ring_first[ring + 1][:, None], member, len(small))
        small = np.append(small, 0)
        limit = np.minimum(small[:-1] + _SMALL, self.rings.starts[small_ring + 1])
        low_x, low_y, high_x, high_y = np.ascontiguousarray(small_boxes.T)
        for start in range(0, len(one), _PAIRS):
            a, b = member[one[start : start + _PAIRS], :, None], member[two[start : start + _PAIRS], None, :]
            meet = (low_x[a] <= high_x[b]) & (low_x[b] <= high_x[a])
            meet &= (low_y[a] <= high_y[b]) & (low_y[b] <= high_y[a])
            pair, left, right = _places(meet)
            if len(pair):
                a, b = a[pair, left, 0], b[pair, 0, right]
                yield small[a], limit[a], small[b], limit[b]

    def _crossings(self, a, a_end, b, b_end) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Edges of small rows that cross, and where along each."""
        step = np.arange(_SMALL)
        # Beyond a row's end its last edge stands once more, and is left out afterwards.
        a, b = (np.minimum(first[:, None] + step, end[:, None] - 1) for first, end in ((a, a_end), (b, b_end)))
        one, two = a[:, :, None], b[:, None, :]
        meet = (self.low_x[one] <= self.high_x[two]) & (self.low_x[two] <= self.high_x[one])
        meet &= (self.low_y[one] <= self.high_y[two]) & (self.low_y[two] <= self.high_y[one])
        meet[:, 1:, :] &= (a[:, 1:] != a[:, :-1])[:, :, None]
        meet[:, :, 1:] &= (b[:, 1:] != b[:, :-1])[:, None, :]
        pair, left, right = _places(meet)
        one, two = a[pair, left], b[pair, right]
        ax, ay, bx, by = self.x0[one], self.y0[one], self.x0[two], self.y0[two]
        aex, aey, bex, bey = self.x1[one], self.y1[one], self.x1[two], self.y1[two]
        # On which side of the other edge each end lies; the same for both edges that share the end.
        a0, a1 = _side(bx, by, bex, bey, ax, ay), _side(bx, by, bex, bey, aex, aey)
        b0, b1 = _side(ax, ay, aex, aey, bx, by), _side(ax, ay, aex, aey, bex, bey)
        cross = ((a0 >= 0) != (a1 >= 0)) & ((b0 >= 0) != (b1 >= 0))
        a0, a1, b0, b1 = a0[cross], a1[cross], b0[cross], b1[cross]
        return one[cross], two[cross], a0 / (a0 - a1), b0 / (b0 - b1)

    def states_at_ring_starts(self) -> np.ndarray:
        """Under which shapes of its site, itself left out, each ring's first vertex lies: bits, (rings, words)."""
        rings = self.rings
        words = (int(self.counts.max(initial=0)) + 64) // 64
        states = np.zeros((len(rings), words), dtype=np.uint64)
        if not len(rings):
            return states
        # Edges of a shape follow one another.
        ring_first = np.searchsorted(rings.shape, np.arange(rings.count + 1))
        edge_first = rings.starts[ring_first]
        box = rings.moved(lambda _: np.column_stack((self.x0, self.y0))).bounds()
        site = self.site[rings.shape]
        many = self.counts[site] + 1
        for rows in _portions(many, _TESTS):
            ring = np.repeat(rows, many[rows])
            shape = ranges(self.first[site[rows]], many[rows])
            x, y = self.x0[rings.starts[ring]], self.y0[rings.starts[ring]]
            near = (shape != rings.shape[ring]) & (x >= box[shape, 0]) & (x <= box[shape, 2])
            near &= (y >= box[shape, 1]) & (y <= box[shape, 3])
            ring, shape, x, y = ring[near], shape[near], x[near], y[near]
            inside = np.zeros(len(ring), dtype=bool)
            edges = edge_first[shape + 1] - edge_first[shape]
            for part in _portions(edges, _TESTS):
                inside[part] = self._inside(x[part], y[part], edge_first[shape[part]], edges[part])
            ring, bit = ring[inside], self.bit[shape[inside]]
            np.bitwise_or.at(states, (ring, bit >> 6), np.left_shift(np.uint64(1), (bit & 63).astype(np.uint64)))
        return states

    def _inside(self, x, y, first, many) -> np.ndarray:
        """Whether places lie in shapes given by their edges: an odd number of edges lies to the east of them."""
        edge = ranges(first, many)
        place = np.repeat(np.arange(len(x)), many)
        level = y[place]
        spans = np.flatnonzero((self.y0[edge] > level) != (self.y1[edge] > level))
        edge, place = edge[spans], place[spans]
        side = _side(self.x0[edge], self.y0[edge], self.x1[edge], self.y1[edge], x[place], y[place])
        east = (side >= 0) == (self.y1[edge] > self.y0[edge])
        return np.bincount(place[east], minlength=len(x)) % 2 == 1

    def integrals(self, ring, edge, along) -> np.ndarray:
        """½ ∮ (x dy − y dx) of each stretch, in order along the rings."""
        x = self.x0[edge] + along * (self.x1[edge] - self.x0[edge])
        y = self.y0[edge] + along * (self.y1[edge] - self.y0[edge])
        px, py = np.insert(self.x0, edge + 1, x), np.insert(self.y0, edge + 1, y)
        before = np.searchsorted(edge, self.rings.starts)
        starts = self.rings.starts + before
        _, after = neighbours(starts)
        part = (px * py[after] - px[after] * py) / 2
        events = edge + 1 + np.arange(len(edge))
        begins = np.sort(np.concatenate((starts[:-1], events)))
        return np.add.reduceat(part, begins) if len(begins) else np.empty(0)


def _side(x0, y0, x1, y1, x, y) -> np.ndarray:
    return (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)


def _packed(octets: np.ndarray) -> np.ndarray:
    """Rows of bytes as rows of numbers of eight bytes, filled up with zeros."""
    return np.pad(octets, ((0, 0), (0, -octets.shape[1] % 8))).view(np.uint64)


def _places(chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``numpy.nonzero`` of three dimensions, in half the time."""
    rest, third = np.divmod(np.flatnonzero(chosen), chosen.shape[2])
    return (*np.divmod(rest, chosen.shape[1]), third)


def _portions(sizes: np.ndarray, most: int):
    """Numbers of rows in portions of not many more than ``most`` altogether."""
    if len(sizes):
        number = (np.cumsum(sizes) - sizes) // most
        yield from np.split(np.arange(len(sizes)), np.flatnonzero(np.diff(number)) + 1)
