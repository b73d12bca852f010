"""The bundled sample: copied to the user's profile, imported, and opened like a user's own data."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from qgis.core import QgsApplication, QgsRectangle, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication, QTimer

from .. import paths
from ..domain.errors import AzeError
from . import layers, messages
from .session import Session

# Role, file and, where it is not the role's own, whose style.
_LAYERS = (
    ("landcover", "landcover.tif", ""),
    ("edges", "islands.gpkg", "base"),
    ("protected", "protected_areas.gpkg", ""),
    ("sites", "sites.gpkg", ""),
)
_AFTER_QGIS_MS = 250
# The candidate that the guide and the first of the nominations in the schema's examples are about.
MAIN_CANDIDATE = "Cloudtop Ridge"


def default_folder() -> Path:
    """Where the copy goes: the user's profile, as the plugin's own folder is replaced at every update."""
    return Path(QgsApplication.qgisSettingsDirPath()) / "aze_toolkit" / "sample"


def load(session: Session, folder: Path | None = None) -> None:
    """Copy the sample, import its species data into a library there, and open all of it in the project.

    The layers come at once; the library follows when the import is done. Raises AzeError ``sample.missing`` and
    ``output.unwritable``.
    """
    bundled = paths.resource("sample")
    if not (bundled / "candidates.gpkg").exists():
        raise AzeError("sample.missing")
    folder = folder or default_folder()
    try:
        for source in sorted(p for p in bundled.rglob("*") if p.is_file()):
            target = folder / source.relative_to(bundled)
            # A copy that is the same stays: it may be open in this very project.
            if not target.exists() or target.stat().st_size != source.stat().st_size:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
    except OSError as error:
        raise AzeError("output.unwritable", file=str(folder), detail=error.strerror or str(error)) from error

    _open_layers(session, folder)
    _add_candidates(session, folder)
    _zoom(session)
    session.import_library(
        str(folder / "library.gpkg"),
        [str(folder / "ranges.zip"), str(folder / "ranges_birds.gpkg")],
        assessments=str(folder / "redlist.zip"),
        occurrences=[str(folder / "occurrences.csv")],
        populations=str(folder / "populations.csv"),
        habitats=str(folder / "habitat"),
        version="sample",
        citation=QCoreApplication.translate("AzePanel", "AZE Toolkit sample, invented species"),
    )


def _open_layers(session: Session, folder: Path) -> None:
    present = {
        layer.source().partition("|")[0]
        for layer in session.project.mapLayers().values()
        if layer.isValid() and layers.role_of(layer)
    }
    for role, name, style in _LAYERS:
        if str(folder / name) not in present:
            session.sources.add(role, str(folder / name), style)
    if session.sites.table is None:
        session.sites.use_table(str(folder / "site_triggers.csv"))


def _add_candidates(session: Session, folder: Path) -> None:
    source = QgsVectorLayer(layers.candidate_uri(str(folder / "candidates.gpkg")), "candidates", "ogr")
    wanted = [f for f in source.getFeatures() if f["name"] not in session.candidates.names]
    # A candidate with the name of an existing site is a new boundary for it.
    existing = QgsVectorLayer(str(folder / "sites.gpkg"), "sites", "ogr").getFeatures()
    sites = {f["IntName"]: str(f["SitRecID"]) for f in existing}
    for feature in wanted:
        name = feature["name"]
        kind = {"kind": "update_site", "updates_site": name, "updates_id": sites[name]} if name in sites else {}
        session.candidates.add(name, feature.geometry(), announce=False, **kind)
    if wanted and not session.candidates.layer.commitChanges(True):
        session.message.emit("; ".join(session.candidates.layer.commitErrors()), messages.CRITICAL)

    statements = json.loads((folder / "statements.json").read_text(encoding="utf-8"))["candidates"]
    examples = paths.load_json("schemas", "nomination.schema.json")["examples"]
    known = {example["site"]["international_name"]: example for example in examples}
    for name in session.candidates.names:
        if name in statements and name not in session.nominations.written:
            details = dict(known[name]) if name in known else session.nominations.blank(name)
            details["statements"] = {"schema": "aze-statements/1", "candidates": {name: statements[name]}}
            session.nominations.replace(details, name)
    session.candidates.set_current(MAIN_CANDIDATE)


def _zoom(session: Session) -> None:
    """Show the islands that are together; the ones at the edge of the map would make them too small to see."""
    extent = QgsRectangle()
    for layer in session.sources.site_layers:
        extent.combineExtentWith(layer.extent())
    # QGIS itself shows the whole of the first layer of a project a moment after it was added.
    timer = QTimer(session)
    timer.setSingleShot(True)
    timer.timeout.connect(lambda: session.zoom_to(extent, flash=False))
    timer.timeout.connect(timer.deleteLater)
    timer.start(_AFTER_QGIS_MS)
