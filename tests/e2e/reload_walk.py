"""Inside QGIS: the plugin is unloaded in the midst of its work and loaded again, ten times; what each time left."""

import gc
import os
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path

sys.path.insert(0, os.environ["AZE_SCRIPTS"])

import qgis.utils
from inside import ARGUMENTS, FOUND, pause, run, settled_map, step, wait
from qgis.core import QgsApplication, QgsProject, QgsSettings
from qgis.PyQt.QtCore import QCoreApplication, QEvent, QObject, QTimer, qInstallMessageHandler
from qgis.PyQt.QtWidgets import QAction, QApplication, QDialog, QDockWidget, QToolBar, QTreeView
from qgis.utils import iface

# Of this run alone.
tempfile.tempdir = ARGUMENTS["temporary"]
NAME = "aze_plugin"
TIMES = 10
# Of these nothing at all may be left; of the rest no more than there was after the first time.
LEFT = ("docks", "toolbars", "menu", "provider", "tasks", "threads", "files", "path", "modules", "living")
window, canvas = iface.mainWindow(), iface.mapCanvas()


def dock():
    return window.findChild(QDockWidget, "AzePanel")


def receivers():
    """How many Python functions listen to the signals of what outlives the plugin."""
    project = QgsProject.instance()
    lasting = {
        "project": project,
        "tree": project.layerTreeRoot(),
        "layouts": project.layoutManager(),
        "interface": iface,
        "window": window,
        "canvas": canvas,
        "messages": iface.messageBar(),
        "log": QgsApplication.messageLog(),
        "tasks": QgsApplication.taskManager(),
        "algorithms": QgsApplication.processingRegistry(),
        "application": QApplication.instance(),
        "digitizing": iface.cadDockWidget(),
    }
    lasting.update({f"layer {layer.name()}": layer for layer in project.mapLayers().values()})
    lines = []
    before = qInstallMessageHandler(lambda _kind, _context, line: lines.append(line))
    found = Counter()
    for name, kept in lasting.items():
        lines.clear()
        kept.dumpObjectInfo()
        signal = ""
        for line in lines:
            if line.strip().startswith("signal:"):
                signal = line.split(":", 1)[1].strip()
            # Python's slots have a proxy each.
            elif "-->" in line and "PyQtSlotProxy" in line:
                found[f"{name}.{signal}"] += 1
    qInstallMessageHandler(before)
    return found


def options_pages():
    """Names of the pages that QGIS's options have."""
    found = []

    def look():
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QDialog):
            QTimer.singleShot(100, look)
            return
        for tree in dialog.findChildren(QTreeView):
            model = tree.model()
            found.extend(str(model.index(n, 0).data()) for n in range(model.rowCount()))
        dialog.reject()

    QTimer.singleShot(100, look)
    iface.showOptionsDialog(window)
    return found


def living():
    """Objects of the plugin's classes, and these classes themselves, by name. Those of an earlier load count too."""
    counted = Counter()
    for thing in gc.get_objects():
        kind = thing if isinstance(thing, type) else type(thing)
        if str(kind.__module__).startswith(f"{NAME}."):
            counted[f"{'class ' * (kind is thing)}{kind.__module__}.{kind.__qualname__}"] += 1
    return counted


def memory_mib():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def swept():
    """Let go of what waits to be deleted, and let threads that were given up come to their end."""
    wait(lambda: not any(t.name.startswith("aze-") for t in threading.enumerate()), 120, "a thread goes on")
    for _ in range(3):
        pause(0.05)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.collect()


def traces():
    swept()
    return {
        "docks": [d.objectName() for d in window.findChildren(QDockWidget) if "Aze" in d.objectName()],
        "toolbars": [t.objectName() for t in window.findChildren(QToolBar) if "Aze" in t.objectName()],
        "menu": [a.text() for a in iface.pluginMenu().actions() if "AZE" in a.text()],
        "provider": QgsApplication.processingRegistry().providerById("aze") is not None,
        "actions": len(window.findChildren(QAction)),
        "children": Counter(type(o).__name__ for o in window.findChildren(QObject)),
        "windows": sorted(f"{type(w).__name__} {w.windowTitle()}" for w in QApplication.topLevelWidgets()),
        "scene": Counter(type(i).__name__ for i in canvas.scene().items()),
        "tool": type(canvas.mapTool()).__name__,
        "threads": sorted(t.name for t in threading.enumerate() if t.name.startswith("aze-")),
        "tasks": QgsApplication.taskManager().count(),
        "files": sorted(p.name for p in Path(tempfile.gettempdir()).iterdir() if p.name.startswith("aze-")),
        "path": [p for p in sys.path if NAME in p],
        "receivers": receivers(),
        "living": living(),
        "modules": sorted(m for m in sys.modules if m.startswith(NAME)),
    }


