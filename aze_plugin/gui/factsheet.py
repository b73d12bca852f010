"""Fact sheets made from the panel: where to, made in the background, and opened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication, QDate, QUrl
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import QFileDialog, QWidget

from ..domain.errors import AzeError
from ..services.files import Scratch
from ..services.wording import text
from . import facts, layers, messages, preferences

if TYPE_CHECKING:
    from .protection import Subject
    from .session import Session

_ALGORITHM = "aze:sitefactsheet"
_LONGEST = 80


def ask(session: Session, subject: Subject, window: QWidget) -> None:
    """Ask where the sheet of a site, or of the current candidate, is to go, and have it made."""
    translate = QCoreApplication.translate
    if not subject.layer_id and subject.geometry is None:
        session.message.emit(
            translate("AzePanel", "There is no boundary to tell of yet. Draw or import one first."), messages.WARNING
        )
        return
    name = "".join(c if c.isalnum() or c in " -_" else "_" for c in subject.name)[:_LONGEST].strip() or "site"
    path, kind = QFileDialog.getSaveFileName(
        window,
        translate("AzePanel", "Fact sheet of {name}").format(name=subject.name),
        str(Path(facts.last_folder()) / f"{name}.pdf"),
        translate("AzePanel", "PDF (*.pdf);;Page for browsers (*.html)"),
    )
    if path:
        if not Path(path).suffix:
            path += ".html" if "html" in kind else ".pdf"
        facts.keep_folder(path)
        make(session, subject, path)


def make(session: Session, subject: Subject, path: str) -> None:
    """Make the sheet in the background, as HTML where the path says so, else as PDF, and open it."""
    translate = QCoreApplication.translate
    folder = Scratch()
    try:
        parameters = _parameters(session, subject, folder.path)
    except AzeError as error:
        session.message.emit(text(error.code, error.params), messages.WARNING)
        return
    parameters["OUTPUT" if path.lower().endswith((".html", ".htm")) else "PDF"] = path

    def done(_results, _context) -> None:
        said = translate("AzePanel", "The fact sheet of “{name}” is in {path}.").format(name=subject.name, path=path)
        session.message.emit(said, messages.SUCCESS)
        show(path)

    title = translate("AzePanel", "Fact sheet of {name}").format(name=subject.name)
    failed = lambda sentence: session.message.emit(sentence, messages.CRITICAL)  # noqa: E731
    session.runner.start("fact sheet", _ALGORITHM, parameters, title, done, failed, folder)


def show(path: str) -> None:
    """Open a file by the program that the system has for its kind."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(path))


def _parameters(session: Session, subject: Subject, folder: Path) -> dict[str, Any]:
    """What the panel knows; files among it are written to the folder."""
    sources = session.sources
    known: dict[str, Any] = {
        **preferences.criteria_parameters(),
        "PROTECTED": sources.protected_layers,
        "LIBRARY": "" if sources.library_problem else sources.library_path,
        "AUTHORITY": sources.authority,
        "TRIGGERS": session.sites.table,
        "RASTERS": [raster for raster in (sources.landcover, sources.elevation) if raster is not None],
        "COUNTRIES": sources.countries,
        "DATE": QDate.currentDate().toString("yyyy-MM-dd"),
        # Nothing that takes long in a large raster, for a sheet that somebody waits for.
        "COMPARE": False,
    }
    if subject.layer_id:
        layer = session.project.mapLayer(subject.layer_id)
        if layer is None:
            raise AzeError("sites.gone", site=subject.name)
        known |= {"SITES": layer, "FEATURE": subject.fid}
    else:
        known |= _candidate(session, subject, folder)
    found = QgsApplication.processingRegistry().algorithmById(_ALGORITHM)
    offered = {definition.name() for definition in found.parameterDefinitions()} if found is not None else set()
    return {key: value for key, value in known.items() if key in offered and value not in (None, "", [])}


def _candidate(session: Session, subject: Subject, folder: Path) -> dict[str, Any]:
    """A candidate's own: its boundary as it is now, existing sites, statements and estimates."""
    updates = session.candidates.updated_site(), session.candidates.updated_id()
    boundary = layers.snapshot([(subject.name, subject.geometry)], updates)
    known = {"SITES": boundary, "SITE_ID": subject.name, **session.sources.site_parameters("EXISTING")}
    statements = session.nominations.details.get("statements")
    if statements:
        path = folder / "statements.json"
        path.write_text(json.dumps(statements), encoding="utf-8")
        known["STATEMENTS"] = str(path)
    populations = session.estimates.write(subject.name, folder)
    if populations:
        known["POPULATIONS"] = populations
    return known
