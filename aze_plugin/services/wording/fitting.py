"""Sentences about fitting a boundary to mapped edges, and about including what lies outside."""

from qgis.PyQt.QtCore import QCoreApplication


def templates() -> dict[str, str]:
    """Code to translated template."""
    translate = QCoreApplication.translate
    return {
        # what fitting does
        "fitting.snapped": translate(
            "AzeFindings", "{length_m} of the outline takes the edge of {source}; {area_m2} changes sides."
        ),
        "fitting.simplified": translate(
            "AzeFindings", "{length_m} of the outline loses {count} vertices; {area_m2} changes sides."
        ),
        "fitting.simplified.one": translate(
            "AzeFindings", "{length_m} of the outline loses one vertex; {area_m2} changes sides."
        ),
        "fitting.overlap_removed": translate(
            "AzeFindings", "A strip of {area_m2} that overlaps {source} is taken away, along {length_m}."
        ),
        "fitting.gap_filled": translate(
            "AzeFindings", "A gap of {area_m2} between the boundary and {source} is closed, along {length_m}."
        ),
        "fitting.sliver_removed": translate("AzeFindings", "A sliver of {area_m2} is taken away."),
        "fitting.hole_filled": translate("AzeFindings", "A hole of {area_m2} is filled."),
        "fitting.rounded": translate(
            "AzeFindings", "{count} vertices are rounded to seven decimals of a degree, about a centimetre."
        ),
        "fitting.rounded.one": translate(
            "AzeFindings", "One vertex is rounded to seven decimals of a degree, about a centimetre."
        ),
        "fitting.shared_exactly": translate(
            "AzeFindings",
            "{count} vertices along {source} keep all decimals of that site, so that the two share their edge without overlap.",
        ),
        "fitting.shared_exactly.one": translate(
            "AzeFindings",
            "One vertex along {source} keeps all decimals of that site, so that the two share their edge without overlap.",
        ),
        # what could not be done
        "fitting.stretch_left": translate(
            "AzeFindings",
            "{length_m} of the outline near an edge of {source} was left as it is: laid on that edge the outline would cross itself or change too much area. Draw it by hand there.",
        ),
        "fitting.overlap_left": translate(
            "AzeFindings",
            "{area_m2} still lies in {site}, in a strip wider than the tolerance or where edges cannot be told apart. Clip the boundary to that site if this is not meant.",
        ),
        "fitting.limit": translate(
            "AzeFindings",
            "Fitting stopped before more than {limit_m2} changes sides, which is the tolerance times the length of the outline. Choose a smaller tolerance.",
        ),
        "fitting.unsettled": translate(
            "AzeFindings",
            "After {count} rounds the outline still changed a little. Fit it once more, or choose another tolerance.",
        ),
        "fitting.no_boundary": translate("AzeFindings", "“{name}” has no usable boundary, so it was left out."),
        # errors
        "fitting.tolerance": translate(
            "AzeFindings",
            "The tolerance ({tolerance_m}) has to lie between 0 and 100 km, and simplifying ({simplify_m}) cannot move the outline farther than it.",
        ),
        "fitting.no_layers": translate(
            "AzeFindings",
            "There is nothing to fit the boundary to. Choose layers with edges, protected areas or sites.",
        ),
        # what is outside, and including it
        "outside.joined": translate(
            "AzeFindings", "{area_m2} is added to the boundary, which takes in {share} of {taxon}."
        ),
        "outside.unit": translate("AzeFindings", "It is {source}, the smallest unit that holds this part."),
        "outside.units": translate(
            "AzeFindings",
            "It is put together of {count} units, the fewest of small size that hold this part: {source}.",
        ),
        "outside.buffered": translate(
            "AzeFindings",
            "No unit holds this part without taking in far more: it is the part itself with {buffer_m} of room round it.",
        ),
        "outside.fitted": translate(
            "AzeFindings", "It takes the edges of units and of the boundary that lie within {tolerance_m} of it."
        ),
        "outside.corridor": translate(
            "AzeFindings", "A corridor {width_m} wide bridges the {distance_m} between the boundary and the part."
        ),
        "outside.second_part": translate(
            "AzeFindings",
            "The part lies {distance_m} away, farther than the {limit_m} that a corridor may bridge, so it becomes a part of its own.",
        ),
        "outside.in_site": translate(
            "AzeFindings", "{area_m2} of it lies in the existing site {site} and is left out of the addition."
        ),
        "outside.simplified": translate("AzeFindings", "Only the largest {count} of {total} parts outside are listed."),
        "outside.nothing": translate("AzeFindings", "Nothing of {taxon} lies outside the boundary."),
        "outside.nothing_known": translate(
            "AzeFindings", "The library has no range, habitat or records of {taxon} that tell where the rest lies."
        ),
        "outside.other_basis": translate(
            "AzeFindings",
            "The library has nothing on the {parameter} of {taxon}. Leave it open by what the parts are told, or import more.",
        ),
        "outside.other_segment": translate(
            "AzeFindings",
            "The {parameter} of {taxon} is not known for the segment “{segment}”. Leave the segment open, or choose another.",
        ),
        "outside.first_of": translate(
            "AzeFindings",
            "The layer has {count} boundaries, and the first, “{name}”, is the one that is extended. Select another one alone to extend that.",
        ),
        "outside.no_place": translate(
            "AzeFindings", "This part lies in existing sites altogether, so it cannot be added to another site."
        ),
        "outside.part_missing": translate(
            "AzeFindings",
            "There is no part number {number} outside the boundary, only {count}. Check the boundary again.",
        ),
        "outside.part_missing.one": translate(
            "AzeFindings",
            "There is no part number {number} outside the boundary, only one. Check the boundary again.",
        ),
    }
