"""The user's own estimates, of the world for all candidates and of the site for each; every change can be undone."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, NamedTuple, Union

from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QUndoCommand, QUndoStack

from ..domain.errors import AzeError
from ..domain.estimates import FIRST_YEAR, LAST_YEAR, bounds
from ..domain.species import PARAMETERS, SEGMENTS
from ..services.files import replacing
from .candidates import Candidates, move_keys

SCOPES = ("site", "global")
COLUMNS = (
    "taxon_id", "scientific_name", "scope", "site", "parameter", "segment", "min", "best", "max", "year", "source",
)  # fmt: skip

# A figure as it was entered: a number, None for nothing, or the text itself where it is no number.
Entered = Union[float, str, None]


@dataclass(frozen=True)
class OwnEstimate:
    """One estimate of the user's, as it was entered.

    ``low``, ``best`` and ``high`` are in ``domain.species.UNITS``. What cannot be used yet is kept all the same, and
    ``problem`` says what is wrong with it.
    """

    taxon_id: str
    scientific_name: str
    parameter: str
    segment: str
    low: Entered = None
    best: Entered = None
    high: Entered = None
    year: int | str | None = None
    origin: str = ""

    @property
    def what(self) -> tuple[str, str, str]:
        """What is estimated: taxon, parameter, segment. There is one estimate of each in a scope."""
        return self.taxon_id or self.scientific_name.casefold(), self.parameter, self.segment

    def is_of(self, taxon_id: str, scientific_name: str) -> bool:
        """Whether this is about a taxon, which files may name by its id, its name or both."""
        if self.taxon_id and taxon_id:
            return self.taxon_id == taxon_id
        return self.scientific_name.casefold() == scientific_name.casefold()

    def problem(self, scope: str) -> AzeError | None:
        """Why the estimate cannot be used in a scope (``site`` or ``global``), or None."""
        for field in ("low", "best", "high"):
            if isinstance(getattr(self, field), str):
                return AzeError("row.estimate_number", field=field, value=getattr(self, field))
        if self.year is not None and not (isinstance(self.year, int) and FIRST_YEAR <= self.year <= LAST_YEAR):
            return AzeError("row.estimate_year", value=str(self.year))
        try:
            bounds(scope, self.low, self.best, self.high)
        except AzeError as error:
            return error
        return None


class Row(NamedTuple):
    """One row of a file of estimates, by the names of its columns except for ``low``, ``high`` and ``origin``."""

    taxon_id: str
    scientific_name: str
    scope: str
    site: str
    parameter: str
    segment: str
    low: float
    best: float
    high: float
    year: int | None
    origin: str


@dataclass(frozen=True)
class Loaded:
    """What came of a file: estimates taken; sites of others that are no candidates here; taxa that no library knows."""

    count: int
    other_sites: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


_Table = dict  # of OwnEstimate by what it estimates


class Estimates(QObject):
    """The estimates that the user adds to those of the library, or sets in their place.

    ``changed``: some of them did. ``stack`` undoes and redoes; a step finds its candidate under whatever name it has by
    then.
    """

    changed = pyqtSignal()

    def __init__(self, candidates: Candidates, parent: QObject | None = None):
        super().__init__(parent)
        self._candidates = candidates
        self._world: _Table = {}
        self._sites: dict[str, _Table] = {}
        self._rows: dict[str, tuple[Row, ...]] = {}
        self.stack = QUndoStack(self)

    # ------------------------------------------------------------------------------------------------ the project

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Take up what a project keeps (see ``kept``). Announces nothing. Raises AzeError ``project.damaged``."""
        self.stack.clear()
        self._rows.clear()
        self._world, self._sites = {}, {}
        try:
            self._world = _read(kept.get("world", ()))
            self._sites = {str(name): _read(rows) for name, rows in kept.get("sites", {}).items()}
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise AzeError("project.damaged") from error

    @property
    def kept(self) -> dict[str, Any]:
        """What a project keeps: ``world`` and, by candidate, ``sites``; empty without estimates."""
        sites = {name: _listed(table) for name, table in self._sites.items() if table}
        kept = {"world": _listed(self._world), "sites": sites}
        return {key: rows for key, rows in kept.items() if rows}

    def rename(self, renamed: dict[str, str]) -> None:
        """Candidates have other names now (old name to new); their estimates go along, steps to undo included."""
        move_keys(self._sites, renamed)
        self._rows.clear()

    # -------------------------------------------------------------------------------------------- what is estimated

    def of(self, scope: str, taxon_id: str, scientific_name: str) -> list[OwnEstimate]:
        """Estimates of a taxon in the world (``global``) or at the current candidate (``site``)."""
        return [e for e in self._table(scope).values() if e.is_of(taxon_id, scientific_name)]

    def rows(self, name: str | None) -> tuple[Row, ...]:
        """What goes into the check of a candidate: its own estimates and those of the world that can be used."""
        name = name or ""
        if name not in self._rows:
            tables = (("site", name, self._sites.get(name, {})), ("global", "", self._world))
            self._rows[name] = tuple(sorted(_usable(tables), key=lambda row: row[:6]))
        return self._rows[name]

    def write(self, name: str | None, folder: Path) -> str:
        """Write the rows of a candidate's check to a file in a folder and return its path; empty without rows."""
        found = self.rows(name)
        if not found:
            return ""
        path = folder / "estimates.csv"
        _write(path, found)
        return str(path)

    # ---------------------------------------------------------------------------------------------------- changes

    def put(self, title: str, *changes: tuple[str, OwnEstimate, OwnEstimate | None]) -> None:
        """Change estimates of the world or of the current candidate in one step.

        ``changes``: scope, the estimate as it was or one of the same taxon, parameter and segment, and what stands in
        its place (None removes it).
        """
        self._push(title, [(self._table(scope, make=True), old.what, new) for scope, old, new in changes])

    def load(self, path: str, title: str, library_path: str = "") -> Loaded:
        """Take up a file of estimates, in one step; what it says replaces what was said of the same before.

        Rows of sites that are no candidates of the project are left out. Raises AzeError as
        ``library.estimates.read_for_check`` does: a file is taken as a whole or not at all.
        """
        from ..domain.progress import Progress
        from ..library.estimates import read_for_check, same_site, taxon_of
        from ..library.query import Library

        rows = read_for_check(path, Progress())
        names: dict[str, str] = {}
        if library_path:
            with Library.open(library_path) as library:
                names = library.names()
        known = {taxon_id: name for name, taxon_id in names.items()}
        changes, other_sites, unknown = [], {}, {}
        for row in rows:
            taxon_id = taxon_of(row, names)
            if names and taxon_id not in known:
                unknown[row.scientific_name or row.taxon_id] = None
            site = next((name for name in self._candidates.names if same_site(name, row.site)), None)
            if row.site and site is None:
                other_sites[row.site] = None
                continue
            table = self._sites.setdefault(site, {}) if site else self._world
            found = row.estimate
            own = OwnEstimate(
                taxon_id if taxon_id in known or row.taxon_id else "",
                row.scientific_name,
                found.parameter,
                found.segment,
                found.low,
                found.best,
                found.high,
                found.year,
                found.origin,
            )
            said = next((e for e in table.values() if _same(e, own)), own)
            changes.append((table, said.what, own))
        self._push(title, changes)
        return Loaded(len(changes), tuple(other_sites), tuple(unknown))

    def save(self, path: str) -> tuple[int, int]:
        """Write all estimates that can be used, of all candidates; how many, and how many were left out.

        Raises AzeError ``output.unwritable``.
        """
        tables = [("global", "", self._world), *(("site", name, table) for name, table in self._sites.items())]
        usable = list(_usable(tables))
        with replacing(path) as beside:
            # With a byte order mark, which spreadsheets need to read names with accents.
            _write(beside, usable, encoding="utf-8-sig")
        return len(usable), sum(len(table) for _, _, table in tables) - len(usable)

    def _table(self, scope: str, make: bool = False) -> _Table:
        if scope == "global":
            return self._world
        name = self._candidates.current or ""
        return self._sites.setdefault(name, {}) if make else self._sites.get(name, {})

    def _push(self, title: str, changes: Iterable[tuple[_Table, tuple, OwnEstimate | None]]) -> None:
        steps = []
        for table, what, new in changes:
            if new is not None and new.what != what:
                steps.append((table, what, table.get(what), None))
                what = new.what
            if table.get(what) != new:
                steps.append((table, what, table.get(what), new))
        if steps:
            self.stack.push(_Step(title, steps, self._announce))

    def _announce(self) -> None:
        self._rows.clear()
        self.changed.emit()


