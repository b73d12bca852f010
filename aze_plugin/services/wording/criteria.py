"""Sentences about the three criteria."""

from qgis.PyQt.QtCore import QCoreApplication


def templates() -> dict[str, str]:
    """Code to translated template."""
    translate = QCoreApplication.translate
    return {
        "settings.threshold": translate(
            "AzeFindings", "The threshold {value} makes no sense: give a share above 0 and up to 1, such as 0.95."
        ),
        "settings.codes": translate(
            "AzeFindings", "{name} “{value}” is no list of codes: give whole numbers from 1 to {highest}, such as 1,2."
        ),
    }
