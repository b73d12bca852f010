"""What candidates are checked against: the species library, and the project's layers by their role."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qgis.core import Qgis, QgsMapLayer, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QObject, pyqtSignal

from .. import paths
from ..domain.errors import AzeError
from ..services.dependencies import shapely_problem
from ..services.wording import text
from . import layers

# Cells along each side of a coarse look at a raster.
_LOOK = 128
# Roles of which there is one layer at a time.
_ALONE = ("landcover", "elevation", "countries")
# How layers of countries are called in files that have their provinces too.
_COUNTRIES = re.compile(r"countr|(adm(in)?|level|gadm)[ _]?0", re.IGNORECASE)


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
    def elevation(self) -> QgsRasterLayer | None:
        """The raster of altitudes, or None."""
        found = layers.with_role(self._project, "elevation")
        return found[0] if found else None

    @property
    def countries(self) -> QgsVectorLayer | None:
        """The layer of countries with their codes, or None."""
        found = layers.with_role(self._project, "countries")
        return found[0] if found else None

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

    def site_parameters(self, name: str = "SITES", without: Sequence[QgsVectorLayer] = ()) -> dict:
        """The layers of existing sites but for some, as parameters of an algorithm that takes the first by ``name``."""
        found = [layer for layer in self.site_layers if layer not in without]
        return ({name: found[0]} if found else {}) | ({"MORE_SITES": found[1:]} if found[1:] else {})

    def nomination_parameters(self) -> dict:
        """The same and what a nomination is filled in from, as parameters of ``aze:packagenomination``."""
        known = {"ELEVATION": self.elevation, "COUNTRIES": self.countries}
        return {**self.parameters(), **{name: layer for name, layer in known.items() if layer is not None}}

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
        opened: list[QgsMapLayer]
        if role in layers.RASTER_ROLES:
            opened = [layers.open_raster(path)]
        else:
            opened = layers.open_vectors(path, role)
        if role == "countries":
            opened = [self._most_like_countries(opened)]
        self._make_way(opened[0], role)
        for layer in opened:
            layers.add(self._project, layer, role, style)
        return len(opened)

    def add_layer(self, layer: QgsVectorLayer, role: str) -> None:
        """Add a layer that was opened elsewhere, such as one of a server, to the group for a role."""
        layers.add(self._project, layer, role)

    def adopt(self, layer: QgsMapLayer, role: str) -> None:
        """Give a layer that is already in the project a role; its place and style stay as the user has them.

        Raises AzeError for a layer that cannot have it: a raster of measurements as land cover, one of classes as
        altitudes, polygons without codes as countries.
        """
        self._make_way(layer, role)
        layer.setCustomProperty(layers.ROLE, role)
        self._project.setDirty(True)
        self.touch()

    def role_of_file(self, path: str) -> str:
        """What a file that names no role is most likely: ``landcover``, ``elevation``, ``countries`` or ``edges``.

        Raises AzeError where it cannot be opened.
        """
        if layers.is_raster(path):
            return "elevation" if _is_relief(layers.open_raster(path)) else "landcover"
        if self.installation_problem:
            return "edges"
        from ..services import attributes

        for layer in layers.open_vectors(path, "edges"):
            if layer.geometryType() != Qgis.GeometryType.Polygon or not self._is_countries(layer):
                continue
            # Sites and protected areas say the country that they lie in, too.
            details = attributes.columns_of(layer, "site_details")
            if not (attributes.columns_of(layer, "protected")["id"] or details["kba_status"] or details["aze_status"]):
                return "countries"
        return "edges"

    def _most_like_countries(self, opened: list[QgsVectorLayer]) -> QgsVectorLayer:
        """That of the layers of a file which has the countries: provinces bear the codes of their countries as well."""
        fitting = [layer for layer in opened if self._is_countries(layer)]
        named = (layer for layer in fitting if _COUNTRIES.search(layer.name()))
        return next(named, fitting[0] if fitting else opened[0])

    def _is_countries(self, layer: QgsVectorLayer) -> bool:
        if self.installation_problem:
            return True
        from ..services import attributes

        return bool(attributes.columns_of(layer, "countries")["iso3"])

    def _make_way(self, layer: QgsMapLayer, role: str) -> None:
        """Let go of the layer that another takes the place of where there is one for a role. Raises AzeError where the
        other cannot have it."""
        if role not in _ALONE:
            return
        if not self.installation_problem:
            self._refuse(layer, role)
        for other in layers.with_role(self._project, role):
            other.removeCustomProperty(layers.ROLE)

    def _refuse(self, layer: QgsMapLayer, role: str) -> None:
        if role == "landcover":
            from ..services.landcover import Landcover

            Landcover.from_layer(layer)
            if _is_continuous(layer):
                raise AzeError("landcover.continuous", source=layer.name())
        elif role == "elevation":
            from ..services.terrain import Terrain

            legend = Terrain.from_layer(layer).raster.legend
            if layer.dataProvider().colorTable(1) or any(name for name, _ in legend.values()):
                raise AzeError("terrain.classes", source=layer.name())
        elif not self._is_countries(layer):
            available = [field.name() for field in layer.fields()] or ["–"]
            raise AzeError("coverage.countries_field", source=layer.name(), available=available)

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
    decimal = (Qgis.DataType.Float32, Qgis.DataType.Float64)
    return layer.dataProvider().dataType(1) in decimal and _has_many_values(layer)


def _is_relief(layer: QgsRasterLayer) -> bool:
    """Whether a raster may hold altitudes, whole or decimal numbers: more different values than a map of classes has,
    and no colour of its own for each."""
    return not layer.dataProvider().colorTable(1) and _has_many_values(layer)


def _has_many_values(layer: QgsRasterLayer) -> bool:
    provider = layer.dataProvider()
    block = provider.block(1, layer.extent(), min(layer.width(), _LOOK), min(layer.height(), _LOOK))
    values = {block.value(i) for i in range(block.width() * block.height()) if not block.isNoData(i)}
    return len(values) > paths.load_json("criteria", "aze.json")["discreteness"]["landcover"]["max_values"]
