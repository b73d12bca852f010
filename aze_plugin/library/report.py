"""What an import did, row by row, in codes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from .store import Writer

SCHEMA = "aze-import/1"

# Rejected rows that are listed for each reason; what goes beyond is counted.
LISTED = 1_000


@dataclass(frozen=True)
class RowNote:
    """What befell one row: ``code`` tells why it was left out or mended, ``params`` fill its sentence."""

    row: int
    taxon: str
    code: str
    params: dict[str, Any] = field(default_factory=dict)
    layer: str = ""


@dataclass
class SourceReport:
    """What one dataset or export brought.

    ``fields``: the field used for each role; ``assumed``: code columns that it lacks, taken as 1; ``notes``: codes with
    params about the whole source; ``unlisted``: rows left out beyond those in ``rejected``, by code.
    """

    name: str
    kind: str
    path: str
    version: str
    citation: str
    sha256: str = ""
    rows_read: int = 0
    rows_imported: int = 0
    fields: dict[str, str] = field(default_factory=dict)
    assumed: list[str] = field(default_factory=list)
    rejected: list[RowNote] = field(default_factory=list)
    repaired: list[RowNote] = field(default_factory=list)
    notes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    unlisted: Counter = field(default_factory=Counter)

    def rejections(self) -> Counter:
        """Number of rows left out, by code."""
        return Counter(note.code for note in self.rejected) + self.unlisted

    @property
    def rows_rejected(self) -> int:
        """Rows left out, listed or not."""
        return len(self.rejected) + sum(self.unlisted.values())

    @property
    def rows_repaired(self) -> int:
        """Rows whose geometry was mended."""
        return len(self.repaired)


@dataclass(frozen=True)
class ImportReport:
    """The whole import: a report for each source, and the number of taxa in the library afterwards."""

    library: str
    sources: tuple[SourceReport, ...]
    taxa: int

    @property
    def rows_imported(self) -> int:
        """Rows stored, of all sources."""
        return sum(s.rows_imported for s in self.sources)

    @property
    def rows_rejected(self) -> int:
        """Rows left out, of all sources."""
        return sum(s.rows_rejected for s in self.sources)


def seal(writer: Writer, source_id: int, report: SourceReport) -> None:
    """Enter what became of a source's rows, once they are in."""
    writer.seal_source(
        source_id,
        report.sha256,
        report.rows_read,
        report.rows_imported,
        report.rows_rejected,
        report.rows_repaired,
    )
