"""Sentences about area-of-habitat rasters and their import."""

from qgis.PyQt.QtCore import QCoreApplication


def templates() -> dict[str, str]:
    """Code to translated template."""
    translate = QCoreApplication.translate
    return {
        "library.no_habitats": translate(
            "AzeFindings",
            "“{file}” holds no GeoTIFF. Area of habitat is a folder of .tif files, one a taxon, each named by its taxon: Genus_species.tif.",
        ),
        "habitat.not_placed": translate(
            "AzeFindings",
            "The boundary cannot be laid over an area-of-habitat raster, as it reaches beyond what the raster's coordinate reference system ({crs}) can show. Warp the raster to longitude and latitude (“Warp (reproject)”, EPSG:4326), and import it again.",
        ),
        # rasters that are left out
        "row.habitat_unreadable": translate(
            "AzeFindings", "“{file}” cannot be read as a GeoTIFF ({detail}). Get the file again, or save it as GeoTIFF."
        ),
        "row.habitat_no_crs": translate(
            "AzeFindings",
            "“{file}” does not say where on earth it lies. Set its coordinate reference system with “Assign projection”, and import again.",
        ),
        "row.habitat_rotated": translate(
            "AzeFindings",
            "“{file}” is rotated against its coordinate reference system. Straighten it with “Warp (reproject)”, and import again.",
        ),
        "row.habitat_misplaced": translate(
            "AzeFindings",
            "The cells of “{file}” do not lie on the Earth in its coordinate reference system ({crs}). Assign the right one with “Assign projection”, and import again.",
        ),
        "row.habitat_too_large": translate(
            "AzeFindings",
            "“{file}” claims {columns} × {rows} cells, more than can be read. Clip it to the taxon's range, or resample it, and import again.",
        ),
        "row.habitat_complex": translate(
            "AzeFindings",
            "“{file}” has complex numbers. Save it with plain numbers from 0 to 1, the fraction of each cell that is habitat.",
        ),
        "row.habitat_percent": translate(
            "AzeFindings",
            "“{file}” has values up to {value}, which look like percent. A cell's value is the fraction of it that is habitat, 0 to 1: divide by 100 with the raster calculator, and import again.",
        ),
        "row.habitat_values": translate(
            "AzeFindings",
            "“{file}” has the value {value}. A cell's value is the fraction of it that is habitat, 0 to 1. Check that this is a raster of habitat; if the value stands for no data, set it as the file's nodata value, and import again.",
        ),
        "row.habitat_negative": translate(
            "AzeFindings",
            "“{file}” has the value {value}. A cell's value is the fraction of it that is habitat, 0 to 1. If the value stands for no data, set it as the file's nodata value, and import again.",
        ),
        "row.habitat_empty": translate(
            "AzeFindings",
            "“{file}” has no cell with habitat, so no share can be worked out from it. Check its values and its nodata value.",
        ),
        # whole rasters
        "import.habitat_bands": translate(
            "AzeFindings", "The raster has {count} bands; the first was taken as the fraction of habitat."
        ),
        "import.habitat_unknown_taxon": translate(
            "AzeFindings",
            "Nothing else in the library knows “{taxon}”. The raster was taken under that name; if it is misspelt, rename the file and import it again.",
        ),
        "import.habitat_off_earth": translate(
            "AzeFindings",
            "{count} blocks of cells with habitat do not lie on the Earth in the raster's coordinate reference system, and were left out.",
        ),
        "import.habitat_off_earth.one": translate(
            "AzeFindings",
            "One block of cells with habitat does not lie on the Earth in the raster's coordinate reference system, and was left out.",
        ),
        "import.habitat_replaces": translate(
            "AzeFindings",
            "{other} held area of habitat of the same segment ({segment}) of {taxon}, and was replaced: areas of two rasters must not add up.",
        ),
        "import.habitat_replaced": translate(
            "AzeFindings", "{other} came later for the same taxon and segment, and was taken in place of this one."
        ),
    }
