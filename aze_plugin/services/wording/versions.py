"""Sentences about the versions of candidates."""

from qgis.PyQt.QtCore import QCoreApplication


def templates() -> dict[str, str]:
    """Code to translated template."""
    translate = QCoreApplication.translate
    return {
        "versions.no_file": translate(
            "AzeErrors",
            "The versions are kept in the candidates' file, but there is none at {file}. Save the project, and try again.",
        ),
        "versions.locked": translate(
            "AzeErrors",
            "The versions could not be reached, as another program is writing to {file}. Close it, and try again.",
        ),
        "versions.failed": translate(
            "AzeErrors",
            "The versions in {file} could not be read or written ({detail}). Look whether the file is whole, and whether "
            "you may write to it.",
        ),
    }