class _Step(QUndoCommand):
    """One step: tables, what is estimated in them, and the estimate before and after."""

    def __init__(self, title: str, steps: Sequence[tuple], announce):
        super().__init__(title)
        self._steps, self._announce = list(steps), announce

    def redo(self) -> None:
        for table, what, _, after in self._steps:
            _set(table, what, after)
        self._announce()

    def undo(self) -> None:
        for table, what, before, _ in reversed(self._steps):
            _set(table, what, before)
        self._announce()


def of_library(entry: Mapping[str, Any], told: Iterable[Row]) -> dict[tuple[str, str, str], dict[str, Any]]:
    """The library's estimates of a taxon, by scope, parameter and segment.

    ``entry``: one member of ``species`` of an assessment; ``told``: the user's rows with which it was made.
    """
    left = list(entry.get("estimates", ()))
    for row in told:
        own = {key: getattr(row, key) for key in ("scope", "parameter", "segment", "low", "best", "high", "year")}
        of_taxon = OwnEstimate(row.taxon_id, row.scientific_name, "", "")
        if not of_taxon.is_of(entry["taxon_id"], entry["scientific_name"]):
            continue
        # The user's come last.
        for n in range(len(left) - 1, -1, -1):
            if all(left[n][key] == value for key, value in own.items()):
                del left[n]
                break
    return {(e["scope"], e["parameter"], e["segment"]): e for e in left}


