"""Sentences about the species library and what is imported into it."""

from qgis.PyQt.QtCore import QCoreApplication


def templates() -> dict[str, str]:
    """Code to translated template."""
    translate = QCoreApplication.translate
    return {
        # the library itself
        "library.no_path": translate(
            "AzeFindings", "No species library was named. Give the path of a GeoPackage; it is made if it is missing."
        ),
        "library.postgres_not_yet": translate(
            "AzeFindings",
            "Libraries in a PostgreSQL database cannot be used yet. Give the path of a GeoPackage instead.",
        ),
        "library.missing": translate(
            "AzeFindings", "There is no species library at “{file}”. Import range maps first, or choose another file."
        ),
        "library.not_a_library": translate(
            "AzeFindings",
            "“{file}” is not a species library, or it is damaged. Choose a library that “Import species data” made, "
            "or the name of a file that does not exist yet.",
        ),
        "library.other_version": translate(
            "AzeFindings",
            "The species library “{file}” has the format {found}; this version of the plugin knows {known}. Update the "
            "plugin, or import the range maps into a new library.",
        ),
        "library.locked": translate(
            "AzeFindings",
            "Another program is using the species library “{file}”. End its import or close the editing session there, "
            "then try again. Nothing was changed.",
        ),
        "library.disk_full": translate(
            "AzeFindings",
            "The disk is full: the species library “{file}” could not be written. Free some space, or choose another "
            "disk, and import again. Nothing was changed.",
        ),
        "library.disk_error": translate(
            "AzeFindings",
            "The disk did not take the species library “{file}” ({detail}). Check its free space and its connection, "
            "and import again. Nothing was changed.",
        ),
        "library.not_writable": translate(
            "AzeFindings",
            "The species library “{file}” cannot be written ({detail}). Choose a folder in which you may write.",
        ),
        "library.no_such_taxon": translate(
            "AzeFindings", "The species library “{file}” has no taxon of the name or id “{taxon}”. Check the spelling."
        ),
        "library.similar_taxa": translate(
            "AzeFindings",
            "The species library “{file}” has no taxon of the name or id “{taxon}”. Similar names in it: {similar_taxa}.",
        ),
        # what is imported
        "library.nothing_to_import": translate(
            "AzeFindings", "Nothing to import. Give range maps, a Red List export, or both."
        ),
        "library.source_missing": translate("AzeFindings", "There is no “{file}”. Check the path."),
        "library.bad_zip": translate(
            "AzeFindings",
            "The archive “{file}” is damaged or was not downloaded to its end. Download it again. ({detail})",
        ),
        "library.no_vector_data": translate(
            "AzeFindings",
            "“{file}” holds no range maps: no shapefile, GeoPackage, file geodatabase, FlatGeobuf or GeoJSON was found "
            "in it.",
        ),
        "library.not_vector": translate(
            "AzeFindings",
            "“{file}” cannot be read as a vector file. Give a shapefile, GeoPackage, file geodatabase or GeoJSON, or a "
            "folder or zip of them. ({detail})",
        ),
        "library.no_polygons": translate(
            "AzeFindings", "“{file}” has no polygon layer. Range maps are polygons: choose the file that holds them."
        ),
        "library.no_fields": translate(
            "AzeFindings",
            "“{file}” has no field that names its taxa. A range map needs sci_name or binomial, or an id_no. Its "
            "fields are: {fields}.",
        ),
        "library.no_crs": translate(
            "AzeFindings",
            "“{file}”, layer “{layer}”, does not say its coordinate reference system. Set it in the file with “Assign "
            "projection”, and import again.",
        ),
        "library.no_crs_shapefile": translate(
            "AzeFindings",
            "“{file}” does not say its coordinate reference system, as its .prj file is missing or empty. Put the .prj "
            "file beside it (“Define Shapefile projection” writes one), and import again.",
        ),
        "library.read_failed": translate(
            "AzeFindings", "“{file}” cannot be read beyond row {row} ({detail}). Get the file again."
        ),
        "library.no_assessments": translate(
            "AzeFindings",
            "“{file}” holds no assessments.csv or simple_summary.csv. Choose the zip or folder of a Red List export, "
            "or one of its CSV files.",
        ),
        "library.assessment_fields": translate(
            "AzeFindings",
            "“{file}” is no table of assessments. It needs a category (redlistCategory) and a scientificName or "
            "internalTaxonId. Its columns begin with: {fields}.",
        ),
        "library.bad_csv": translate("AzeFindings", "“{file}” cannot be read as CSV: {detail}."),
        # single rows
        "row.name_missing": translate("AzeFindings", "The scientific name is missing."),
        "row.not_a_code": translate(
            "AzeFindings", "{field} is “{value}”, which is none of the Red List's codes for it."
        ),
        "row.unknown_category": translate("AzeFindings", "“{value}” is no Red List category."),
        "row.null": translate("AzeFindings", "The row has no geometry."),
        "row.empty": translate("AzeFindings", "The geometry is empty or has no area."),
        "row.not_polygon": translate("AzeFindings", "The geometry is no polygon."),
        "row.coordinates": translate("AzeFindings", "The coordinates do not lie on the Earth in the file's CRS."),
        "row.repaired": translate("AzeFindings", "The outline was mended ({fault})."),
        # whole sources
        "import.reading": translate("AzeFindings", "Reading {file}"),
        "import.areas": translate("AzeFindings", "Working out global range areas"),
        "import.done": translate(
            "AzeFindings", "{name}: {imported} of {read} rows imported, {rejected} rejected, {repaired} mended"
        ),
        "import.assumed": translate("AzeFindings", "The file has no field for {role}: every row is taken as 1."),
        "import.blank_code": translate("AzeFindings", "{count} rows have no value for {role} and are taken as 1."),
        "import.blank_code.one": translate("AzeFindings", "One row has no value for {role} and is taken as 1."),
        "import.unknown_category": translate(
            "AzeFindings", "“{word}” is no Red List category: {count} rows are taken as having none."
        ),
        "import.unknown_category.one": translate(
            "AzeFindings", "“{word}” is no Red List category: one row is taken as having none."
        ),
        "import.crossing": translate(
            "AzeFindings", "{count} ranges cross 180° and were put together across it as one shape each."
        ),
        "import.crossing.one": translate(
            "AzeFindings", "One range crosses 180° and was put together across it as one shape."
        ),
        "import.regional": translate(
            "AzeFindings", "{count} assessments are regional. They are kept, but only global ones count."
        ),
        "import.regional.one": translate(
            "AzeFindings", "One assessment is regional. It is kept, but only global ones count."
        ),
        "import.same_as": translate("AzeFindings", "The file is the same as {other} and was not taken a second time."),
        "import.layers_passed_over": translate(
            "AzeFindings", "These layers have no field that names taxa and were passed over: {layers}."
        ),
        "import.index_rebuilt": translate(
            "AzeFindings", "The .shx file is missing. It was rebuilt for reading; the folder was not changed."
        ),
        "import.empty": translate("AzeFindings", "The file has no rows."),
    }
