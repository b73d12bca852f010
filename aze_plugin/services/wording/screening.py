"""Sentences about trigger species of sites, projects near sites, and sites in their surroundings."""

from qgis.PyQt.QtCore import QCoreApplication


def templates() -> dict[str, str]:
    """Code to translated template."""
    translate = QCoreApplication.translate
    return {
        # trigger species
        "triggers.fields": translate(
            "AzeFindings",
            "The table of trigger species “{source}” needs a column of site ids (SitRecID, site_id …) and one of "
            "scientific names (scientific_name, species …). Its columns are: {available}.",
        ),
    }
