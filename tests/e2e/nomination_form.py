"""Inside QGIS: both sample nominations filled in by hand in the panel, checked, and exported."""

import os
import sys

sys.path.insert(0, os.environ["AZE_SCRIPTS"])

import qgis.utils  # noqa: F401 - the application has to be up
from inside import ARGUMENTS, FOUND, pause, run, step, wait
from qgis.core import QgsProject
from qgis.PyQt.QtCore import QDate, Qt
from qgis.PyQt.QtGui import QGuiApplication
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QComboBox, QDateTimeEdit, QDockWidget, QFileDialog, QLineEdit, QPlainTextEdit
from qgis.utils import iface

window = iface.mainWindow()


def pasted(editor, text):
    """Put a text into an editor as a person does who has it elsewhere."""
    editor.setFocus()
    editor.selectAll()
    QGuiApplication.clipboard().setText(text)
    editor.paste()


def enter(field, value):
    """Give a field a value with the means of its editor."""
    editor = field.editor
    if isinstance(editor, QComboBox):
        index = editor.findData(value)
        if index < 0:
            raise ValueError(f"{field.title} does not offer {value}")
        editor.setCurrentIndex(index)
        editor.activated.emit(index)
    elif isinstance(editor, QDateTimeEdit):
        editor.setDate(QDate.fromString(value, Qt.DateFormat.ISODate))
    elif isinstance(editor, (QLineEdit, QPlainTextEdit)):
        pasted(editor, str(value))
    else:
        raise TypeError(type(editor).__name__)
    field.commit()
    pause(0)


def choose_term(field, deepest):
    """Find a term by its number and take it."""
    popup = field.editor.open()
    QTest.keyClicks(popup.line, deepest.split(" ")[0].rstrip("."))
    if not popup.view.currentIndex().data().startswith(deepest):
        # What stands alone has no number.
        popup.line.setText(deepest)
    QTest.keyClick(popup.line, Qt.Key.Key_Return)
    pause(0)


def fill_row(rows, entry):
    """Fill in the chosen row."""
    levels = rows._levels
    below = {key for keys in levels.values() for key in keys[1:]}
    for key, value in entry.items():
        if key in levels:
            choose_term(rows.fields[key], [entry[k] for k in levels[key] if k in entry][-1])
        elif key not in below:
            if rows.fields[key].isHidden():
                raise ValueError(f"{key} is not asked for in {entry}")
            if rows.fields[key].editor.value() != value:
                enter(rows.fields[key], value)


def fill(page, example, name):
    """Fill in all of a nomination, section by section."""
    session = page.session
    species = example["statements"]["candidates"][name].get("species", {})
    for section in page.form.names():
        page.show_section(section)
        pause(0.1)
        members = page.form.sections[section].members
        for key, value in example.get(section, {}).items():
            if not isinstance(value, list):
                if members[key].editor.value() != value:
                    enter(members[key], value)
                continue
            rows = members[key]
            # Rows that are derived become the nominator's own with the first that is added; these then go.
            adopted = rows.table.rowCount() if rows.schema.get("x-derived-rows") == "adopted" else 0
            for entry in value:
                identity = [entry.get(k) for k in rows._key]
                there = [n for n, row in enumerate(rows._complete) if [row.get(k) for k in rows._key] == identity]
                if there and not adopted:
                    rows.choose(there[0])
                else:
                    count = rows.table.rowCount()
                    rows.add.click()
                    wait(lambda rows=rows, count=count: rows.table.rowCount() == count + 1, 120, f"no row for {entry}")
                pause(0)
                fill_row(rows, entry)
                pause(0)
            for _ in range(adopted):
                rows.choose(0)
                rows.remove.click()
                pause(0)
        if section == "delineation":
            enter(members["rationale"], example["statements"]["candidates"][name]["delineation_rationale"])
        if section == "biodiversity":
            for taxon, said in species.items():
                names = [row["scientific_name"] for row in members["species"]._complete]
                members["species"].choose(names.index(taxon), "evidence_of_presence")
                for key, text in said.items():
                    enter(members["species"].fields[key], text)
        step(f"{name}: {section}")
    wait(lambda: settled(session), 120, f"{name} was not checked")


def settled(session):
    results = session.results
    return bool(
        results.assessment
        and not results.assessment_stale
        and results.coverage
        and not results.coverage_stale
        and session.busy is None
        and session.prefill.known() is not None
        and not session._review_timer.isActive()
    )


def steps():
    window.resize(1500, 980)
    dock = window.findChild(QDockWidget, "AzePanel")
    dock.setUserVisible(True)
    panel, session = dock.panel, dock.session
    window.resizeDocks([dock], [ARGUMENTS["width"]], Qt.Orientation.Horizontal)
    panel.page("data").load_sample()
    wait(lambda: session.sources.library_summary, 120, "no library came")
    page = panel.page("nomination")
    session.show_page("nomination")
    FOUND["examples"] = {}
    for example in page.form.schema["examples"]:
        name = example["site"]["international_name"]
        session.candidates.set_current(name)
        # The sample brings nominations of its own: begun is from nothing.
        session.nominations.replace({"schema": "aze-nomination/1", "kind": "new_site"}, name)
        session.candidates.set_kind("new_site")
        wait(lambda: settled(session), 120, f"{name} was not checked")
        page.show_section("overview")
        pause(0.2)
        if example["kind"] == "update_site":
            page.overview.kind.kind.setCurrentIndex(1)
            page.overview.kind.kind.activated.emit(1)
            popup = page.overview.kind.open_sites()
            wait(lambda popup=popup: popup.view.count() > 0, 120, "no sites came")
            QTest.keyClicks(popup.line, example["update"]["site_id"])
            QTest.keyClick(popup.line, Qt.Key.Key_Return)
            pause(0.5)
            wait(lambda: settled(session), 120, f"{name} was not compared")
            wait(lambda: len(session.nominations.completed["update"]["changes"]) > 3, 120, "no changes came")
            pause(0.3)
        before = page.form.progress()
        fill(page, example, name)
        pause(0.3)
        target = os.path.join(ARGUMENTS["folder"], f"{example['kind']}.zip")
        QFileDialog.getSaveFileName = staticmethod(lambda *args, target=target, **kwargs: (target, ""))
        blocking = [p["message"] for p in session.nominations.problems if p["severity"] == "blocking"]
        FOUND["examples"][example["kind"]] = {
            "before": before,
            "after": page.form.progress(),
            "blocking": blocking,
            "states": {key: page.rail.state(key) for key in page.form.names()},
            "details": session.nominations.details,
        }
        dock.grab().save(os.path.join(ARGUMENTS["folder"], f"{example['kind']}.png"))
        if blocking:
            continue
        session.package = None
        page.foot.export.click()
        wait(lambda: session.package is not None, 120, f"{name} was not exported")
        FOUND["examples"][example["kind"]]["package"] = session.package
    # The kind of a candidate is an edit of its layer: it is saved as a person saves it.
    panel.page("boundary").save()
    project = os.path.join(ARGUMENTS["folder"], "form.qgz")
    FOUND["saved"] = QgsProject.instance().write(project)


run(steps)
