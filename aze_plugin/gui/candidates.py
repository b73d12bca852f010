"""The candidates of a project: boundaries in one GeoPackage layer, known by name, changed in undoable steps."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from qgis.core import QgsApplication, QgsFeature, QgsGeometry, QgsProject, QgsVectorLayer, QgsVectorLayerUtils
from qgis.PyQt.QtCore import QCoreApplication, QDateTime, QObject, Qt, QTimer, QUuid, pyqtSignal

from ..domain.errors import AzeError
from ..domain.rounding import rounded_wkb
from ..services.versions import History
from ..services.wording import text
from . import layers, measure, messages

# Milliseconds between two attempts to remove a draft that was moved, and how many there are.
_LOOK_MS, _LOOKS = 500, 10


class Candidates(QObject):
    """Candidates by name, and which of them is the current one; follows what happens to their layer, undo included.

    ``changed``: which there are or which is current; ``currentChanged``: which is current, before ``changed``;
    ``edited``: the boundary of the one named; ``renamed``: names given up, each with the new one, before ``changed``;
    ``replacing``: the current boundary is about to be replaced as a whole, and why; ``placed``: a boundary was stored
    as the panel wants it, by its feature.
    """

    changed = pyqtSignal()
    currentChanged = pyqtSignal()
    edited = pyqtSignal(str)
    renamed = pyqtSignal(dict)
    replacing = pyqtSignal(str)
    placed = pyqtSignal(int, QgsGeometry)
    message = pyqtSignal(str, int)

    def __init__(self, project: QgsProject, parent: QObject | None = None):
        super().__init__(parent)
        self._project = project
        self._watched: QgsVectorLayer | None = None
        self._ids: dict[str, int] = {}
        self._versions: dict[str, int] = {}
        self._soundness: tuple = (None, True)
        self._moved: list[Path] = []
        self._looks_left = 0
        self._again = QTimer(self)
        self._again.setInterval(_LOOK_MS)
        self._again.timeout.connect(self._remove_moved)
        self.current: str | None = None

    # -------------------------------------------------------------------------------------------------- the layer

    @property
    def layer(self) -> QgsVectorLayer | None:
        """The layer of candidates, or None before there is one."""
        found = layers.with_role(self._project, "candidates")
        return found[0] if found else None

    def ensure_layer(self) -> QgsVectorLayer:
        """The layer of candidates, made beside the project file (or with the user's drafts) when it is missing."""
        layer = self.layer
        if layer is not None:
            return layer
        if self._project.fileName() and self._project.absolutePath():
            path = self._beside_project()
        else:
            path = _drafts_folder() / f"{QUuid.createUuid().toString(QUuid.StringFormat.WithoutBraces)}.gpkg"
        if path.exists():
            return self.open_file(str(path))
        layer = layers.create_candidate_layer(str(path), self._project.transformContext())
        layers.add(self._project, layer, "candidates")
        return layer

    def open_file(self, path: str) -> QgsVectorLayer:
        """Take the candidates of a file into a project that has none."""
        title = QCoreApplication.translate("AzePanel", "Candidates")
        layer = QgsVectorLayer(layers.candidate_uri(path), title, "ogr")
        layers.add(self._project, layer, "candidates")
        return layer

    def restore(self, current: str | None) -> None:
        """Take up the candidates of a project that was opened. Announces nothing."""
        self._versions.clear()
        self._ids.clear()
        self.current = current
        self._watch(self.layer)
        self._read()

    def close(self) -> None:
        """Let go of the layer."""
        self._again.stop()
        self._watch(None)

    def follow_layer(self) -> bool:
        """Take up the layer when it is another one than before; whether it was. Announces nothing."""
        layer = self.layer
        if layer is self._watched:
            return False
        self._ids.clear()
        self._watch(layer)
        self._read()
        return True

    def move_beside_project(self) -> bool:
        """Bring drafts from the user's profile to the project's folder; whether there were any. Announces nothing but
        what went wrong."""
        layer = self.layer
        if layer is None or not self._project.absolutePath():
            return False
        old = Path(self.file)
        if old.parent != _drafts_folder():
            return False
        if layer.isEditable() and not layer.commitChanges(True):
            self.message.emit("; ".join(layer.commitErrors()), messages.CRITICAL)
            return False
        number = 1
        while (target := self._beside_project(number)).exists():
            number += 1
        try:
            fresh = layers.create_candidate_layer(str(target), self._project.transformContext())
        except AzeError as error:
            self.message.emit(text(error.code, error.params), messages.CRITICAL)
            return False
        fresh.dataProvider().addFeatures(
            [QgsVectorLayerUtils.createFeature(fresh, f.geometry(), _attributes(fresh, f)) for f in layer.getFeatures()]
        )
        del fresh
        try:
            History(str(old)).copy_to(str(target))
        except AzeError as error:
            target.unlink(missing_ok=True)
            self.message.emit(text(error.code, error.params), messages.CRITICAL)
            return False
        layer.setDataSource(layers.candidate_uri(str(target)), layer.name(), "ogr")
        self._moved.append(old)
        self._looks_left = _LOOKS
        self._remove_moved()
        self._again.start()
        # The features have other ids in the new file.
        self._ids.clear()
        self._read()
        return True

    def _remove_moved(self) -> None:
        """Remove drafts that were moved. QGIS keeps connections to a file for a while: until the last is closed the
        file may not go, and the closing may make it anew, empty. So it is tried again for some seconds."""
        for path in self._moved:
            for part in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
                with suppress(OSError):
                    part.unlink(missing_ok=True)
        self._looks_left -= 1
        if self._looks_left <= 0:
            self._again.stop()
            self._moved.clear()

    def _beside_project(self, number: int = 1) -> Path:
        suffix = f"_{number}" if number > 1 else ""
        stem = Path(self._project.fileName()).stem
        return Path(self._project.absolutePath()) / f"{stem}_candidates{suffix}.gpkg"

    # -------------------------------------------------------------------------------------------- what is known

    @property
    def drafts(self) -> Path:
        """The folder where candidates of projects without a file are kept."""
        return _drafts_folder()

    @property
    def is_draft(self) -> bool:
        """Whether the candidates are those of a project that was never saved: no file leads to them."""
        return not self._project.fileName() and bool(self.file) and Path(self.file).parent == self.drafts

    @property
    def file(self) -> str:
        """Path of the candidates' GeoPackage; empty before there is one."""
        layer = self.layer
        return layer.dataProvider().dataSourceUri().partition("|")[0] if layer is not None else ""

    @property
    def names(self) -> list[str]:
        """Names of the candidates, in the order in which they were made."""
        return list(self._ids)

    def version(self, name: str | None) -> int:
        """How often the boundary of a candidate changed since the project was opened."""
        return self._versions.get(name or "", 0)

    def feature(self, name: str | None = None) -> QgsFeature | None:
        """The feature of a candidate, of the current one by default, with edits not saved yet; None without one."""
        layer = self.layer
        fid = self._ids.get(name or self.current or "")
        if layer is None or fid is None:
            return None
        feature = layer.getFeature(fid)
        return feature if feature.isValid() else None

    def geometry(self, name: str | None = None) -> QgsGeometry | None:
        """Boundary of a candidate in WGS 84, of the current one by default, or None."""
        feature = self.feature(name)
        return feature.geometry() if feature is not None and feature.hasGeometry() else None

    def uid(self, name: str | None = None) -> str:
        """What a candidate, the current one by default, keeps under any name; empty for those of older files."""
        feature = self.feature(name)
        known = feature is not None and feature.fields().lookupField("uid") >= 0
        return str(feature["uid"]) if known and feature["uid"] else ""

    def kind(self, name: str | None = None) -> str:
        """``new_site`` or ``update_site``, of the current candidate by default; a new site where nothing is said."""
        feature = self.feature(name)
        known = feature is not None and feature.fields().lookupField("kind") >= 0
        return "update_site" if known and feature["kind"] == "update_site" else "new_site"

    def updated_site(self, name: str | None = None) -> str:
        """Name of the existing site of which a candidate, the current one by default, is an update; empty for none."""
        if self.kind(name) != "update_site":
            return ""
        given = self.feature(name)["updates_site"]
        return str(given) if given else ""

    def updated_id(self, name: str | None = None) -> str:
        """Id of the existing site of which a candidate, the current one by default, is an update; empty where that is
        not known."""
        if self.kind(name) != "update_site":
            return ""
        feature = self.feature(name)
        known = feature.fields().lookupField("updates_id") >= 0
        return str(feature["updates_id"]) if known and feature["updates_id"] else ""

    def lacks_boundary(self) -> bool:
        """Whether there is a current candidate without a boundary, for which the next one is meant."""
        feature = self.feature()
        return feature is not None and not feature.hasGeometry()

    def area_ha(self) -> float | None:
        """Ellipsoidal area (EPSG:7030) of the current boundary in hectares; None without one or for a broken one."""
        shape = self.geometry()
        if shape is None or not self.is_sound():
            return None
        return measure.area_m2(shape) / 1e4

    def is_sound(self) -> bool:
        """Whether the current boundary is there and valid; found out once for each version of it."""
        shape = self.geometry()
        if shape is None:
            return False
        version = (self.current, self.version(self.current), shape.constGet().nCoordinates())
        if self._soundness[0] != version:
            self._soundness = (version, shape.isGeosValid())
        return self._soundness[1]

    def free_name(self, wish: str) -> str:
        """A name that no other candidate has: the wish itself or with a number."""
        wish = " ".join(wish.split()) or QCoreApplication.translate("AzePanel", "New candidate")
        name, number = wish, 2
        while name in self._ids:
            name = f"{wish} {number}"
            number += 1
        return name

    # ---------------------------------------------------------------------------------------------------- changes

    def set_current(self, name: str | None) -> None:
        """Make another candidate the current one."""
        if name == self.current or (name is not None and name not in self._ids):
            return
        self.current = name
        self.currentChanged.emit()
        self.changed.emit()

    def add(
        self,
        wish: str,
        boundary: QgsGeometry | None,
        kind: str = "new_site",
        updates_site: str = "",
        note: str = "",
        announce: bool = True,
        uid: str = "",
        updates_id: str = "",
        exact: bool = False,
    ) -> str:
        """Add a candidate with a boundary in WGS 84, or without one yet, as one undoable step, and return its name.

        It becomes the current one unless ``announce`` is false, for the adding of several. ``uid``: the key that it had
        before it was lost; a new one by default. ``exact``: as replace_boundary has it.
        Raises AzeError ``boundary.no_area`` for a boundary without area.
        """
        shape = QgsGeometry() if boundary is None else _area(boundary, wish, exact)
        layer = self.ensure_layer()
        name = self.free_name(wish)
        values = {
            "name": name,
            "kind": kind,
            "updates_site": updates_site,
            "updates_id": updates_id,
            "created": QDateTime.currentDateTime().toString(Qt.DateFormat.ISODate),
            "note": note,
            "uid": uid or QUuid.createUuid().toString(QUuid.StringFormat.WithoutBraces),
        }
        attributes = {layer.fields().lookupField(k): v for k, v in values.items() if layer.fields().lookupField(k) >= 0}
        feature = QgsVectorLayerUtils.createFeature(layer, shape, attributes)
        with _edit_step(layer, QCoreApplication.translate("AzePanel", "Add candidate")):
            layer.addFeature(feature)
        if boundary is not None:
            self.placed.emit(feature.id(), shape)
        if announce:
            self.set_current(name)
        return name

    def replace_boundary(self, boundary: QgsGeometry, exact: bool = False, why: str = "") -> None:
        """Give the current candidate another boundary (WGS 84) as one undoable step.

        ``why``: what is done to it, for the history of a boundary that is replaced as a whole; empty for an edit.

        Its coordinates are rounded (see ``stored``) unless they have to be ``exact``: to share an edge with a site
        whose coordinates have more decimals. Raises AzeError ``boundary.no_area`` for a boundary without area.
        """
        layer, fid = self._editable()
        if fid is None:
            return
        shape = _area(boundary, self.current, exact)
        if why:
            self.replacing.emit(why)
        with _edit_step(layer, QCoreApplication.translate("AzePanel", "Change boundary")):
            layer.changeGeometry(fid, shape)
        self.placed.emit(fid, shape)

    def rename(self, wish: str) -> None:
        """Rename the current candidate as one undoable step."""
        layer, fid = self._editable()
        wish = " ".join(wish.split())
        if fid is None or not wish or wish == self.current:
            return
        with _edit_step(layer, QCoreApplication.translate("AzePanel", "Rename candidate")):
            layer.changeAttributeValue(fid, layer.fields().lookupField("name"), self.free_name(wish))

    def set_kind(self, kind: str, updates_site: str = "", updates_id: str = "") -> None:
        """Say whether the current candidate is a ``new_site`` or an ``update_site``, and of which site, as one undoable
        step; without an id the site is known by its name."""
        layer, fid = self._editable()
        if fid is None:
            return
        with _edit_step(layer, QCoreApplication.translate("AzePanel", "Change kind")):
            layer.changeAttributeValue(fid, layer.fields().lookupField("kind"), kind)
            layer.changeAttributeValue(fid, layer.fields().lookupField("updates_site"), updates_site)
            if layer.fields().lookupField("updates_id") >= 0:
                layer.changeAttributeValue(fid, layer.fields().lookupField("updates_id"), updates_id)

    def remove(self) -> None:
        """Delete the current candidate, as one undoable step."""
        layer, fid = self._editable()
        if fid is None:
            return
        with _edit_step(layer, QCoreApplication.translate("AzePanel", "Delete candidate")):
            layer.deleteFeature(fid)

    def _editable(self) -> tuple[QgsVectorLayer | None, int | None]:
        """Layer and feature id of the current candidate; no id where there is nothing to edit."""
        layer = self.layer
        return layer, self._ids.get(self.current or "") if layer is not None else None

    # ---------------------------------------------------------------------------------------- following the layer

    def _watch(self, layer: QgsVectorLayer | None) -> None:
        if self._watched is not None:
            try:
                for signal, slot in self._layer_signals(self._watched):
                    signal.disconnect(slot)
            except RuntimeError:
                # The layer was deleted with its project, and its connections with it.
                self._watched = None
        self._watched = layer
        if layer is not None:
            for signal, slot in self._layer_signals(layer):
                signal.connect(slot)

    def _layer_signals(self, layer: QgsVectorLayer):
        return (
            (layer.geometryChanged, self._on_geometry),
            (layer.featureAdded, self._on_features),
            (layer.featureDeleted, self._on_features),
            (layer.attributeValueChanged, self._on_features),
            (layer.afterCommitChanges, self._on_features),
            (layer.afterRollBack, self._on_rolled_back),
            (layer.willBeDeleted, self._on_layer_gone),
        )

    def _on_layer_gone(self) -> None:
        self._watched = None
        self._ids.clear()
        self.current = None

    def _on_geometry(self, fid: int, _geometry=None) -> None:
        for name, known in self._ids.items():
            if known == fid:
                self._touch(name)

    def _on_features(self, *_args) -> None:
        names, current = self.names, self.current
        renamed = self._read()
        if renamed:
            self.renamed.emit(renamed)
        if current != self.current:
            self.currentChanged.emit()
        if names != self.names or current != self.current:
            self.changed.emit()

    def _on_rolled_back(self) -> None:
        self._on_features()
        for name in self._ids:
            self._touch(name)

    def _touch(self, name: str) -> None:
        self._versions[name] = self.version(name) + 1
        self.edited.emit(name)

    def _read(self) -> dict[str, str]:
        """Read the names from the layer; returned are those that features gave up, each with its new name."""
        layer = self._watched
        ids: dict[str, int] = {}
        if layer is not None and layer.isValid():
            column = layer.fields().lookupField("name")
            for feature in layer.getFeatures():
                given = feature.attributes()[column] if column >= 0 else None
                name = str(given) if given else _unnamed(feature.id())
                # Two features of one name cannot be told apart by name: the later gets its number.
                ids[name if name not in ids else f"{name} ({feature.id()})"] = feature.id()
        now = {fid: name for name, fid in ids.items()}
        renamed = {name: now[fid] for name, fid in self._ids.items() if now.get(fid, name) != name}
        move_keys(self._versions, renamed)
        self._ids = ids
        self.current = renamed.get(self.current, self.current)
        if self.current not in ids:
            self.current = next(reversed(ids)) if ids else None
        return renamed


def move_keys(kept: dict[str, Any], renamed: dict[str, str]) -> None:
    """Keep what is kept by a candidate's name under its new name; names may have been exchanged."""
    kept.update({new: kept.pop(old) for old, new in renamed.items() if old in kept})


@contextmanager
def _edit_step(layer: QgsVectorLayer, title: str):
    """One undoable step on a layer; opens editing when needed and leaves it open, so that it can be undone."""
    if not layer.isEditable():
        layer.startEditing()
    layer.beginEditCommand(title)
    try:
        yield
    except BaseException:
        layer.destroyEditCommand()
        raise
    layer.endEditCommand()


def _area(boundary: QgsGeometry, name: str | None, exact: bool = False) -> QgsGeometry:
    """What is polygonal in a boundary, as it is stored. Raises AzeError ``boundary.no_area`` where nothing is."""
    shape = layers.as_multipolygon(boundary)
    if shape.isEmpty():
        raise AzeError("boundary.no_area", name=name)
    return shape if exact else stored(shape)


def stored(shape: QgsGeometry) -> QgsGeometry:
    """A flat multipolygon (WGS 84) with its coordinates rounded to 1e-7°, about a centimetre (see domain.rounding).

    One that was valid stays so: where rounding lets rings touch or vanish they are mended, and should that not help the
    boundary stays as it was.
    """
    rounded = _rounded(shape)
    if rounded.isGeosValid() or not shape.isGeosValid():
        return rounded
    mended = _rounded(layers.as_multipolygon(measure.mended(rounded)))
    return mended if not mended.isEmpty() and mended.isGeosValid() else shape


def _rounded(shape: QgsGeometry) -> QgsGeometry:
    result = QgsGeometry()
    result.fromWkb(rounded_wkb(bytes(shape.asWkb())))
    return result


def _drafts_folder() -> Path:
    """Where candidates of projects without a file are kept: in the user's profile."""
    return Path(QgsApplication.qgisSettingsDirPath()) / "aze_toolkit" / "drafts"


def _unnamed(fid: int) -> str:
    return QCoreApplication.translate("AzePanel", "Unnamed {number}").format(number=fid)


def _attributes(layer: QgsVectorLayer, feature: QgsFeature) -> dict[int, Any]:
    names = [f.name() for f in feature.fields() if f.name() != "fid"]
    return {layer.fields().lookupField(n): feature[n] for n in names if layer.fields().lookupField(n) >= 0}