def _same(one: OwnEstimate, other: OwnEstimate) -> bool:
    return one.what[1:] == other.what[1:] and one.is_of(other.taxon_id, other.scientific_name)


def _set(table: _Table, what: tuple, estimate: OwnEstimate | None) -> None:
    if estimate is None:
        table.pop(what, None)
    else:
        table[what] = estimate


def _usable(tables: Iterable[tuple[str, str, _Table]]) -> Iterable[Row]:
    for scope, site, table in tables:
        for e in table.values():
            if e.problem(scope) is None:
                low, best, high = bounds(scope, e.low, e.best, e.high)
                yield Row(
                    e.taxon_id,
                    e.scientific_name,
                    scope,
                    site,
                    e.parameter,
                    e.segment,
                    low,
                    best,
                    high,
                    e.year,
                    e.origin,
                )


def _write(path: Path, rows: Iterable[Row], encoding: str = "utf-8") -> None:
    with open(path, "w", newline="", encoding=encoding) as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(["" if cell is None else cell for cell in row] for row in rows)


def _listed(table: _Table) -> list[dict[str, Any]]:
    return [asdict(estimate) for estimate in table.values()]


def _read(rows: Iterable[Mapping[str, Any]]) -> _Table:
    found = {}
    for row in rows:
        estimate = OwnEstimate(**{f.name: row[f.name] for f in fields(OwnEstimate) if f.name in row})
        figures = (estimate.low, estimate.best, estimate.high, estimate.year)
        if any(isinstance(v, bool) or not isinstance(v, (int, float, str, type(None))) for v in figures):
            raise TypeError(figures)
        if estimate.parameter not in PARAMETERS or estimate.segment not in SEGMENTS:
            raise ValueError(estimate)
        # A project written as JSON has whole numbers without a fraction.
        as_floats = {k: float(v) for k, v in asdict(estimate).items() if k in ("low", "best", "high") and _is_int(v)}
        estimate = replace(estimate, **as_floats)
        found[estimate.what] = estimate
    return found


def _is_int(value: object) -> bool:
    return isinstance(value, int)
