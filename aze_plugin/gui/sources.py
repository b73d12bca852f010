"""What candidates are checked against: the species library, and the project's layers by their role."""

from __future__ import annotations

from qgis.core import Qgis, QgsMapLayer, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QObject, pyqtSignal

from .. import paths
from ..domain.errors import AzeError
from ..services.dependencies import shapely_problem
from ..services.wording import text
from . import layers

# Cells along each side of a coarse look at a raster.
_LOOK = 128


class Sources(QObject):
    """The library in use and the layers with a role; ``changed`` makes what was computed of them stale."""

    changed = pyqtSignal()

    def __init__(self, project: QgsProject, parent: QObject | None = None):
        super().__init__(parent)
        self._project = project
        # How often the data changed; what was computed with an earlier version is stale.
        self.version = 0
        self.library_path = ""
        self.library_summary: dict | None = None
        # The sentence that says why the library cannot be used.
        self.library_problem = ""
        # Name of the national list whose categories count; empty for the global Red List.
        self.authority = ""
        # Why checks cannot run on this computer, with the remedy; empty where they can. Looked up once: a package that
        # is installed now is found when QGIS starts the next time.
        lacking = shapely_problem()
        self.installation_problem = text(lacking.code, lacking.params) if lacking else ""

    @property
    def site_layers(self) -> list[QgsVectorLayer]:
        """Layers of existing AZE sites and KBAs."""
        return layers.with_role(self._project, "sites")

    @property
    def protected_layers(self) -> list[QgsVectorLayer]:
        """Layers of protected areas and OECMs, polygons and points."""
        return layers.with_role(self._project, "protected")

    @property
    def landcover(self) -> QgsRasterLayer | None:
        """The raster of land-cover classes, or None."""
        found = layers.with_role(self._project, "landcover")
        return found[0] if found else None

    @property
    def edge_layers(self) -> list[QgsVectorLayer]:
        """Layers of lines and polygons whose edges a boundary may follow: coasts, rivers, borders."""
        return layers.with_role(self._project, "edges")

    @property
    def authorities(self) -> list[str]:
        """Names of the national lists in the library."""
        return (self.library_summary or {}).get("authorities", [])

    def parameters(self) -> dict:
        """The list of threatened species and what is known of the land round a candidate, as parameters of
        ``aze:checkboundary``.

        Outlines of protected areas the algorithm takes for mapped edges by itself. Those of existing sites it does not:
        the site that a candidate updates would make its whole outline one.
        """
        known = {
            "LANDCOVER": self.landcover,
            "EDGES": self.edge_layers,
            "PROTECTED": self.protected_layers,
            "AUTHORITY": self.authority,
        }
        return {name: value for name, value in known.items() if value}

    def use_library(self, path: str) -> None:
        """Use a species library, or none for an empty path; its problem, if any, is in ``library_problem``.

        Announces nothing: what else changes with it is the caller's to say.
        """
        self.library_path = path
        self.library_summary = None
        self.library_problem = ""
        if not path or self.installation_problem:
            return
        from ..library.query import Library

        try:
            with Library.open(path) as library:
                self.library_summary = library.summary()
        except AzeError as error:
            self.library_problem = text(error.code, error.params)

    def add(self, role: str, path: str, style: str = "") -> int:
        """Open a file, folder or zip for a role and add its layers to the group; how many there were.

        ``style``: as layers.add has it. Raises AzeError with the reason where there is nothing to open.
        """
        if role == "landcover":
            opened: list[QgsMapLayer] = [layers.open_raster(path)]
            self._make_way(opened[0])
        else:
            opened = layers.open_vectors(path, role)
        for layer in opened:
            layers.add(self._project, layer, role, style)
        return len(opened)

    def add_layer(self, layer: QgsVectorLayer, role: str) -> None:
        """Add a layer that was opened elsewhere, such as one of a server, to the group for a role."""
        layers.add(self._project, layer, role)

    def adopt(self, layer: QgsMapLayer, role: str) -> None:
        """Give a layer that is already in the project a role; its place and style stay as the user has them.

        Raises AzeError for a raster that cannot be land cover.
        """
        if role == "landcover":
            self._make_way(layer)
        layer.setCustomProperty(layers.ROLE, role)
        self._project.setDirty(True)
        self.touch()

    def _make_way(self, layer: QgsRasterLayer) -> None:
        """Let go of the land cover that another takes the place of: a check compares one. Raises AzeError where the
        other is none."""
        if not self.installation_problem:
            from ..services.landcover import Landcover

            Landcover.from_layer(layer)
            if _is_continuous(layer):
                raise AzeError("landcover.continuous", source=layer.name())
        for other in layers.with_role(self._project, "landcover"):
            other.removeCustomProperty(layers.ROLE)

    def release(self, layer: QgsMapLayer) -> None:
        """Stop using a layer; it stays in the project."""
        layer.removeCustomProperty(layers.ROLE)
        self._project.setDirty(True)
        self.touch()

    def touch(self) -> None:
        """Data or the rules for it changed: what was computed with the earlier ones is stale."""
        self.version += 1
        self.changed.emit()


def _is_continuous(layer: QgsRasterLayer) -> bool:
    """Whether a raster holds measurements and no classes, as a coarse look over all of it tells: decimal numbers of
    more different values than a map of classes has."""
    provider = layer.dataProvider()
    if provider.dataType(1) not in (Qgis.DataType.Float32, Qgis.DataType.Float64):
        return False
    block = provider.block(1, layer.extent(), min(layer.width(), _LOOK), min(layer.height(), _LOOK))
    values = {block.value(i) for i in range(block.width() * block.height()) if not block.isNoData(i)}
    return len(values) > paths.load_json("criteria", "aze.json")["discreteness"]["landcover"]["max_values"]
