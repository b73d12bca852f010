"""Sentences about boundaries that are taken from elsewhere, and about how finely they are drawn."""

from qgis.PyQt.QtCore import QCoreApplication


def templates() -> dict[str, str]:
    """Code to translated template."""
    translate = QCoreApplication.translate
    return {
        # what a text is called that was copied
        "boundary.clipboard": translate("AzeErrors", "The copied text"),
        # what only the user can know
        "boundary.crs_missing": translate(
            "AzeErrors",
            "“{source}” does not say in which coordinate reference system it is. Choose the one that puts it in the right "
            "place, or add what is missing (the .prj file of a shapefile, SRID=… before a WKT).",
        ),
        "boundary.crs_doubtful": translate(
            "AzeErrors",
            "“{source}” says that it is in {crs}, but its coordinates ({coordinates}) do not lie in the area of that "
            "system. Choose the one that puts it in the right place.",
        ),
        "boundary.axes_swapped": translate(
            "AzeErrors",
            "The coordinates of “{source}” ({coordinates}) make sense only with latitude before longitude (in a "
            "projection: north before east). Say whether that is so.",
        ),
        "boundary.axes_unknown": translate(
            "AzeErrors",
            "Say which of the two numbers in each line is the latitude, and in which reference system they are.",
        ),
        "boundary.gap_large": translate(
            "AzeErrors",
            "The line is not closed: {count} gaps, the largest of {largest_m}, together {gap_share} of its length "
            "({length_m}; more than {allowed_share} is not closed unasked). Look whether straight lines across the gaps "
            "are what you mean.",
        ),
        "boundary.gap_large.one": translate(
            "AzeErrors",
            "The line is not closed: its ends are {largest_m} apart, {gap_share} of its length ({length_m}; more than "
            "{allowed_share} is not closed unasked). Look whether a straight line between them is what you mean.",
        ),
        # what cannot be taken
        "boundary.unreadable": translate(
            "AzeErrors", "“{file}” cannot be read to its end: {detail}. Get a whole copy of it, and try again."
        ),
        "boundary.too_many": translate(
            "AzeErrors",
            "“{file}” has {count} features; up to {most} are offered for choice. Add it to the project, select the ones "
            "that you mean, and use “From selection”.",
        ),
        "boundary.bad_text": translate(
            "AzeErrors",
            "The text begins like a boundary, but breaks off or is misspelt ({detail}). Copy all of it, and paste again.",
        ),
        "boundary.coordinates": translate(
            "AzeErrors",
            "The coordinates of “{source}” ({coordinates}) do not lie on earth when they are taken as {crs}. Choose "
            "another coordinate reference system.",
        ),
        "boundary.not_finite": translate(
            "AzeErrors", "“{source}” has coordinates that are not numbers. Export it once more where it comes from."
        ),
        "boundary.no_ring": translate(
            "AzeErrors",
            "The lines of “{source}” enclose nothing: they give fewer than three different places. Choose the line that "
            "runs round the site.",
        ),
        "boundary.many_pieces": translate(
            "AzeErrors",
            "The lines of “{source}” are in {count} pieces that do not touch; up to {most} can be joined to a ring. Close "
            "them first (Processing: “Polygonize”), or choose fewer.",
        ),
        # what was done on the way
        "boundary.crs_given": translate("AzeFindings", "Its coordinates were taken as {crs}, as you said."),
        "boundary.swapped": translate("AzeFindings", "Latitude came before longitude; they were exchanged."),
        "boundary.z_dropped": translate("AzeFindings", "Heights were left out ({count} shapes)."),
        "boundary.z_dropped.one": translate("AzeFindings", "Heights were left out."),
        "boundary.m_dropped": translate("AzeFindings", "Measures (M values) were left out ({count} shapes)."),
        "boundary.m_dropped.one": translate("AzeFindings", "Measures (M values) were left out."),
        "boundary.curves_straightened": translate(
            "AzeFindings",
            "The arcs of {count} shapes were made into short straight edges, off by {tolerance_mm} mm at most.",
        ),
        "boundary.curves_straightened.one": translate(
            "AzeFindings", "Its arcs were made into short straight edges, off by {tolerance_mm} mm at most."
        ),
        "boundary.bent_straightened": translate(
            "AzeFindings",
            "Long straight edges of {count} shapes got vertices between, so that they stay within {bend_m} of where "
            "their projection has them.",
        ),
        "boundary.bent_straightened.one": translate(
            "AzeFindings",
            "Long straight edges got vertices between, so that they stay within {bend_m} of where their projection has "
            "them.",
        ),
        "boundary.lines_left_out": translate("AzeFindings", "{count} features with lines were left out."),
        "boundary.lines_left_out.one": translate("AzeFindings", "1 feature with lines was left out."),
        "boundary.points_left_out": translate("AzeFindings", "{count} points were left out."),
        "boundary.points_left_out.one": translate("AzeFindings", "1 point was left out."),
        "boundary.open_left_out": translate("AzeFindings", "{count} lines that are not closed were left out."),
        "boundary.open_left_out.one": translate("AzeFindings", "1 line that is not closed was left out."),
        "boundary.empty_left_out": translate("AzeFindings", "{count} features without a geometry were left out."),
        "boundary.empty_left_out.one": translate("AzeFindings", "1 feature without a geometry was left out."),
        "boundary.no_area_left_out": translate(
            "AzeFindings", "{count} polygons enclose no area or lie outside the world, and were left out."
        ),
        "boundary.no_area_left_out.one": translate(
            "AzeFindings", "1 polygon encloses no area or lies outside the world, and was left out."
        ),
        "boundary.ring_of_line": translate("AzeFindings", "Made of a closed line of {length_m}."),
        "boundary.ring_closed": translate(
            "AzeFindings",
            "Made of lines of {length_m}; {count} gaps were closed, the largest of {largest_m} ({gap_share} of the length "
            "together).",
        ),
        "boundary.ring_closed.one": translate(
            "AzeFindings",
            "Made of a line of {length_m}; its ends were {largest_m} apart ({gap_share} of the length) and were joined.",
        ),
        "boundary.crosses_antimeridian": translate(
            "AzeFindings", "It crosses the 180° meridian, and was split there; both sides are treated as one shape."
        ),
        "boundary.longitudes_wrapped": translate(
            "AzeFindings", "Its longitudes ran past 180°; they were brought back by a whole turn."
        ),
        "boundary.repaired": translate(
            "AzeFindings",
            "The outline was not valid ({reason}) and was mended. Look whether it still is what you mean.",
        ),
        # how finely it is drawn
        "boundary.too_coarse": translate(
            "AzeFindings",
            "The outline is coarse: half of its edges are longer than {median_m}, as on a map of about 1:{scale}, while the "
            "work is at 1:{mapping_scale}. Where it does not follow straight limits, draw it in more detail.",
        ),
        "boundary.too_fine": translate(
            "AzeFindings",
            "The outline is finer than needed: half of its edges are shorter than {median_m}, as on a map of about "
            "1:{scale}, while the work is at 1:{mapping_scale}. That does no harm.",
        ),
        "boundary.few_decimals": translate(
            "AzeFindings",
            "The coordinates have only {decimals} decimals, which are steps of {step_m}: too coarse for 1:{mapping_scale}. "
            "They were cut short on the way; get them in full.",
        ),
        "boundary.placeholder_circle": translate(
            "AzeFindings",
            "The outline is a circle of {radius_m} radius with {corners} corners, such as stand in for a boundary that "
            "nobody has drawn yet. Draw the site itself.",
        ),
        "boundary.machine_rectangle": translate(
            "AzeFindings",
            "The outline is a plain rectangle, such as a map sheet or a search window. Draw the site itself, unless it "
            "really ends so.",
        ),
        "boundary.machine_hexagon": translate(
            "AzeFindings",
            "The outline is a plain hexagon, such as a cell of a grid. Draw the site itself, unless it really ends so.",
        ),
    }
