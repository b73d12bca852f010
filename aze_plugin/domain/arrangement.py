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
from fractions import Fraction
from functools import cached_property

import numpy as np

from . import geometry
from .outlines import Rings, joined, owners, ranges

# How far areas are shifted (m); the next one is tried where rounding leaves the order along an outline in doubt.
_SHIFTS = (2e-7, 1e-6, 1e-5, 1e-4)

# What the shifts may leave of a site that is covered whole: a share of it, and metres times its width.
_LEFT_SHARE, _LEFT_M = 1e-9, 2e-6

# Decimals of percentages: more are rounding.
_DECIMALS = 9

# Rectangles of edges are compared in rows, those of rows that meet in rows a fourth as long, and so on.
_ROW, _FOURTHS = 64, 4

# Pairs of rows, and of points and edges, that are looked at in one go.
_PAIRS, _TESTS = 100_000, 2_000_000

# Rounding of a place's distance from an edge, and the sine of an angle below which two edges are taken for parallel.
_ROUNDING, _PARALLEL = 4e-15, 1e-7

# Rows at one site up to which their rectangles are compared all with all, so many with all that follow at a time.
_MATRIX, _STRIP = 700, 128

# Stretches up to which it does not pay to put those together that are alike.
_FEW = 2000

# Stretches times areas up to which it pays to keep them one byte each, and numbers of 64 areas taken apart in one go.
_UNPACKED, _WORDS = 200_000, 100_000


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
        """``under`` as booleans, shape (count, stretches), where that is small."""
        if len(self.owner) * self.count > _UNPACKED:
            return None
        bits = np.unpackbits(self.under, axis=1, count=self.count, bitorder="little")
        return np.ascontiguousarray(bits.T).view(bool)

    @cached_property
    def _words(self) -> np.ndarray:
        """``under``, 64 areas to a number."""
        return _packed(self.under)

    def _lying(self):
        """Which stretches lie under which areas: pairs of numbers, in portions, rising by the stretch.

        Of many areas a stretch lies under few, so that what is asked of these costs time in step with what meets.
        """
        words = self._words
        step = max(1, _WORDS // max(1, words.shape[1]))
        for start in range(0, len(words), step):
            row, word = np.nonzero(words[start : start + step])
            octets = np.ascontiguousarray(words[start + row, word]).astype("<u8").view(np.uint8)
            which, bit = np.nonzero(np.unpackbits(octets.reshape(-1, 8), axis=1, bitorder="little"))
            yield start + row[which], 64 * word[which] + bit

    def alone(self) -> np.ndarray:
        """Square metres of the site under each area by itself."""
        if self._unpacked is None:
            return self.together(np.arange(self.count), self.count)
        left = np.bincount(self.owner + 1, self.weight, self.count + 1)[1:]
        rows = np.flatnonzero(self.owner < 0)
        weight = self.weight.take(rows)
        left += weight.sum() - self._unpacked.take(rows, axis=1) @ weight
        return self._covered(left)

    def together(self, groups: np.ndarray, count: int) -> np.ndarray:
        """Square metres of the site under the areas of each group, shape (count,).

        ``groups``: the number of each area's group, shape (areas,); −1 for an area of none.
        """
        of_stretch = np.append(groups, -1)[self.owner]
        on_site = self.owner < 0
        left = np.bincount(of_stretch + 1, self.weight, count + 1)[1:] + self.weight[on_site].sum()
        for stretch, area in self._lying():
            group = groups[area]
            hidden = (group >= 0) & (on_site[stretch] | (group == of_stretch[stretch]))
            # A stretch under two areas of one group is hidden from it once.
            stretch, group = np.divmod(np.unique(stretch[hidden] * count + group[hidden]), max(1, count))
            left -= np.bincount(group, self.weight[stretch], count)
        return self._covered(left)

    def _covered(self, left):
        return np.minimum(np.maximum(self.site_m2 - left, 0), self.site_m2)

    def percent(self, square_metres):
        """Square metres of the site, one or an array, in percent: 100 where only rounding is left of it."""
        return in_percent(square_metres, self.site_m2)

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
        return self._covered(left)

    def spans(self, rankings: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """For each stretch the rank from which on, and the one up to which, it bounds what is left of the site.

        ``rankings``: shape (n, count); gives two of shape (n, stretches).
        """
        rankings = np.minimum(rankings, steps)
        begin = np.zeros((len(rankings), self.count + 1), dtype=int)
        begin[:, :-1] = rankings
        begin = begin[:, self.owner]
        if self._unpacked is not None:
            return begin, np.where(self._unpacked, rankings[:, :, None], steps).min(axis=1, initial=steps)
        end = np.full(begin.shape, steps)
        for stretch, area in self._lying():
            first = np.flatnonzero(np.diff(stretch, prepend=-1))
            for ranking, last in zip(rankings, end):
                last[stretch[first]] = np.minimum.reduceat(ranking[area], first) if len(first) else steps
        return begin, end

    def pieces(self) -> Sequence[tuple[Arrangement, np.ndarray]]:
        """Itself, with the numbers of all areas."""
        return [(self, np.arange(self.count))]

    def merged(self) -> Arrangement:
        """With the stretches of one owner under the same areas put together, where there are many."""
        if len(self.owner) <= _FEW:
            return self
        keys = np.column_stack(((self.owner + 1).astype(">i8").view(np.uint8).reshape(-1, 8), self.under))
        keys = np.ascontiguousarray(keys).view(np.dtype((np.void, keys.shape[1]))).ravel()
        _, first, place = np.unique(keys, return_index=True, return_inverse=True)
        weight = np.bincount(place, self.weight, len(first))
        return Arrangement(self.count, self.site_m2, self.owner[first], self.under[first], weight)

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


def in_percent(square_metres, site_m2: float):
    """Square metres of a site, one or an array, in percent: 100 where only rounding is left of it."""
    left = site_m2 - np.asarray(square_metres)
    whole = left <= _LEFT_SHARE * site_m2 + _LEFT_M * np.sqrt(site_m2)
    return np.where(whole, 100.0, (100 - 100 * left / site_m2).round(_DECIMALS))


def uncovered(begin: np.ndarray, end: np.ndarray, weight: np.ndarray, steps: int) -> np.ndarray:
    """What is left of a site after each step, from the stretches that bound it from ``begin`` until before ``end``."""
    counts = (begin < end).nonzero()
    begin, end, weight = begin[counts], end[counts], weight[counts]
    return (np.bincount(begin, weight, steps + 1) - np.bincount(end, weight, steps + 1)).cumsum()[:steps]


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

    # One stretch from each ring's start to its first event, and one from each event to the next, along the rings.
    from_start = first[:-1] + np.arange(len(rings))
    from_event = np.arange(len(edge)) + ring + 1
    state = np.empty((len(rings) + len(edge), words), dtype=np.uint64)
    state[from_start] = begins
    state[from_event] = turned[1:] ^ (turned[first[:-1]] ^ begins)[ring]
    on_ring = owners(np.diff(first) + 1)
    weight = outlines.integrals(edge, along, from_start, from_event) * rings.sign[on_ring]

    # Rings follow one another site by site, and so do stretches.
    owner = (outlines.bit[rings.shape] - 1)[on_ring]
    inside = (state[:, 0] & np.uint64(1)).astype(bool)
    weight = np.where(owner < 0, weight, -weight)
    kept = np.flatnonzero((owner < 0) | inside)
    owner, state, weight = owner[kept], state[kept], weight[kept]
    limits = np.searchsorted(outlines.site[rings.shape][on_ring[kept]], np.arange(sites.count + 1))
    # The first bit is the site's own, which is done with.
    under = state >> np.uint64(1)
    under[:, :-1] |= state[:, 1:] << np.uint64(63)
    octets = under.astype("<u8", copy=False).view(np.uint8)
    out: list[Arrangement | None] = []
    for number, (count, start, end) in enumerate(zip(counts.tolist(), limits.tolist(), limits[1:].tolist())):
        if not sound[number]:
            out.append(None)
            continue
        packed = octets[start:end, : (count + 7) // 8]
        out.append(Arrangement(count, float(sizes_m2[number]), owner[start:end], packed, weight[start:end]))
    return out


class _Outlines:
    """The outlines of sites and areas in planes of their own, one edge a vertex."""

    def __init__(self, sites: Rings, areas: Rings, site_of_area: np.ndarray, counts, shift: float, attempt: int):
        # A site comes before its areas, so that all of it is in one piece.
        order = np.argsort(np.concatenate((np.arange(sites.count), site_of_area)), kind="stable")
        self.rings = rings = joined(sites, areas).taken(order)
        self.counts = counts
        self.site = np.concatenate((np.arange(sites.count), site_of_area))[order]
        self.first = np.searchsorted(self.site, np.arange(sites.count + 1))
        self.bit = np.arange(len(self.site)) - self.first[self.site]
        box = sites.bounds()
        middle = (box[:, :2] + box[:, 2:]) / 2
        # No two areas by the same in either direction: equal rectangles would keep an edge in common.
        many = int(self.bit.max(initial=0)) + 1
        random = np.random.default_rng(attempt)
        steps = np.column_stack((random.permutation(many), random.permutation(many)))
        moves = shift * (2 * (steps + random.uniform(0.25, 0.75, (many, 2))) / many - 1)
        moves[0] = 0
        ring = rings.ring_of_vertex()
        # First to the middle, as far from it a shift would be lost in rounding.
        to_x, to_y = np.ascontiguousarray(-middle[self.site][rings.shape].T)
        moves_x, moves_y = np.ascontiguousarray(moves[self.bit][rings.shape].T)
        self.x0 = rings.xy[:, 0] + to_x.take(ring) + moves_x.take(ring)
        self.y0 = rings.xy[:, 1] + to_y.take(ring) + moves_y.take(ring)
        self.x1, self.y1 = self._next(self.x0), self._next(self.y0)
        self._index(ring)

    def _next(self, values: np.ndarray) -> np.ndarray:
        """For each vertex the value of the one after it on its ring."""
        out = np.empty_like(values)
        out[:-1] = values[1:]
        starts = self.rings.starts
        out[starts[1:] - 1] = values[starts[:-1]]
        return out

    def _index(self, ring: np.ndarray) -> None:
        """Rectangles of edges and of rows of them, the shortest rows first (``levels``) and then the longest.

        Rings are filled up to whole rows with edges that meet nothing. A level holds the lowest and the highest x and
        y, each by the place in a row first, so that all that is done with them runs along whole arrays; they are short
        numbers, rounded outward.
        """
        rings = self.rings
        per_ring = -(-rings.sizes // _ROW)
        self.row_ring = owners(per_ring)
        self.row_shape = rings.shape[self.row_ring]
        # How much further on than its number an edge's place is.
        room = _ROW * (np.cumsum(per_ring) - per_ring) - rings.starts[:-1]
        self.row_room = room[self.row_ring]
        place = np.arange(len(self.x0)) + room.take(ring)
        margin = 2.0**-23 * max(np.abs(self.x0).max(initial=0), np.abs(self.y0).max(initial=0))
        self.rows = []
        levels = []
        for one, two in ((self.x0, self.x1), (self.y0, self.y1)):
            for nothing, room_, pick in ((np.inf, -margin, np.minimum), (-np.inf, margin, np.maximum)):
                ends = np.full(_ROW * len(self.row_ring), nothing, dtype=np.float32)
                ends[place] = pick(one, two) + room_
                length, lines = _ROW, []
                while length > 1:
                    lines.append(np.ascontiguousarray(ends.reshape(-1, _FOURTHS).T))
                    ends = pick.reduce(lines[-1], axis=0)
                    length //= _FOURTHS
                levels.append(lines)
                self.rows.append(ends)
        self.levels = list(zip(*levels))

    def events(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Where outlines of different shapes cross: ring, edge, place along it (0 to 1) and the other shape, in order
        along the rings. A crossing is two events, one on each outline."""
        one, two = self._near_rows()
        for level in self.levels[::-1]:
            one, two = _members_that_meet(level, one, two)
        a, b, s, t = self._crossings(one - self.row_room[one // _ROW], two - self.row_room[two // _ROW])
        edge, along = np.concatenate((a, b)), np.concatenate((s, t))
        both = np.searchsorted(self.rings.starts, edge, side="right") - 1
        other = self.rings.shape[np.concatenate((both[len(a) :], both[: len(a)]))]
        order = np.argsort(edge + along)
        # So summed places close to one another may come out as one.
        if ((edge[order[1:]] == edge[order[:-1]]) & (along[order[1:]] <= along[order[:-1]])).any():
            order = np.lexsort((along, edge))
        return both[order], edge[order], along[order], other[order]

    def _near_rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of rows, of different shapes at one site, whose rectangles meet."""
        site = self.site[self.row_shape]
        limits = np.searchsorted(site, np.arange(len(self.counts) + 1)).tolist()
        ones, twos = [np.empty(0, dtype=int)], [np.empty(0, dtype=int)]
        for first, last in zip(limits, limits[1:]):
            if last - first > _MATRIX:
                boxes = np.column_stack([column[first:last] for column in self._boxes_of_rows()])
                one, two = geometry.meeting_boxes(boxes)
                apart = self.row_shape[first + one] < self.row_shape[first + two]
                ones.append(one[apart] + first)
                twos.append(two[apart] + first)
                continue
            # For so few a matrix is sooner made than a tree, strip by strip as each pair is wanted once.
            for start in range(first, last, _STRIP):
                strip, rest = slice(start, min(start + _STRIP, last)), slice(start, last)
                meet = self.row_shape[strip, None] < self.row_shape[rest]
                for low, high in (self.rows[:2], self.rows[2:]):
                    meet &= low[strip, None] <= high[rest]
                    meet &= high[strip, None] >= low[rest]
                one, two = np.divmod(np.flatnonzero(meet), last - start)
                ones.append(one + start)
                twos.append(two + start)
        return np.concatenate(ones), np.concatenate(twos)

    def _boxes_of_rows(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        low_x, high_x, low_y, high_y = self.rows
        return low_x, low_y, high_x, high_y

    def _crossings(self, one, two) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Pairs of edges that cross, of those given, and where along each."""
        first = np.array([self.x0[one], self.y0[one], self.x1[one], self.y1[one]])
        second = np.array([self.x0[two], self.y0[two], self.x1[two], self.y1[two]])
        a0, a1, b0, b1 = sides = _sides(first, second)
        # Nearer to a line than rounding allows to tell on which side.
        long = np.abs(first[2] - first[0]) + np.abs(first[3] - first[1])
        wide = np.abs(second[2] - second[0]) + np.abs(second[3] - second[1])
        nearest = np.minimum(np.minimum(np.abs(a0), np.abs(a1)), np.minimum(np.abs(b0), np.abs(b1)))
        doubtful = np.flatnonzero(nearest < _ROUNDING * (long + wide) ** 2)
        for k in doubtful.tolist():
            for side, exact in zip(sides, _exact_sides(first[:, k], second[:, k])):
                side[k] = exact
        cross = ((a0 >= 0) != (a1 >= 0)) & ((b0 >= 0) != (b1 >= 0))
        # Edges on one line are told apart by where they lie on it.
        for (p, pe), (q, qe) in zip(zip(first[:2], first[2:]), zip(second[:2], second[2:])):
            cross &= np.minimum(p, pe) <= np.maximum(q, qe)
            cross &= np.minimum(q, qe) <= np.maximum(p, pe)
        some = np.flatnonzero(cross)
        a0, a1, b0, b1 = a0[some], a1[some], b0[some], b1[some]
        along, across = a0 / (a0 - a1), b0 / (b0 - b1)
        # Where edges are all but parallel, a little rounding moves the place where they cross far along both, and not
        # alike: then their outlines would not close.
        for k in np.flatnonzero(np.abs(a0 - a1) < _PARALLEL * (long * wide)[some]).tolist():
            a0_, a1_, b0_, b1_ = _exact_sides(first[:, some[k]], second[:, some[k]])
            along[k], across[k] = a0_ / (a0_ - a1_), b0_ / (b0_ - b1_)
        return one[some], two[some], along, across

    def states_at_ring_starts(self) -> np.ndarray:
        """Under which shapes of its site, itself left out, each ring's first vertex lies: bits, (rings, words)."""
        rings = self.rings
        words = (int(self.counts.max(initial=0)) + 64) // 64
        states = np.zeros((len(rings), words), dtype=np.uint64)
        if not len(rings):
            return states
        # Rows of a shape follow one another.
        row_first = np.searchsorted(self.row_shape, np.arange(rings.count + 1))
        present = np.flatnonzero(np.diff(row_first))
        box = np.full((4, rings.count), np.nan, dtype=np.float32)
        for column, ends, pick in zip(box, self.rows, (np.minimum, np.maximum) * 2):
            column[present] = pick.reduceat(ends, row_first[present])
        for ring, shape in self._starts_in_boxes(box):
            x, y = self.x0[rings.starts[ring]], self.y0[rings.starts[ring]]
            inside = np.zeros(len(ring), dtype=bool)
            rows = row_first[shape + 1] - row_first[shape]
            for part in _portions(rows, _TESTS):
                inside[part] = self._inside(x[part], y[part], row_first[shape[part]], rows[part])
            ring, bit = ring[inside], self.bit[shape[inside]]
            np.bitwise_or.at(states, (ring, bit >> 6), np.left_shift(np.uint64(1), (bit & 63).astype(np.uint64)))
        return states

    def _starts_in_boxes(self, box: np.ndarray):
        """Pairs of a ring and of another shape of its site in whose rectangle its first vertex lies, in portions.

        ``box``: lowest and highest x, lowest and highest y, each a line with a number a shape.
        """
        starts = self.rings.starts[:-1]
        x, y = self.x0[starts], self.y0[starts]
        site = self.site[self.rings.shape]
        many = self.counts[site] + 1
        few = np.flatnonzero(many <= _MATRIX)
        for some in _portions(many[few], _TESTS):
            ring = few[some]
            shape = ranges(self.first[site[ring]], many[ring])
            ring = ring.take(owners(many[ring]))
            near = (shape != self.rings.shape[ring]) & (x[ring] >= box[0, shape]) & (x[ring] <= box[1, shape])
            near &= (y[ring] >= box[2, shape]) & (y[ring] <= box[3, shape])
            yield ring[near], shape[near]
        for number in np.flatnonzero(self.counts >= _MATRIX).tolist():
            ring = np.flatnonzero(site == number)
            shape = np.arange(self.first[number], self.first[number + 1])
            shape = shape[np.isfinite(box[0, shape])]
            place, which = geometry.boxes_at(np.column_stack((x[ring], y[ring])), box[[0, 2, 1, 3]][:, shape].T)
            ring, shape = ring[place], shape[which]
            other = shape != self.rings.shape[ring]
            yield ring[other], shape[other]

    def _inside(self, x, y, first, many) -> np.ndarray:
        """Whether places lie in shapes given by their rows: an odd number of edges lies to the east of them."""
        row = ranges(first, many)
        place = owners(many)
        _, high_x, low_y, high_y = self.rows
        level = y[place]
        near = np.flatnonzero((low_y[row] <= level) & (high_y[row] >= level) & (high_x[row] >= x[place]))
        row, place = row[near], place[near]
        start = _ROW * row - self.row_room[row]
        end = np.minimum(start + _ROW, self.rings.starts[self.row_ring[row] + 1])
        edge = ranges(start, end - start)
        place = place.take(owners(end - start))
        level = y[place]
        spans = np.flatnonzero((self.y0[edge] > level) != (self.y1[edge] > level))
        edge, place = edge[spans], place[spans]
        side = _side(self.x0[edge], self.y0[edge], self.x1[edge], self.y1[edge], x[place], y[place])
        east = (side >= 0) == (self.y1[edge] > self.y0[edge])
        return np.bincount(place[east], minlength=len(x)) % 2 == 1

    def integrals(self, edge, along, from_start, from_event) -> np.ndarray:
        """½ ∮ (x dy − y dx) of each stretch: of those that begin where rings do, and at events, by their numbers."""
        whole = (self.x0 * self.y1 - self.x1 * self.y0) / 2
        if not len(whole):
            return np.empty(0)
        begin = np.empty(len(from_start) + len(from_event) + 1, dtype=int)
        begin[from_start], begin[from_event], begin[-1] = self.rings.starts[:-1], edge, len(whole)
        sums = np.add.reduceat(whole, begin[:-1])
        sums[begin[1:] == begin[:-1]] = 0
        # The part of an edge before an event belongs to the stretch before.
        before = along * whole[edge]
        sums[from_event] -= before
        sums[from_event - 1] += before
        return sums


def _members_that_meet(ends: Sequence[np.ndarray], one: np.ndarray, two: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of pairs of groups the pairs of members whose rectangles meet.

    ``ends``: lowest and highest x and y, each of shape (members in a group, groups); a member's number is that of its
    group times the members in a group, and its place in there.
    """
    size = len(ends[0])
    ones, twos = [np.empty(0, dtype=int)], [np.empty(0, dtype=int)]
    for start in range(0, len(one), _PAIRS):
        a, b = one[start : start + _PAIRS], two[start : start + _PAIRS]
        theirs = [[column.take(b) for column in line] for line in zip(*ends)]
        for i, line in enumerate(zip(*ends)):
            low_x, high_x, low_y, high_y = (column.take(a) for column in line)
            for j, (left, right, bottom, top) in enumerate(theirs):
                meet = low_x <= right
                meet &= left <= high_x
                meet &= low_y <= top
                meet &= bottom <= high_y
                some = np.flatnonzero(meet)
                ones.append(size * a.take(some) + i)
                twos.append(size * b.take(some) + j)
    return np.concatenate(ones), np.concatenate(twos)


def _side(x0, y0, x1, y1, x, y):
    """On which side of an edge a place lies: positive to its left."""
    return (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)


def _sides(first, second):
    """On which side of the other edge both ends of each lie; the same for both edges that share an end.

    Edges: x and y of one end, and of the other.
    """
    return (
        _side(*second, first[0], first[1]),
        _side(*second, first[2], first[3]),
        _side(*first, second[0], second[1]),
        _side(*first, second[2], second[3]),
    )


def _exact_sides(first: np.ndarray, second: np.ndarray) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    """``_sides`` of one pair of edges, without rounding."""
    return _sides([Fraction(v) for v in first.tolist()], [Fraction(v) for v in second.tolist()])


def _packed(octets: np.ndarray) -> np.ndarray:
    """Rows of bytes as rows of numbers of eight bytes, filled up with zeros."""
    return np.pad(octets, ((0, 0), (0, -octets.shape[1] % 8))).view(np.uint64)


def _portions(sizes: np.ndarray, most: int):
    """Numbers of rows in portions of not many more than ``most`` altogether."""
    if len(sizes):
        number = (np.cumsum(sizes) - sizes) // most
        yield from np.split(np.arange(len(sizes)), np.flatnonzero(np.diff(number)) + 1)
