"""Sentences about reviews of packages."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication


def templates() -> dict[str, str]:
    """Code to translated template."""
    translate = QCoreApplication.translate
    return {
        "review.unreadable": translate(
            "AzePackaging", "{file} is no review that can be read: {detail}. Choose another."
        ),
        "review.other_package": translate(
            "AzePackaging", "The review is of {other}, and not of {file} as it is now. Open the package it is of."
        ),
    }
