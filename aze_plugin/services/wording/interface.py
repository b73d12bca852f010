"""Sentences about opening data, drawing and the installation."""

from qgis.PyQt.QtCore import QCoreApplication


def templates() -> dict[str, str]:
    """Code to translated template."""
    translate = QCoreApplication.translate
    return {
        "dependency.shapely.windows": translate(
            "AzeErrors",
            "Checks need the Python package shapely 2 (found: {found}). Close QGIS, run the OSGeo4W set-up that came "
            "with it, choose the package python3-shapely, and start QGIS again.",
        ),
        "dependency.shapely.macos": translate(
            "AzeErrors",
            "Checks need the Python package shapely 2 (found: {found}). Install the current QGIS from qgis.org, which "
            "brings it along, and start QGIS again.",
        ),
        "dependency.shapely.linux": translate(
            "AzeErrors",
            "Checks need the Python package shapely 2 (found: {found}). Install the package python3-shapely with your "
            "system's package manager, and start QGIS again.",
        ),
        "task.fault": translate(
            "AzeErrors",
            "{title} did not finish, by a fault of the plugin. The message log (View → Panels → Log Messages) has the "
            "details, which help those who mend it.",
        ),
        "task.no_tool": translate(
            "AzeErrors", "The tool {name} is missing. Reload the AZE Toolkit in the plugin manager."
        ),
        "task.system": translate("AzeErrors", "{title} did not finish: {detail}."),
        "layer.not_vector": translate(
            "AzeErrors",
            "“{file}” holds nothing that can be opened as a vector layer. Check that it is whole, and that a shapefile "
            "comes with its .dbf and .shx or as a zip of all its parts.",
        ),
        "layer.no_polygons": translate(
            "AzeErrors", "“{file}” opens, but has no layer of polygons. Choose the file that holds the boundaries."
        ),
        "layer.not_raster": translate(
            "AzeErrors", "“{file}” cannot be opened as a raster. Choose a GeoTIFF or another raster file."
        ),
        "layer.transform": translate(
            "AzeErrors",
            "The boundary cannot be brought from {crs} to longitude and latitude. Check that its coordinate reference "
            "system is the right one.",
        ),
        "boundary.no_area": translate(
            "AzeErrors", "“{name}” encloses no area, so it cannot be a boundary. Draw or choose a polygon."
        ),
        "boundary.not_text": translate(
            "AzeErrors",
            "The clipboard holds no boundary. Copy a polygon as WKT, as GeoJSON or from a QGIS layer, then paste again.",
        ),
        "sample.missing": translate(
            "AzeErrors", "The sample is not part of this installation. Install the plugin from its zip again."
        ),
        "project.newer": translate(
            "AzeErrors",
            "This project was saved by a later version of the AZE Toolkit, so its nominations are not shown. Update "
            "the plugin to see them; they stay in the project.",
        ),
        "project.damaged": translate(
            "AzeErrors",
            "What the AZE Toolkit keeps in this project cannot be read, so nominations cannot be kept in it. Open a "
            "backup of the project (.qgz~ beside it), or save the layers in a new project.",
        ),
    }
