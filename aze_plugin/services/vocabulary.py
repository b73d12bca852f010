"""The field's words for the codes that appear in results: categories, parameters, segments, routes, statuses."""

from __future__ import annotations

from functools import cache

from qgis.PyQt.QtCore import QCoreApplication


@cache
def _words() -> dict[str, dict[str, str]]:
    translate = QCoreApplication.translate
    return {
        "category": {
            "EX": translate("AzeWords", "Extinct"),
            "EW": translate("AzeWords", "Extinct in the Wild"),
            "RE": translate("AzeWords", "Regionally Extinct"),
            "CR": translate("AzeWords", "Critically Endangered"),
            "EN": translate("AzeWords", "Endangered"),
            "VU": translate("AzeWords", "Vulnerable"),
            "LR/cd": translate("AzeWords", "Lower Risk: conservation dependent"),
            "NT": translate("AzeWords", "Near Threatened"),
            "LR/nt": translate("AzeWords", "Lower Risk: near threatened"),
            "LC": translate("AzeWords", "Least Concern"),
            "LR/lc": translate("AzeWords", "Lower Risk: least concern"),
            "DD": translate("AzeWords", "Data Deficient"),
            "NA": translate("AzeWords", "Not Applicable"),
            "NE": translate("AzeWords", "Not Evaluated"),
        },
        "parameter": {
            "mature_individuals": translate("AzeWords", "mature individuals"),
            "aoo": translate("AzeWords", "area of occupancy"),
            "esh": translate("AzeWords", "area of habitat"),
            "range": translate("AzeWords", "range"),
            "localities": translate("AzeWords", "localities"),
        },
        "segment": {
            "all": translate("AzeWords", "whole year"),
            "resident": translate("AzeWords", "resident"),
            "breeding": translate("AzeWords", "breeding"),
            "non_breeding": translate("AzeWords", "non-breeding"),
            "passage": translate("AzeWords", "passage"),
        },
        "route": {
            "sole_area": translate("AzeWords", "sole area"),
            "resident_population": translate("AzeWords", "resident population"),
            "life_history_segment": translate("AzeWords", "life-history segment"),
            "reintroduction": translate("AzeWords", "reintroduction"),
            "none": translate("AzeWords", "no route"),
        },
        "status": {
            "met": translate("AzeWords", "met"),
            "not_met": translate("AzeWords", "not met"),
            "needs_evidence": translate("AzeWords", "needs evidence"),
            "not_assessable": translate("AzeWords", "cannot be assessed"),
            "uncertain": translate("AzeWords", "uncertain"),
        },
        "verdict": {
            "eligible": translate("AzeWords", "Eligible"),
            "not_eligible": translate("AzeWords", "Not eligible"),
            "needs_evidence": translate("AzeWords", "Needs evidence"),
        },
        "change": {
            "new_trigger": translate("AzeWords", "New trigger species"),
            "trigger_lost": translate("AzeWords", "Trigger species lost"),
            "boundary_change": translate("AzeWords", "Boundary changed"),
            "reassessment": translate("AzeWords", "Assessed again"),
            "amalgamation": translate("AzeWords", "Another site taken in"),
        },
        "criterion": {
            "endangerment": translate("AzeWords", "Endangerment"),
            "irreplaceability": translate("AzeWords", "Irreplaceability"),
            "discreteness": translate("AzeWords", "Discreteness"),
        },
        "boundary_reason": {
            "null": translate("AzeWords", "the feature has no geometry"),
            "empty": translate("AzeWords", "it encloses no area"),
            "not_polygon": translate("AzeWords", "it is a line or a point"),
            "coordinates": translate("AzeWords", "its coordinates are not on Earth: check the layer's CRS"),
        },
        "landcover_reason": {
            "outside": translate("AzeWords", "the boundary lies outside of the raster"),
            "no_data_inside": translate("AzeWords", "it is not known for too much of the boundary"),
            "no_data_ring": translate("AzeWords", "it is not known for too much of the land around"),
            "too_coarse": translate("AzeWords", "the boundary holds too few of the raster's cells"),
            "few_copies": translate(
                "AzeWords", "there is too little known and comparable land near by to hold the boundary against"
            ),
            "seam": translate("AzeWords", "the raster's reference system is torn apart at this place"),
        },
    }


def word(kind: str, code: str) -> str:
    """The word for a code of a kind (``category``, ``parameter``, ``segment``, …); the code where there is none."""
    return _words().get(kind, {}).get(code, code)


def kinds() -> tuple[str, ...]:
    """The kinds of codes that have words; a finding's param of that name holds such a code."""
    return tuple(_words())
