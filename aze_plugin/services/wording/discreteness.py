"""Sentences about discreteness: the boundary itself, and what lies round it."""

from qgis.PyQt.QtCore import QCoreApplication


def templates() -> dict[str, str]:
    """Code to translated template."""
    translate = QCoreApplication.translate
    return {
        # the boundary
        "discreteness.boundary_invalid": translate(
            "AzeFindings", "Feature {row} cannot be a boundary: {boundary_reason}. Draw or import it again."
        ),
        "discreteness.boundary_repaired": translate(
            "AzeFindings",
            "The outline crosses itself ({reason}); it was mended into {count} parts. Look whether that is what you mean.",
        ),
        "discreteness.boundary_repaired.one": translate(
            "AzeFindings",
            "The outline was not valid ({reason}); it was mended. Look whether it still is what you mean.",
        ),
        "discreteness.crosses_antimeridian": translate(
            "AzeFindings", "The boundary crosses the 180° meridian; both sides are treated as one shape."
        ),
        "discreteness.one_part": translate("AzeFindings", "The boundary is in one piece."),
        "discreteness.parts": translate(
            "AzeFindings", "The boundary is in {count} parts; the largest has {largest_share} of the area."
        ),
        "discreteness.slivers": translate(
            "AzeFindings", "{count} parts are slivers ({area_m2} together). They may be leftovers of digitizing."
        ),
        "discreteness.slivers.one": translate(
            "AzeFindings", "One part is a sliver ({area_m2}). It may be a leftover of digitizing."
        ),
        "discreteness.sites_not_given": translate(
            "AzeFindings", "Not compared with existing sites, because no layer of AZE sites or KBAs was given."
        ),
        "discreteness.no_overlap": translate("AzeFindings", "No existing site is overlapped."),
        "discreteness.updates_site": translate(
            "AzeFindings",
            "This boundary is to take the place of that of {site}: it keeps {site_share} of that site, adds {gained_m2} "
            "and leaves out {lost_m2}.",
        ),
        "discreteness.updates_circle": translate(
            "AzeFindings",
            "This boundary is for {site}, which so far is only a circle of 1 km radius that stands for a site without a "
            "boundary.",
        ),
        "discreteness.overlaps_placeholder": translate(
            "AzeFindings",
            "{site} is only a circle of 1 km radius, which stands for a site without a boundary: whether this boundary "
            "overlaps it cannot be assessed. Find out where that site runs.",
        ),
        "discreteness.overlaps_site": translate(
            "AzeFindings",
            "{overlap_m2} overlap with {site} ({share} of this boundary, {site_share} of that site). Sites must not "
            "overlap: share the edge, or propose an update of the existing site.",
        ),
        "discreteness.same_as_site": translate(
            "AzeFindings", "The boundary is that of the existing site {site}: propose an update of it."
        ),
        "discreteness.oversize": translate(
            "AzeFindings",
            "The boundary is {factor} times as large as the whole range of {taxon} ({range_m2}). Consider a smaller one.",
        ),
        "discreteness.size_fits": translate(
            "AzeFindings", "The boundary has {factor} times the area of the range of {taxon} ({range_m2})."
        ),
        "discreteness.rationale_given": translate("AzeFindings", "The reasons for this boundary are stated."),
        "discreteness.no_rationale": translate(
            "AzeFindings", "Write why this boundary makes sense on the ground: habitat, management, natural edges."
        ),
        # what lies round it
        "discreteness.landcover_differs": translate(
            "AzeFindings",
            "Land cover inside differs from that in a ring of {ring_m} around: more {more_class} ({more_inside_share} "
            "inside, {more_ring_share} around), less {less_class} ({less_inside_share} inside, {less_ring_share} around). "
            "Divergence {divergence}; of {copies} copies of the boundary shifted near by, half have {median} or less and "
            "95 in 100 have {p95} or less (p = {p_value}).",
        ),
        "discreteness.landcover_alike": translate(
            "AzeFindings",
            "Land cover does not set this boundary apart: mostly {inside_class} inside ({inside_share}), mostly "
            "{ring_class} in a ring of {ring_m} around ({ring_share}). Divergence {divergence}; of {copies} copies of the "
            "boundary shifted near by, half have {median} or less and 95 in 100 have {p95} or less (p = {p_value}). Say "
            "in the rationale what else sets it apart.",
        ),
        "discreteness.landcover_not_assessed": translate(
            "AzeFindings", "Land cover ({source}) cannot be assessed, because {landcover_reason}."
        ),
        "discreteness.edges_share": translate(
            "AzeFindings",
            "{share} of the outline ({perimeter_m}) runs within {tolerance_m} of mapped edges (looked for in: {layers}).",
        ),
        "discreteness.nearest_record_outside": translate(
            "AzeFindings", "The nearest record outside is one of {taxon}, {distance_m} from the boundary."
        ),
        "discreteness.clip_empty": translate(
            "AzeFindings",
            "Nothing of the boundary is left outside that site, so it was not clipped. Propose an update of the site.",
        ),
        # rasters and layers
        "landcover.unreadable": translate(
            "AzeFindings", "{file} cannot be read as a raster. {detail} Choose a raster of land-cover classes."
        ),
        "landcover.no_crs": translate(
            "AzeFindings",
            "The land-cover raster {file} does not say where it lies: it has no coordinate reference system or no "
            "position. Assign one.",
        ),
        "landcover.provider": translate(
            "AzeFindings",
            "The land-cover layer “{source}” comes from a service ({provider}), not from a file. Save it as a GeoTIFF "
            "with its class values, and choose that.",
        ),
        "landcover.continuous": translate(
            "AzeFindings",
            "“{source}” holds measurements, not land-cover classes. Choose a raster whose values are the numbers of "
            "classes, or classify it first.",
        ),
        "terrain.unreadable": translate(
            "AzeFindings", "{file} cannot be read as a raster. {detail} Choose a raster of altitudes."
        ),
        "terrain.no_crs": translate(
            "AzeFindings",
            "The raster of altitudes {file} does not say where it lies: it has no coordinate reference system or no "
            "position. Assign one.",
        ),
        "terrain.provider": translate(
            "AzeFindings",
            "The altitudes of “{source}” come from a service ({provider}), not from a file. Save them as a GeoTIFF, and "
            "choose that.",
        ),
        "terrain.classes": translate(
            "AzeFindings", "“{source}” holds classes, not altitudes. Choose a raster whose values are altitudes."
        ),
        "edges.no_lines": translate(
            "AzeFindings", "The layer “{source}” has neither lines nor polygons, so it maps no edges. Leave it out."
        ),
        "edges.tolerance": translate(
            "AzeFindings", "A tolerance of {value} finds no edges. Give a distance in metres that is greater than 0."
        ),
    }
