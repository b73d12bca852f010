"""Sentences about trigger species of sites, projects near sites, and sites in their surroundings."""

from qgis.PyQt.QtCore import QCoreApplication


def templates() -> dict[str, str]:
    """Code to translated template."""
    translate = QCoreApplication.translate
    return {
        # trigger species
        "triggers.fields": translate(
            "AzeFindings",
            "The table of trigger species “{source}” needs a column of site ids (SitRecID, site_id …) and one of "
            "scientific names (scientific_name, species …). Its columns are: {available}.",
        ),
        # a project's footprint
        "screening.no_features": translate(
            "AzeFindings", "The layer “{source}” has no features. Choose the layer that holds the project's footprint."
        ),
        "screening.field_missing": translate(
            "AzeFindings", "The layer “{source}” has no field “{field}”. Its fields are: {available}."
        ),
        "screening.part_null": translate(
            "AzeFindings", "“{feature}” has no geometry, so it was not screened. Draw it, or take it out of the layer."
        ),
        "screening.part_empty": translate(
            "AzeFindings", "“{feature}” encloses no area, so it was not screened. Draw it anew."
        ),
        "screening.part_coordinates": translate(
            "AzeFindings",
            "“{feature}” has coordinates that are no place on earth, so it was not screened. Check that its layer has "
            "the right coordinate reference system.",
        ),
        "screening.part_repaired": translate(
            "AzeFindings",
            "The outline of “{feature}” was mended before it was screened ({reason}). Check its shape in the layer.",
        ),
        # sites
        "screening.sites_lost": translate(
            "AzeFindings",
            "{count} of {total} sites have no boundary that can be measured, so they were not screened. Whether the "
            "project lies near them is not known.",
        ),
        "screening.sites_lost.one": translate(
            "AzeFindings",
            "One of {total} sites has no boundary that can be measured, so it was not screened. Whether the project "
            "lies near it is not known.",
        ),
        "screening.sites_repaired": translate(
            "AzeFindings", "The boundaries of {count} sites were mended before they were measured."
        ),
        "screening.sites_repaired.one": translate(
            "AzeFindings", "The boundary of one site was mended before it was measured."
        ),
        "screening.circles": translate(
            "AzeFindings",
            "{count} sites have no boundary and are drawn as a circle: {sites}. Distances and overlaps are those of "
            "the circle, and uncertain by {uncertain_km}\u00a0km.",
        ),
        "screening.circles.one": translate(
            "AzeFindings",
            "{sites} has no boundary and is drawn as a circle. Distance and overlap are those of the circle, and "
            "uncertain by {uncertain_km}\u00a0km.",
        ),
        "screening.not_aze": translate(
            "AzeFindings",
            "{count} sites of “{source}” were left out, as the layer does not call them AZE sites.",
        ),
        "screening.not_aze.one": translate(
            "AzeFindings", "One site of “{source}” was left out, as the layer does not call it an AZE site."
        ),
        "screening.status_unknown": translate(
            "AzeFindings",
            "“{source}” does not tell which of its sites are AZE sites, so all of them were taken for AZE sites.",
        ),
        "screening.species_unknown": translate(
            "AzeFindings",
            "The trigger species of {count} sites are not known: {sites}. Give a table of them, or a species library.",
        ),
        "screening.species_unknown.one": translate(
            "AzeFindings",
            "The trigger species of {sites} are not known. Give a table of them, or a species library.",
        ),
        # the answer
        "screening.on_sites": translate("AzeFindings", "The project lies on {count} AZE sites: {sites}."),
        "screening.on_sites.one": translate("AzeFindings", "The project lies on one AZE site: {sites}."),
        "screening.near_sites": translate(
            "AzeFindings",
            "The project lies on no AZE site, but {count} are within {reach_km}\u00a0km. The nearest is {site}, {distance_m} "
            "away.",
        ),
        "screening.near_sites.one": translate(
            "AzeFindings",
            "The project lies on no AZE site, but one is within {reach_km}\u00a0km: {site}, {distance_m} away.",
        ),
        "screening.nothing_near": translate(
            "AzeFindings", "No AZE site within {reach_km}\u00a0km. The nearest is {site}, {distance_m} away."
        ),
        "screening.nothing_measured": translate(
            "AzeFindings",
            "Nothing could be screened: no feature of the project, or no site, has a shape that can be measured.",
        ),
        "screening.near_sites_partly": translate(
            "AzeFindings",
            "Not all could be screened. Of what could, the project lies on no AZE site, but {count} are within "
            "{reach_km}\u00a0km. The nearest is {site}, {distance_m} away.",
        ),
        "screening.near_sites_partly.one": translate(
            "AzeFindings",
            "Not all could be screened. Of what could, the project lies on no AZE site, but one is within "
            "{reach_km}\u00a0km: {site}, {distance_m} away.",
        ),
        "screening.nothing_near_partly": translate(
            "AzeFindings",
            "Not all could be screened. Of what could, no AZE site is within {reach_km}\u00a0km. The nearest is {site}, "
            "{distance_m} away.",
        ),
        # guidance
        "screening.guidance_on": translate(
            "AzeFindings",
            "An AZE site holds nearly all that is left of at least one Endangered or Critically Endangered species, "
            "so it should be expected to be critical habitat under IFC Performance Standard 6. Its Guidance Note 6 "
            "counts sites that fit the criteria of the Alliance among the areas where projects will not be acceptable "
            "for financing, with the possible exception of one that is designed to help conserve the area. Tell the "
            "lender as early as can be, and ask the organisations that designate and look after the site. This is "
            "guidance to start from, not advice on a decision.",
        ),
        "screening.guidance_near": translate(
            "AzeFindings",
            "The footprint lies on no AZE site of this layer that could be screened. Its influence may reach farther, "
            "through roads, water, noise or people who move in; IFC Performance Standard 6 asks for the whole area of "
            "influence, and its Guidance Note 6 counts AZE sites among the areas where projects will not be acceptable "
            "for financing, with few possible exceptions. Look at the sites listed one by one. This is guidance to "
            "start from, not advice on a decision.",
        ),
        "screening.guidance_far": translate(
            "AzeFindings",
            "No AZE site of this layer lies near the project. That alone does not clear it: IFC Performance Standard 6 "
            "asks about all critical habitat, of which AZE sites are a small part, and the layer may not hold every site. "
            "This is guidance to start from, not advice on a decision.",
        ),
        "screening.guidance_unknown": translate(
            "AzeFindings",
            "Whether an AZE site lies on or near the project is not known, as not all could be screened. IFC Performance "
            "Standard 6 asks about all critical habitat, which AZE sites should be expected to be, and its Guidance Note "
            "6 counts them among the areas where projects will not be acceptable for financing, with few possible "
            "exceptions. Mend what the notes name and screen again.",
        ),
        # sites in their surroundings
        "context.nothing": translate("AzeFindings", "Choose at least one raster or one layer of polygons."),
        "context.unreadable": translate(
            "AzeFindings", "{file} cannot be read as a raster. Choose a raster that GDAL can read. {detail}"
        ),
        "context.short_columns": translate(
            "AzeFindings",
            "Columns of a shapefile have ten letters at most, so layers go by their number: {columns}. Choose a "
            "GeoPackage to have their names.",
        ),
        "context.no_crs": translate(
            "AzeFindings",
            "The raster {file} does not say where it lies: it has no coordinate reference system or no position. "
            "Assign one.",
        ),
        "context.provider": translate(
            "AzeFindings",
            "The raster layer “{source}” comes from a service ({provider}), not from a file. Save it as a GeoTIFF with "
            "its values, and choose that.",
        ),
        "context.continuous": translate(
            "AzeFindings", "“{source}” holds complex numbers, of which there is no mean. Choose another raster."
        ),
        "context.many_classes": translate(
            "AzeFindings",
            "“{source}” has more than {count} different values, so they are no classes. Let it be read as measurements.",
        ),
        "context.not_areas": translate(
            "AzeFindings", "“{source}” has no polygons, so nothing can lie in them. Choose a layer of polygons."
        ),
        "context.problem_no_boundary": translate("AzeFindings", "The site has no boundary that can be measured."),
        "context.problem_outside": translate("AzeFindings", "The raster does not reach the site."),
        "context.problem_no_data": translate("AzeFindings", "The raster has no data in the site."),
        "context.problem_seam": translate(
            "AzeFindings", "The raster's reference system has no place for the site, or tears it apart."
        ),
        "context.circle": translate(
            "AzeFindings", "The site is drawn as a circle for want of a boundary; the figures are those of the circle."
        ),
    }
