"""Sentences of the fact sheet of a site."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication


def templates() -> dict[str, str]:
    """Code to translated template."""
    translate = QCoreApplication.translate
    return {
        # which site
        "factsheet.which": translate(
            "AzeFindings",
            "“{source}” has {total} sites. Give the id or the name of the one that the sheet is about, such as: "
            "{examples}.",
        ),
        "factsheet.no_such_site": translate(
            "AzeFindings",
            "“{source}” has no site with the id or the name “{value}”. Its sites are called like these: {examples}.",
        ),
        "factsheet.no_such_feature": translate(
            "AzeFindings", "“{source}” has no feature number {feature} any more. Choose the site anew."
        ),
        "factsheet.nothing_to_write": translate(
            "AzeFindings", "Say where the sheet goes: as a page (HTML), as a PDF, or as a summary (JSON)."
        ),
        # the site
        "factsheet.same_id": translate(
            "AzeReports", "{total} rows of the layer bear this id or name; the sheet is of the first of them."
        ),
        "factsheet.no_boundary": translate(
            "AzeReports",
            "No boundary of this site is known. What needs one, its area, its cover and the shares of species, cannot "
            "be assessed; this is not 0 %.",
        ),
        "factsheet.placeholder": translate(
            "AzeReports",
            "The boundary of this site is not known: the circle of 1 km radius on the map only stands for it. Its area, "
            "its cover and the shares of species cannot be assessed; this is not 0 %.",
        ),
        "factsheet.no_place": translate(
            "AzeReports", "The layer does not tell where the site lies, so there is no map."
        ),
        # trigger species
        "factsheet.species_unknown": translate(
            "AzeReports",
            "Not known: the layer names no trigger species, and no table of them was given. This does not mean that "
            "there are none.",
        ),
        "factsheet.species_not_in_table": translate(
            "AzeReports",
            "Not known: neither the layer nor the table “{table}” names trigger species of this site. This does not mean "
            "that there are none.",
        ),
        "factsheet.species_none": translate(
            "AzeReports",
            "None: the check against the species library finds no taxon that triggers here, and none is listed.",
        ),
        "factsheet.more_species": translate(
            "AzeReports", "And {count} more: on screen the page (HTML) lists them all, as does the summary (JSON)."
        ),
        "factsheet.more_species.one": translate(
            "AzeReports", "And one more: on screen the page (HTML) lists them all, as does the summary (JSON)."
        ),
        "factsheet.species_listed": translate("AzeReports", "Listed: {basis}."),
        "factsheet.species_by_check": translate(
            "AzeReports", "Found by the check against the species library; no list of trigger species was given."
        ),
        "factsheet.shares_checked": translate(
            "AzeReports",
            "Share: of the species' world, by the measure in brackets, as the check finds it; more than {threshold_share} "
            "triggers.",
        ),
        "factsheet.shares_not_checked": translate(
            "AzeReports", "Shares were not checked, as no species library was given."
        ),
        "factsheet.shares_no_boundary": translate(
            "AzeReports", "Shares cannot be assessed, as the site has no boundary."
        ),
        "factsheet.more_species_all": translate(
            "AzeReports", "{count} species: on screen the page (HTML) lists them all, as does the summary (JSON)."
        ),
        "factsheet.more_species_all.one": translate(
            "AzeReports", "One species: on screen the page (HTML) lists it, as does the summary (JSON)."
        ),
        # criteria
        "factsheet.endangerment_listed": translate(
            "AzeReports", "By the categories of the listed species: {categories}. Not checked against the boundary."
        ),
        "factsheet.listed_confirmed": translate(
            "AzeReports",
            "The layer has the site as a confirmed AZE site. Not checked, as no species library was given.",
        ),
        "factsheet.not_checked": translate("AzeReports", "Not checked, as no species library was given."),
        "factsheet.cannot_check": translate("AzeReports", "Cannot be assessed, as the site has no boundary."),
        "factsheet.no_rationale": translate(
            "AzeReports", "A boundary that can be judged; the written reason for it is not among these data."
        ),
        # cover
        "factsheet.cover_not_measured": translate(
            "AzeReports", "Not measured, as no layer of protected areas was given. This is not 0 %."
        ),
        "factsheet.cover": translate(
            "AzeReports", "{both_share} of {area_ha} is protected or conserved; {unprotected_ha} is not."
        ),
        "factsheet.cover_all": translate("AzeReports", "{both_share} of {area_ha} is protected or conserved."),
        "factsheet.no_areas": translate("AzeReports", "No protected area or OECM that counts meets the site."),
        "factsheet.more_areas": translate("AzeReports", "And {count} more areas: see the summary (JSON)."),
        "factsheet.more_areas.one": translate("AzeReports", "And one more area: see the summary (JSON)."),
        "factsheet.more_areas_all": translate("AzeReports", "{count} areas: see the summary (JSON)."),
        "factsheet.more_areas_all.one": translate("AzeReports", "One area: see the summary (JSON)."),
        "factsheet.trend_band": translate(
            "AzeReports", "The band holds 95 % of the draws for {count} areas of unknown year."
        ),
        "factsheet.trend_band.one": translate(
            "AzeReports", "The band holds 95 % of the draws for one area of unknown year."
        ),
        "factsheet.cover_cannot": translate(
            "AzeReports", "Not assessed, as no boundary of the site is known. This is not 0 %."
        ),
        "factsheet.no_trend": translate(
            "AzeReports", "No trend, as of none of these areas the year of designation is known."
        ),
        "factsheet.points_circles": translate(
            "AzeReports", "Areas known as points count as circles of their reported area."
        ),
        # surroundings
        "factsheet.more_context": translate("AzeReports", "And {count} more lines: see the summary (JSON)."),
        "factsheet.more_context.one": translate("AzeReports", "And one more line: see the summary (JSON)."),
        "factsheet.more_context_all": translate("AzeReports", "{count} lines, see the summary (JSON)."),
        "factsheet.more_context_all.one": translate("AzeReports", "one line, see the summary (JSON)."),
        "factsheet.context_circle": translate(
            "AzeReports", "Figures are those of the circle that stands for the site."
        ),
        # the map
        "factsheet.many_areas": translate(
            "AzeReports", "The site is too large for protected areas to be seen on this map."
        ),
        "factsheet.small": translate("AzeReports", "The triangle marks the site, which is small at this scale."),
        # sources
        "factsheet.method": translate(
            "AzeReports",
            "Cover after the SDG indicators 14.5.1, 15.1.2 and 15.4.1; areas for shares in EPSG:6933, areas shown on "
            "the WGS 84 ellipsoid.",
        ),
        "factsheet.more_sources": translate("AzeReports", "Further sources: {count}, see the summary (JSON)."),
    }
