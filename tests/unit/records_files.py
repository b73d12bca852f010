"""Records as users have them, and what becomes of them in a library."""

from pathlib import Path

from aze_plugin.library.importer import Request, import_species
from aze_plugin.library.store import Reader
from aze_plugin.library.store import occurrences as store
from aze_plugin.library.taxa import default_settings

RULES = default_settings().records
HEADER = ("scientificName", "decimalLatitude", "decimalLongitude")


def table(path, rows, header=HEADER, delimiter=",", end="\n", encoding="utf-8"):
    """Write a table of text without quoting anything."""
    lines = [delimiter.join(map(str, row)) for row in ([header] if header else []) + list(rows)]
    Path(path).write_bytes((end.join(lines) + end).encode(encoding))
    return path


def load(library, *given, **more):
    """Import records; the report of the only source, or all of them."""
    report = import_species(Request(str(library), occurrences=tuple(map(str, given)), **more))
    return report.sources[0] if len(report.sources) == 1 else report.sources


def stored(library, columns="taxon_id, lon, lat"):
    """What the library holds, in the order of the file."""
    reader = Reader(str(library))
    try:
        return [tuple(row) for row in reader.rows(f"SELECT {columns} FROM occurrence ORDER BY source_id, row")]
    finally:
        reader.close()


def totals(library, *taxa, rules=RULES):
    reader = Reader(str(library))
    try:
        return store.totals(reader, taxa, rules)
    finally:
        reader.close()


def reasons(report):
    """Row and code of each row that was left out."""
    return [(note.row, note.code.partition(".")[2]) for note in report.rejected]
