"""The print layouts of reports as the user has them: opened in QGIS's layout designer, kept in the profile, given up.

While one is edited it is a layout of the project, as QGIS's designer asks for; it leaves the project when its window is
closed, and what was changed is then in the user's own copy.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from qgis.core import QgsPrintLayout, QgsProject, QgsReadWriteContext
from qgis.PyQt.QtCore import QCoreApplication, QObject, QTimer
from qgis.PyQt.QtXml import QDomDocument

from .. import paths
from ..domain.errors import AzeError
from ..services import files


def names() -> list[str]:
    """The templates that the plugin ships."""
    return sorted(path.stem for path in paths.resource("layouts").glob("*.qpt"))


def title(name: str) -> str:
    """What a template is for, in words."""
    translate = QCoreApplication.translate
    return {
        "country": translate("AzeOptions", "Country report"),
        "screening": translate("AzeOptions", "Screening of a project"),
        "factsheet": translate("AzeOptions", "Fact sheet of a site"),
        "nomination": translate("AzeOptions", "Report of a nomination"),
    }.get(name, name)


def is_own(name: str) -> bool:
    """Whether the user has a copy of a template."""
    return _own_path(name).exists()


def restore(name: str) -> None:
    """Give the user's own copy up, so that the plugin's template counts again."""
    _own_path(name).unlink(missing_ok=True)


def edit(iface, name: str) -> None:
    """Open the user's copy of a template in QGIS's designer; raises AzeError ``layout.template`` for a damaged one."""
    if not _editing:
        _editing.append(LayoutEditing(iface))
    _editing[0].edit(name)


def close() -> None:
    """Keep what was changed and close all designers; for unloading."""
    while _editing:
        _editing.pop().close()


@dataclass
class _Edited:
    """A layout in the designer, and how it was."""

    name: str
    layout: QgsPrintLayout
    before: str


class LayoutEditing(QObject):
    """Templates that are open in the designer."""

    def __init__(self, iface, parent: QObject | None = None):
        super().__init__(parent)
        self._iface = iface
        self._open: list[_Edited] = []
        iface.layoutDesignerWillBeClosed.connect(self._keep)

    def edit(self, name: str) -> None:
        """Open the user's copy of a template, made of the plugin's where there is none yet.

        Raises AzeError ``layout.template`` for a damaged copy.
        """
        for known in self._open:
            if known.name == name:
                self._iface.openLayoutDesigner(known.layout)
                return
        from ..services.reporting import fonts, template

        fonts.load()
        project = QgsProject.instance()
        was_dirty = project.isDirty()
        made = QgsPrintLayout(project)
        _load(made, template.template_path(name))
        made.setName(_unused(project, f"AZE: {title(name)}"))
        project.layoutManager().addLayout(made)
        designer = self._iface.openLayoutDesigner(made)
        project.setDirty(was_dirty)
        # The designer itself adds a little.
        known = _Edited(name, made, _written(made))
        self._open.append(known)
        # A window that is closed still looks at its layout until it is gone.
        designer.window().destroyed.connect(lambda _window=None: _take_out(made))
        QTimer.singleShot(0, designer.view().zoomFull)

    def close(self) -> None:
        """Keep what was changed, and close the designers."""
        ours = [known.layout for known in self._open]
        for designer in self._iface.openLayoutDesigners():
            if designer.layout() in ours:
                designer.close()
        self._iface.layoutDesignerWillBeClosed.disconnect(self._keep)

    def _keep(self, designer) -> None:
        """What was changed in a designer becomes the user's copy."""
        for known in [known for known in self._open if known.layout == designer.layout()]:
            self._open.remove(known)
            if _written(known.layout) == known.before:
                continue
            path = _own_path(known.name)
            path.parent.mkdir(parents=True, exist_ok=True)
            with files.replacing(path) as beside:
                known.layout.saveAsTemplate(str(beside), QgsReadWriteContext())


def _take_out(made: QgsPrintLayout) -> None:
    """Take a layout out of the project, where it did not go with the project itself."""
    project = QgsProject.instance()
    if project is None or made not in project.layoutManager().layouts():
        return
    was_dirty = project.isDirty()
    project.layoutManager().removeLayout(made)
    project.setDirty(was_dirty)


def _own_path(name: str) -> Path:
    # Brings shapely along, which the options must open without.
    from ..services.reporting.template import own_path

    return own_path(name)


def _load(made: QgsPrintLayout, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    document = QDomDocument()
    sound = document.setContent(text) if "<!ENTITY" not in text else False
    if not (sound[0] if isinstance(sound, tuple) else sound):
        raise AzeError("layout.template", file=str(path), detail="XML")
    _, loaded = made.loadFromTemplate(document, QgsReadWriteContext())
    if not loaded:
        raise AzeError("layout.template", file=str(path), detail="")


def _written(made: QgsPrintLayout) -> str:
    document = QDomDocument()
    document.appendChild(made.writeXml(document, QgsReadWriteContext()))
    return document.toString(0)


def _unused(project: QgsProject, name: str) -> str:
    found, number = name, 2
    while project.layoutManager().layoutByName(found) is not None:
        found, number = f"{name} ({number})", number + 1
    return found


_editing: list[LayoutEditing] = []
