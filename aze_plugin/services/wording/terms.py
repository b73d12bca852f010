"""The field's terms for the codes of assessment and coverage files, as people read them."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication


def parameter(code: str) -> str:
    """Name of an assessment parameter, such as ``aoo``."""
    translate = QCoreApplication.translate
    return {
        "mature_individuals": translate("AzeTerms", "Mature individuals"),
        "aoo": translate("AzeTerms", "Area of occupancy"),
        "esh": translate("AzeTerms", "Suitable habitat"),
        "range": translate("AzeTerms", "Range"),
        "localities": translate("AzeTerms", "Localities"),
    }.get(code, code)


def segment(code: str) -> str:
    """Name of the part of a population that a share is about."""
    translate = QCoreApplication.translate
    return {
        "all": translate("AzeTerms", "whole"),
        "resident": translate("AzeTerms", "resident"),
        "breeding": translate("AzeTerms", "breeding"),
        "non_breeding": translate("AzeTerms", "non-breeding"),
        "passage": translate("AzeTerms", "passage"),
    }.get(code, code)


def unit(code: str) -> str:
    """Unit behind a counted value; areas carry their unit in the number itself."""
    translate = QCoreApplication.translate
    return {
        "cells": translate("AzeTerms", "cells of 2 × 2 km"),
        "individuals": translate("AzeTerms", "individuals"),
        "localities": translate("AzeTerms", "localities"),
        "m2": translate("AzeTerms", "area"),
    }.get(code, code)


def category(code: str) -> str:
    """Red List category in words."""
    translate = QCoreApplication.translate
    return {
        "EX": translate("AzeTerms", "Extinct"),
        "EW": translate("AzeTerms", "Extinct in the Wild"),
        "RE": translate("AzeTerms", "Regionally Extinct"),
        "CR": translate("AzeTerms", "Critically Endangered"),
        "EN": translate("AzeTerms", "Endangered"),
        "VU": translate("AzeTerms", "Vulnerable"),
        "NT": translate("AzeTerms", "Near Threatened"),
        "LC": translate("AzeTerms", "Least Concern"),
        "DD": translate("AzeTerms", "Data Deficient"),
        "NA": translate("AzeTerms", "Not Applicable"),
        "NE": translate("AzeTerms", "Not Evaluated"),
        "LR/cd": translate("AzeTerms", "Lower Risk, conservation dependent"),
        "LR/nt": translate("AzeTerms", "Lower Risk, near threatened"),
        "LR/lc": translate("AzeTerms", "Lower Risk, least concern"),
    }.get(code, code)


def route(code: str) -> str:
    """How a taxon makes a site irreplaceable."""
    translate = QCoreApplication.translate
    return {
        "sole_area": translate("AzeTerms", "the sole area where it occurs"),
        "resident_population": translate("AzeTerms", "nearly all of its resident population"),
        "life_history_segment": translate("AzeTerms", "nearly all of its population in one part of its life history"),
        "reintroduction": translate("AzeTerms", "the site for its reintroduction"),
        "none": translate("AzeTerms", "by no route"),
    }.get(code, code)
