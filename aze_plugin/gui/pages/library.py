"""The card of the species library: what it holds, what the last import brought, and whose Red List counts."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtWidgets import QComboBox, QFileDialog, QVBoxLayout, QWidget

from ...domain.errors import AzeError
from ...services import figures
from ...services.project_state import is_connection
from ...services.wording import text
from .. import facts, messages
from ..import_dialog import ImportDialog
from ..report_dialog import ReportDialog
from ..session import Session
from ..widgets.basics import ElidedLabel, TextLabel, link
from ..widgets.dropcard import DropCard

_MOST_SOURCES = 6


class LibraryCard(DropCard):
    """The species library: open, import or refresh, and what it holds."""

    def __init__(self, session: Session, load_sample):
        super().__init__(QCoreApplication.translate("AzeData", "Species library"), self._dropped)
        translate = QCoreApplication.translate
        self.session = session
        self.name = self.add(ElidedLabel(mode=Qt.TextElideMode.ElideMiddle))
        self.facts = self.add(TextLabel())
        self.sources = self.add(TextLabel(muted=True))
        self.problem = self.add(TextLabel())
        self.imported = self.add(QWidget())
        column = QVBoxLayout(self.imported)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.imported_text = TextLabel()
        column.addWidget(self.imported_text)
        column.addWidget(link(translate("AzeData", "full report ▸"), self._show_report))
        self.authority = self.add(QComboBox())
        self.authority.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.authority.setMinimumContentsLength(8)
        self.authority.setAccessibleName(translate("AzeData", "Red List whose categories count"))
        self.authority.setToolTip(
            translate(
                "AzeData",
                "Whose categories count. AZE goes by the global Red List; results by a national list name that list.",
            )
        )
        self.authority.activated.connect(lambda: session.use_authority(self.authority.currentData()))
        self.open = self.add_button(translate("AzeData", "Open…"), self._open, translate("AzeData", "Open a library"))
        self.import_ = self.add_button(
            translate("AzeData", "Import…"),
            self.show_import,
            translate("AzeData", "Import range maps, a Red List, records, estimates or areas of habitat"),
        )
        self.refresh = self.add_button(
            translate("AzeData", "Refresh categories…"),
            self._show_refresh,
            translate("AzeData", "Ask the Red List which categories have changed"),
        )
        self.sample = self.add_button(translate("AzeData", "Load the sample"), load_sample)
        session.dataChanged.connect(self.show_state)
        session.busyChanged.connect(self._show_busy)
        self._show_busy()

    def show_state(self) -> None:
        """Show what is loaded."""
        session, translate = self.session, QCoreApplication.translate
        path, summary = session.sources.library_path, session.sources.library_summary
        self.sample.setVisible(not path)
        self.refresh.setVisible(bool(summary))
        self.name.setVisible(bool(path))
        self.name.setText(path if is_connection(path) else Path(path).name if path else "")
        self.name.setToolTip(path)
        self.problem.setText(session.sources.library_problem)
        self.problem.setVisible(bool(session.sources.library_problem))
        if session.sources.library_problem:
            self.set_state("problem", translate("AzeData", "cannot be used"))
        elif summary:
            self.set_state("fine", translate("AzeData", "ready"))
        else:
            self.set_state("empty", translate("AzeData", "none"))
        self.set_summary(
            ""
            if path
            else translate(
                "AzeData",
                "Which species live where, and how threatened they are. Open a library, or import what you downloaded: "
                "range maps, a Red List, records. Files can be dropped here.",
            )
        )
        self.facts.setText(_facts(summary) if summary else "")
        self.sources.setText(_sources(summary) if summary else "")
        for label in (self.facts, self.sources):
            label.setVisible(bool(label.text()))
        report = session.import_report
        self.imported.setVisible(bool(report))
        if report:
            self.imported_text.setText(_import_summary(report))
        self._show_authorities()

    def _show_authorities(self) -> None:
        translate, sources = QCoreApplication.translate, self.session.sources
        names = list(sources.authorities)
        lists = [(translate("AzeData", "By the global Red List of IUCN"), "")]
        lists += [(translate("AzeData", "By the national list: {name}").format(name=name), name) for name in names]
        if sources.authority and sources.authority not in names:
            missing = translate("AzeData", "By the national list: {name}, which is not in this library")
            lists.append((missing.format(name=sources.authority), sources.authority))
        if lists != [(self.authority.itemText(i), self.authority.itemData(i)) for i in range(self.authority.count())]:
            self.authority.clear()
            for shown, name in lists:
                self.authority.addItem(shown, name)
        self.authority.setCurrentIndex([name for _, name in lists].index(sources.authority))
        self.authority.setVisible(len(lists) > 1 and bool(sources.library_summary))

    def _show_busy(self) -> None:
        importing = self.session.runner.running("import")
        lacking = self.session.sources.installation_problem
        for button in (self.open, self.import_, self.sample, self.refresh, self.authority):
            button.setEnabled(not importing and not lacking)
        if importing:
            self.set_state("work", QCoreApplication.translate("AzeData", "importing"))
        else:
            self.show_state()

    def _open(self) -> None:
        translate = QCoreApplication.translate
        path, _ = QFileDialog.getOpenFileName(
            self,
            translate("AzeData", "Open a species library"),
            facts.last_folder(),
            translate("AzeData", "Libraries (*.gpkg)"),
        )
        if path:
            facts.keep_folder(path)
            self.session.open_library(path)

    def show_import(self, files: list[str] | None = None) -> None:
        """Ask what to import, and import it."""
        dialog = ImportDialog(self.session.sources.library_path, files or [], self.window())
        if dialog.exec():
            self.session.import_library(**dialog.choice())

    def _dropped(self, files: list[str]) -> None:
        if len(files) == 1 and files[0].lower().endswith(".gpkg"):
            from ...library.query import Library

            try:
                Library.open(files[0]).close()
            except AzeError as error:
                if error.code != "library.not_a_library":
                    self.session.message.emit(text(error.code, error.params), messages.WARNING)
                    return
            else:
                self.session.open_library(files[0])
                return
        self.show_import(files)

    def _show_refresh(self) -> None:
        from ..refresh_dialog import RefreshDialog

        RefreshDialog(self.session, self.window()).exec()

    def _show_report(self) -> None:
        ReportDialog(self.session.import_report, self.window()).exec()


def _amounts(range_rows: int, assessments: int, records: int, habitats: int, estimates: int) -> list[str]:
    """What there is of each kind in words, without those of which there is nothing."""
    translate = QCoreApplication.translate
    kinds = (
        (range_rows, translate("AzeData", "1 range row"), translate("AzeData", "{count} range rows")),
        (assessments, translate("AzeData", "1 assessment"), translate("AzeData", "{count} assessments")),
        (records, translate("AzeData", "1 record"), translate("AzeData", "{count} records")),
        (habitats, translate("AzeData", "1 area of habitat"), translate("AzeData", "{count} areas of habitat")),
        (estimates, translate("AzeData", "1 estimate"), translate("AzeData", "{count} estimates")),
    )
    return [
        (one if count == 1 else many.format(count=figures.number(count))).replace(" ", "\u00a0")
        for count, one, many in kinds
        if count
    ]


def _facts(summary: dict) -> str:
    translate = QCoreApplication.translate
    taxa = translate("AzeData", "{count} taxa").format(count=figures.number(summary["taxa"]))
    kinds = ("rows", "assessments", "records", "habitats", "estimates")
    lines = [" · ".join([taxa, *_amounts(*(summary[kind] for kind in kinds))])]
    releases = dict.fromkeys(source["version"] for source in summary["sources"] if source["version"])
    when = []
    if releases:
        when.append(translate("AzeData", "release {names}").format(names=", ".join(releases)))
    if summary["imported_at"]:
        when.append(translate("AzeData", "imported {date}").format(date=facts.date(summary["imported_at"])))
    lines.append(" · ".join(when))
    if summary["extent"]:
        lines.append(facts.extent(summary["extent"]))
    return "\n".join(line for line in lines if line)


def _sources(summary: dict) -> str:
    # A file inside an archive goes by the archive's name, which is what the user knows.
    names = list(dict.fromkeys(source["name"].partition("/")[0] for source in summary["sources"]))
    shown = ", ".join(names[:_MOST_SOURCES])
    if len(names) <= _MOST_SOURCES:
        return shown
    more = QCoreApplication.translate("AzeData", "{names} and {count} more")
    return more.format(names=shown, count=figures.number(len(names) - _MOST_SOURCES))


def _import_summary(report: dict) -> str:
    translate = QCoreApplication.translate
    imported: dict[str, int] = {}
    for source in report["sources"]:
        imported[source["kind"]] = imported.get(source["kind"], 0) + source["rows_imported"]
    rejected = sum(source["rows_rejected"] for source in report["sources"])
    kinds = ("ranges", "assessments", "occurrences", "habitats", "estimates")
    brought = ", ".join(_amounts(*(imported.get(kind, 0) for kind in kinds))) or translate("AzeData", "nothing")
    said = translate("AzeData", "Imported: {amounts}.").format(amounts=brought)
    if not rejected:
        return said
    rest = (
        translate("AzeData", "One row was not taken.")
        if rejected == 1
        else translate("AzeData", "{count} rows were not taken.").format(count=figures.number(rejected))
    )
    return f"{said} {rest}"