def differences(before, after):
    """What is another than it was, both ways."""
    found = {}
    for key in before:
        if before[key] == after[key]:
            continue
        if isinstance(before[key], dict):
            keys = sorted({*before[key], *after[key]})
            found[key] = {
                k: [before[key].get(k, 0), after[key].get(k, 0)]
                for k in keys
                if before[key].get(k, 0) != after[key].get(k, 0)
            }
        else:
            found[key] = [before[key], after[key]]
    return found


def begin():
    """Load the plugin and open its panel, with the project as it is."""
    qgis.utils.loadPlugin(NAME)
    qgis.utils.startPlugin(NAME)
    dock().setUserVisible(True)
    wait(lambda: dock().session is not None, 120, "the panel did not open")
    return dock().session


def send(session):
    """Put the package into the outbox, for a server that takes no more than the beginning."""
    from aze_plugin.domain.progress import Progress
    from aze_plugin.packaging.transfer_look import contents
    from aze_plugin.services.outbox import Endpoint

    receiver = Endpoint("slow", "Slow receiver", "webdav", ARGUMENTS["server"], "", "")
    session.outbox.add(contents(ARGUMENTS["package"], Progress()), receiver)


def busy(session, turn):
    """Let everything be under way: the check or the cover, the outbox, the meter, tools, windows, reading of sites."""
    panel = dock().panel
    if session.outbox.interrupted:
        session.outbox.resume_interrupted()
    wait(lambda: session.outbox.current is not None, 120, "nothing is sent")
    session.show_page(("boundary", "criteria", "protection", "nomination", "data")[turn % 5])
    session.sites.want()
    panel.page("boundary").toggle_drawing()
    reviewing = qgis.utils.plugins[NAME].interface.reviewing
    reviewing.open(ARGUMENTS["package"])
    holder = QObject()
    session.meter.hold(holder, session.candidates.current)
    from aze_plugin.gui.meter import wkb_of

    for _ in range(3):
        session.meter.move(wkb_of(session.candidates.geometry()))
        pause(0.01)
    if turn % 3 == 0:
        wait(lambda: session.meter.reading is not None or session.meter.problem, 120, "the meter says nothing")
        session.meter.move(wkb_of(session.candidates.geometry()))
    if turn % 2:
        session.check()
    else:
        session.protection.measure_candidate()
    return {
        "algorithm": session.busy is not None,
        "sending": session.outbox.current is not None,
        "meter": session.meter.is_shown,
        "tasks": QgsApplication.taskManager().countActiveTasks(),
    }


def steps():
    said = FOUND["said"] = []
    QgsApplication.messageLog().messageReceived.connect(lambda *given: said.append([str(part) for part in given]))
    QgsSettings().setValue("aze_toolkit/panel_shown", False)
    # The sample, and a package to send
    dock().setUserVisible(True)
    wait(lambda: dock().panel is not None, 120, "the panel did not open")
    session = dock().session
    dock().panel.page("data").load_sample()
    wait(lambda: session.sources.library_summary, 120, "no library came")
    wait(lambda: session.results.coverage and not session.results.coverage_stale, 120, "no cover came")
    session.export(ARGUMENTS["package"], allow_incomplete=True)
    wait(lambda: session.package, 120, "no package came")
    QgsProject.instance().setFileName(ARGUMENTS["project"])
    QgsProject.instance().write()
    settled_map(canvas)
    send(session)
    FOUND["options_loaded"] = options_pages()
    said.clear()
    FOUND["busy"], FOUND["left"], FOUND["memory_mib"], FOUND["changed"] = [], [], [], []
    first = None
    for turn in range(TIMES):
        FOUND["busy"].append(busy(session, turn))
        session = None
        qgis.utils.unloadPlugin(NAME)
        now = traces()
        first = first or now
        FOUND["left"].append({key: now[key] for key in LEFT})
        FOUND["changed"].append(differences(first, now))
        FOUND["memory_mib"].append(memory_mib())
        step(f"turn {turn}")
        if turn == TIMES - 1:
            break
        session = begin()
    FOUND["options_unloaded"] = options_pages()


run(steps)
