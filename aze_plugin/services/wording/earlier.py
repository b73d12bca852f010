"""Sentences about earlier nominations that are taken over."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication


def templates() -> dict[str, str]:
    """Code to translated template."""
    translate = QCoreApplication.translate
    return {
        "earlier.unreadable": translate(
            "AzeFindings",
            "{file} cannot be read as a proposal form: {detail}. Choose a filled-in form (.xlsx), a nomination (.json) "
            "or a package (.zip).",
        ),
        "earlier.package": translate("AzeFindings", "{file} is not opened as a package. {problem}"),
        "earlier.foreign": translate(
            "AzeFindings", "{file} holds no nomination. Choose a package, its nomination.json, or a proposal form."
        ),
        "earlier.unknown": translate("AzeFindings", "The form has no such field."),
        "earlier.invalid": translate("AzeFindings", "The field cannot hold this; enter it by hand."),
        "earlier.other_kind": translate("AzeFindings", "Only for the other kind of nomination."),
        "earlier.derived": translate("AzeFindings", "Worked out from your data."),
        "earlier.filled": translate("AzeFindings", "Filled in already."),
        "earlier.file": translate("AzeFindings", "Files are not copied: attach it again."),
        "earlier.no_trigger": translate("AzeFindings", "No trigger species of this boundary."),
    }
