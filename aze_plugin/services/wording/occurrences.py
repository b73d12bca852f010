"""Sentences about occurrence records and the files that hold them."""

from qgis.PyQt.QtCore import QCoreApplication


def templates() -> dict[str, str]:
    """Code to translated template."""
    translate = QCoreApplication.translate
    return {
        # files
        "occurrences.no_data": translate(
            "AzeFindings",
            "“{file}” holds no records: no Darwin Core archive, table of text (.csv, .tsv, .txt) or point layer was found in it.",
        ),
        "occurrences.no_fields": translate(
            "AzeFindings",
            "“{file}” is no table of records. It needs a scientificName (or genus and specificEpithet), and without points a decimalLatitude and decimalLongitude. Its columns begin with: {fields}.",
        ),
        "occurrences.no_points": translate(
            "AzeFindings", "“{file}” has no point layer. Records are points: choose the file that holds them."
        ),
        "occurrences.ambiguous": translate(
            "AzeFindings",
            "“{file}” holds several tables of records and no meta.xml that says how they belong together: {files}. Unpack it and give the ones that you want; GBIF's verbatim.txt repeats occurrence.txt.",
        ),
        "archives.too_many": translate(
            "AzeFindings", "“{file}” holds {count} files, more than {most}. Give the archive of the records alone."
        ),
        "archives.bomb": translate(
            "AzeFindings",
            "“{file}” unpacks to far more than text does and was not read. Download the archive again, or unpack it yourself if you trust it.",
        ),
        "archives.unsafe_xml": translate(
            "AzeFindings",
            "“{file}” declares a document type or entities, which can harm, and was not read. Download the archive from its publisher.",
        ),
        "archives.bad_descriptor": translate(
            "AzeFindings",
            "“{file}” does not describe a Darwin Core archive properly ({detail}). Mend it, or give the table that it belongs to as a CSV.",
        ),
        "archives.location": translate(
            "AzeFindings",
            "“{file}” points to “{location}”, which lies outside the archive. Nothing was read. Download the archive from its publisher.",
        ),
        "archives.file_missing": translate(
            "AzeFindings",
            "“{file}” names the table “{location}”, which is not in the archive. Download the archive again.",
        ),
        "tables.long_line": translate(
            "AzeFindings", "“{file}” has a line longer than 16 MB, so it is no table. Check its line endings."
        ),
        "tables.not_text": translate(
            "AzeFindings", "“{file}” is no text. Save the table as CSV in UTF-8, and import that."
        ),
        # single rows
        "row.not_species": translate("AzeFindings", "“{value}” is not identified to species."),
        "row.absent": translate("AzeFindings", "The record says that the species was searched for and not found."),
        "row.no_coordinates": translate("AzeFindings", "The coordinates are missing."),
        "row.not_a_number": translate(
            "AzeFindings", "The coordinates, latitude “{lat}” and longitude “{lon}”, are no decimal degrees."
        ),
        "row.zero_coordinates": translate(
            "AzeFindings", "Latitude and longitude are both exactly 0, which stands for a missing place."
        ),
        "row.out_of_range": translate(
            "AzeFindings", "Latitude {lat} and longitude {lon} do not lie on the Earth. Perhaps they are swapped."
        ),
        "row.columns": translate("AzeFindings", "The row has {found} columns where {expected} are expected."),
        "row.quotes": translate("AzeFindings", "A quotation mark of the row is opened and never closed."),
        "row.orphan": translate(
            "AzeFindings", "The row belongs to row “{id}” of the archive's core, which is not there."
        ),
        "row.not_point": translate("AzeFindings", "The geometry is no point."),
        # what befell the rows of a source, by reason
        "rejected.name_missing": translate("AzeFindings", "{count} rows were left out, as they name no species."),
        "rejected.name_missing.one": translate("AzeFindings", "One row was left out, as it names no species."),
        "rejected.not_species": translate(
            "AzeFindings", "{count} rows were left out, as they are not identified to species."
        ),
        "rejected.not_species.one": translate(
            "AzeFindings", "One row was left out, as it is not identified to species."
        ),
        "rejected.absent": translate(
            "AzeFindings", "{count} rows were left out, as they say that the species was not found."
        ),
        "rejected.absent.one": translate(
            "AzeFindings", "One row was left out, as it says that the species was not found."
        ),
        "rejected.no_coordinates": translate(
            "AzeFindings", "{count} rows were left out, as their coordinates are missing."
        ),
        "rejected.no_coordinates.one": translate(
            "AzeFindings", "One row was left out, as its coordinates are missing."
        ),
        "rejected.not_a_number": translate(
            "AzeFindings", "{count} rows were left out, as their coordinates are no decimal degrees."
        ),
        "rejected.not_a_number.one": translate(
            "AzeFindings", "One row was left out, as its coordinates are no decimal degrees."
        ),
        "rejected.zero_coordinates": translate(
            "AzeFindings", "{count} rows were left out, as their coordinates are both exactly 0."
        ),
        "rejected.zero_coordinates.one": translate(
            "AzeFindings", "One row was left out, as its coordinates are both exactly 0."
        ),
        "rejected.out_of_range": translate(
            "AzeFindings", "{count} rows were left out, as their coordinates do not lie on the Earth."
        ),
        "rejected.out_of_range.one": translate(
            "AzeFindings", "One row was left out, as its coordinates do not lie on the Earth."
        ),
        "rejected.columns": translate(
            "AzeFindings", "{count} rows were left out, as they have too few columns or too many."
        ),
        "rejected.columns.one": translate(
            "AzeFindings", "One row was left out, as it has too few columns or too many."
        ),
        "rejected.quotes": translate(
            "AzeFindings", "{count} rows were left out, as a quotation mark in them is never closed."
        ),
        "rejected.quotes.one": translate(
            "AzeFindings", "One row was left out, as a quotation mark in it is never closed."
        ),
        "rejected.orphan": translate(
            "AzeFindings", "{count} rows were left out, as the core row with their name or place is not there."
        ),
        "rejected.orphan.one": translate(
            "AzeFindings", "One row was left out, as the core row with its name or place is not there."
        ),
        "rejected.not_point": translate("AzeFindings", "{count} rows were left out, as they are no points."),
        "rejected.not_point.one": translate("AzeFindings", "One row was left out, as it is no point."),
        "rejected.null": translate("AzeFindings", "{count} rows were left out, as they have no geometry."),
        "rejected.null.one": translate("AzeFindings", "One row was left out, as it has no geometry."),
        "rejected.coordinates": translate(
            "AzeFindings", "{count} rows were left out, as they do not lie on the Earth in the file's CRS."
        ),
        "rejected.coordinates.one": translate(
            "AzeFindings", "One row was left out, as it does not lie on the Earth in the file's CRS."
        ),
        # whole sources
        "import.rejected_unlisted": translate(
            "AzeFindings", "The first {most} rows that were left out for each reason are listed; all are counted."
        ),
        "import.unknown_names": translate(
            "AzeFindings",
            "{count} taxa are in no range map and no assessment of the library. Their records were taken, without a category; check the spelling: {names}.",
        ),
        "import.unknown_names.one": translate(
            "AzeFindings",
            "One taxon is in no range map and no assessment of the library. Its records were taken, without a category; check the spelling: {names}.",
        ),
        "import.files_passed_over": translate("AzeFindings", "These files of the archive were passed over: {files}."),
        "import.no_occurrences": translate(
            "AzeFindings", "The archive holds rows of the kind {kind} and no occurrence records."
        ),
        "import.metadata_unreadable": translate(
            "AzeFindings", "“{file}”, which describes the archive, cannot be read. The records were taken without it."
        ),
    }
