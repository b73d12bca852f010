"""Sentences about proposals for a boundary."""

from qgis.PyQt.QtCore import QCoreApplication


def templates() -> dict[str, str]:
    """Code to translated template."""
    translate = QCoreApplication.translate
    return {
        "suggestion.name": translate("AzeFindings", "Proposal {rank} for {taxon}"),
        "suggestion.cells": translate("AzeFindings", "{count} hexagons"),
        "suggestion.cells.one": translate("AzeFindings", "one hexagon"),
        # why this one
        "suggestion.because_least_area": translate(
            "AzeFindings",
            "The least area that holds enough: {share} of the {parameter} ({segment}) of {taxon}, with the shortest outline among those hardly larger.",
        ),
        "suggestion.because_simplest": translate(
            "AzeFindings",
            "A simpler outline for some more area; it holds {share} of the {parameter} ({segment}) of {taxon}.",
        ),
        "suggestion.because_fewest": translate(
            "AzeFindings",
            "Fewer units to deal with; they hold {share} of the {parameter} ({segment}) of {taxon}.",
        ),
        "suggestion.because_protected": translate(
            "AzeFindings",
            "Less land that is not protected yet; it holds {share} of the {parameter} ({segment}) of {taxon}.",
        ),
        "suggestion.because_one_part": translate(
            "AzeFindings", "In one part; it holds {share} of the {parameter} ({segment}) of {taxon}."
        ),
        "suggestion.because_other": translate(
            "AzeFindings",
            "Other land than the proposals before it; it holds {share} of the {parameter} ({segment}) of {taxon}.",
        ),
        "suggestion.also_least_area": translate("AzeFindings", "It is also the least area."),
        "suggestion.also_simplest": translate("AzeFindings", "No simpler outline was found for somewhat more area."),
        "suggestion.also_fewest": translate("AzeFindings", "It is also the one of the fewest units."),
        "suggestion.also_protected": translate("AzeFindings", "It is also the one with the least unprotected land."),
        "suggestion.also_one_part": translate("AzeFindings", "It is also the smallest found in one part."),
        "suggestion.bound": translate(
            "AzeFindings", "Its area is at most {factor} times the least that could do with these units."
        ),
        "suggestion.bound_reached": translate("AzeFindings", "No choice of these units takes less area."),
        "suggestion.oversize": translate(
            "AzeFindings",
            "It is {factor} times as large as what it is there for ({parameter}): smaller units would make a smaller site.",
        ),
        "suggestion.picks_records": translate(
            "AzeFindings",
            "It picks out single records: a cell counts with one record inside, and most of each cell is left outside. Give larger units, or have habitat or range held instead.",
        ),
        "suggestion.few_records": translate(
            "AzeFindings", "It rests on {count} records only: look for further ones before you rely on it."
        ),
        "suggestion.few_records.one": translate(
            "AzeFindings", "It rests on a single record: look for further ones before you rely on it."
        ),
        "suggestion.with_cells": translate(
            "AzeFindings",
            "{count} hexagons of up to {cell_m2} fill in where no unit is: draw natural or administrative edges in their place.",
        ),
        "suggestion.with_cells.one": translate(
            "AzeFindings",
            "One hexagon of up to {cell_m2} fills in where no unit is: draw a natural or administrative edge in its place.",
        ),
        "suggestion.other_parameter": translate(
            "AzeFindings", "By {parameter} ({segment}) it would hold {share}, which is not enough."
        ),
        # what stands in the way
        "suggestion.unreachable": translate(
            "AzeFindings",
            "No proposal for {taxon}: all units together hold {share} of its {parameter} ({segment}), and more than {threshold_share} is needed.",
        ),
        "suggestion.in_sites": translate(
            "AzeFindings",
            "{share} lies in existing sites, whose land is not to be had for a new one: propose an update of the existing site.",
        ),
        "suggestion.try_fill": translate(
            "AzeFindings",
            "Hexagons were not allowed to fill the gaps between the units; with them more can be reached.",
        ),
        "suggestion.not_confirmed": translate(
            "AzeFindings", "One proposal was dropped: measured as a whole it holds {share}, which is not enough."
        ),
        "suggestion.cannot_trigger": translate(
            "AzeFindings",
            "{taxon} ({category}) cannot trigger an AZE site by its category or rank, whatever a boundary holds of it.",
        ),
        "suggestion.units_repaired": translate("AzeFindings", "The outlines of {count} units were broken and mended."),
        "suggestion.units_repaired.one": translate("AzeFindings", "The outline of one unit was broken and mended."),
        "suggestion.units_unusable": translate(
            "AzeFindings", "{count} features without a usable polygon were left out of the units."
        ),
        "suggestion.units_unusable.one": translate(
            "AzeFindings", "One feature without a usable polygon was left out of the units."
        ),
        "suggestion.layer_left_out": translate(
            "AzeFindings", "The layer “{source}” has no polygons, so it was left out of the units."
        ),
        # errors
        "suggestion.no_units": translate(
            "AzeFindings",
            "There is nothing to build a boundary for {taxon} from. Give layers of units, or let hexagons fill in.",
        ),
        "suggestion.no_evidence": translate(
            "AzeFindings",
            "The library holds no range, habitat or records of {taxon} that count, so no boundary can be proposed. Import some, or relax the filters.",
        ),
        "suggestion.no_parameter": translate(
            "AzeFindings",
            "The library has nothing on the {parameter} of {taxon}. It has: {known_parameters}. Choose one of these, or import more.",
        ),
        "suggestion.no_segment": translate(
            "AzeFindings",
            "The {parameter} of {taxon} is not known for the segment “{segment}”. Leave the segment open, or choose another.",
        ),
        "suggestion.too_many_cells": translate(
            "AzeFindings",
            "Hexagons of {cell_m2} would be more than {limit} for this taxon. Choose a larger size.",
        ),
        "suggestion.not_polygons": translate(
            "AzeFindings", "The layer “{source}” has no polygons, so nothing can be built from it. Leave it out."
        ),
    }
