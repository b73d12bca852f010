"""Reports that the toolbox has, opened in QGIS's own dialog with what the panel knows already filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtWidgets import QWidget

from . import factsheet, messages

if TYPE_CHECKING:
    from .protection import Subject
    from .session import Session


def offered() -> list[tuple[str, str]]:
    """Id and title of each report that is there."""
    translate = QCoreApplication.translate
    titles = {
        "aze:sitefactsheet": translate("AzeProtection", "Fact sheet of this site…"),
        "aze:countryreport": translate("AzeProtection", "Country report…"),
    }
    registry = QgsApplication.processingRegistry()
    return [(name, title) for name, title in titles.items() if registry.algorithmById(name) is not None]


def known(session: Session, subject: Subject) -> dict[str, Any]:
    """What the panel knows of the parameters of reports, about a site or the current candidate."""
    layer = session.project.mapLayer(subject.layer_id) if subject.layer_id else session.candidates.layer
    values: dict[str, Any] = {
        "SITES": layer,
        "SITE_ID": subject.site_id or subject.name,
        "PROTECTED": session.sources.protected_layers,
        "LIBRARY": session.sources.library_path,
        "COUNTRY": subject.iso3,
        "COUNTRIES": session.sources.countries,
    }
    return {name: value for name, value in values.items() if value}


def open_report(session: Session, name: str, subject: Subject, window: QWidget | None = None) -> None:
    """Open the dialog of a report; of a fact sheet, ask of ``window`` where it is to go, and make it."""
    found = QgsApplication.processingRegistry().algorithmById(name)
    if found is None:
        return
    if name == "aze:sitefactsheet" and window is not None:
        factsheet.ask(session, subject, window)
        return
    values = known(session, subject)
    if name == "aze:countryreport" and session.sources.site_layers:
        # Of all sites, not of the layer of candidates.
        values["SITES"] = values["SITES"] if subject.layer_id else session.sources.site_layers[0]
    values = {key: value for key, value in values.items() if found.parameterDefinition(key) is not None}
    try:
        from processing import createAlgorithmDialog
    except ImportError:
        session.message.emit(
            QCoreApplication.translate(
                "AzeProtection", "QGIS's own Processing plugin is switched off. Switch it on in the plugin manager."
            ),
            messages.WARNING,
        )
        return
    dialog = createAlgorithmDialog(name, values)
    if dialog is not None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()
