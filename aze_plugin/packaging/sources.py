"""What a package rests on: every dataset by name, version, citation, licence and digest."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from qgis.core import QgsMapLayer, QgsProviderRegistry

from ..domain.progress import Progress
from .bag import sha256
from .boundary import SHAPEFILE_PARTS

COLUMNS = ("name", "version", "citation", "licence", "sha256", "role")
NOT_STATED = "not stated"


@dataclass(frozen=True)
class Source:
    """One dataset. ``sha256`` is empty for what is no file, such as a database or a layer drawn in the project."""

    name: str
    version: str
    citation: str
    licence: str
    sha256: str
    role: str


@dataclass(frozen=True)
class LayerOrigin:
    """Where a layer comes from, taken in the layer's own thread so that its file can be read in another."""

    name: str
    file: Path | None
    citation: str
    licence: str
    role: str


def origin_of(layer: QgsMapLayer, role: str) -> LayerOrigin:
    """A layer's file, and what its metadata say of rights and licences."""
    parts = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
    path = str(parts.get("path") or "")
    for prefix in ("/vsizip/", "/vsigzip/"):
        if path.startswith(prefix):
            path = _archive(path[len(prefix) :])
    file = Path(path) if path and Path(path).is_file() else None
    metadata = layer.metadata()
    return LayerOrigin(
        file.name if file else layer.name(),
        file,
        "; ".join(metadata.rights()),
        "; ".join(metadata.licenses()) or NOT_STATED,
        role,
    )


def _archive(path: str) -> str:
    """The archive's own path of a path into it."""
    if path.startswith("{"):
        return path[1:].partition("}")[0]
    found = Path(path)
    return next((str(p) for p in (found, *found.parents) if p.is_file()), path)


def _digest(file: Path, progress: Progress) -> str:
    """Digest of a dataset's files one after the other: all parts of a shapefile, the file itself otherwise."""
    if file.suffix.lower() != ".shp":
        return sha256(file, progress)
    parts = [p for p in file.parent.iterdir() if p.stem == file.stem and p.suffix.lower() in SHAPEFILE_PARTS]
    digest = hashlib.sha256()
    for part in sorted(parts):
        with open(part, "rb") as stream:
            while piece := stream.read(1 << 20):
                progress.check()
                digest.update(piece)
    return digest.hexdigest()


def sources(
    library_sources: Iterable[Mapping[str, Any]], origins: Iterable[LayerOrigin], progress: Progress
) -> list[Source]:
    """All datasets, those of the library that bear on the site and the layers: each once, ordered by role and name."""
    found = {
        Source(
            str(s.get("name") or ""),
            str(s.get("version") or ""),
            str(s.get("citation") or ""),
            str(s.get("licence") or NOT_STATED),
            str(s.get("sha256") or ""),
            "species",
        )
        for s in library_sources
    }
    for origin in origins:
        digest = _digest(origin.file, progress) if origin.file else ""
        found.add(Source(origin.name, "", origin.citation, origin.licence, digest, origin.role))
    return sorted(found, key=lambda s: (s.role, s.name, s.sha256))


def write_sources(path: Path, rows: Sequence[Source]) -> None:
    """Write ``sources.csv``. A text that a spreadsheet would take for a formula gets an apostrophe before it."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {
                key: f"'{value}" if value.startswith(("=", "+", "-", "@")) else value
                for key, value in asdict(row).items()
            }
        )
    path.write_bytes(out.getvalue().encode("utf-8"))
