"""Sentences of reports on countries and sites."""

from qgis.PyQt.QtCore import QCoreApplication


def templates() -> dict[str, str]:
    """Code to translated template."""
    translate = QCoreApplication.translate
    return {
        # errors
        "layout.template": translate(
            "AzeErrors",
            "The layout in {file} cannot be opened ({detail}). Mend it in QGIS, or take the file away: then the "
            "plugin's own is used.",
        ),
        "report.country": translate(
            "AzeErrors",
            "“{value}” is no country's code. Give its three letters (ISO 3166-1 alpha-3), such as MDG, or nothing for "
            "all countries.",
        ),
        "report.earlier": translate(
            "AzeErrors",
            "{file} cannot be compared with ({detail}). Choose the summary that an earlier country report wrote.",
        ),
        "report.earlier_scope": translate(
            "AzeErrors",
            "{file} is of another country ({earlier}) than this report ({now}). Choose an earlier summary of the same.",
        ),
        # scope
        "report.no_sites": translate("AzeReports", "The site layer has no site in {country}. Nothing was measured."),
        "report.by_codes": translate(
            "AzeReports",
            "No layer of countries was given. {count} sites whose code names several countries are counted whole in "
            "each of them.",
        ),
        "report.by_codes.one": translate(
            "AzeReports",
            "No layer of countries was given. One site whose code names several countries is counted whole in each of "
            "them.",
        ),
        "report.country_of_code": translate(
            "AzeReports",
            "No layer of countries was given, so sites belong to the country that their code names.",
        ),
        "report.by_borders": translate(
            "AzeReports",
            "Sites belong to the countries in which they lie, by the layer “{source}”. Of sites across borders the "
            "figures are those of the part in the country ({count} parts).",
        ),
        "report.by_borders.one": translate(
            "AzeReports",
            "Sites belong to the countries in which they lie, by the layer “{source}”. Of sites across borders the "
            "figures are those of the part in the country (one part).",
        ),
        "report.not_confirmed": translate(
            "AzeReports",
            "{count} of the {total} sites are not marked as confirmed AZE sites in the layer, and are counted all the "
            "same. Choose “Only confirmed AZE sites” to leave them out.",
        ),
        "report.not_confirmed.one": translate(
            "AzeReports",
            "One of the {total} sites is not marked as a confirmed AZE site in the layer, and is counted all the same. "
            "Choose “Only confirmed AZE sites” to leave it out.",
        ),
        "report.only_confirmed": translate(
            "AzeReports",
            "Only sites that the layer marks as confirmed AZE sites are counted; {count} others are left out.",
        ),
        "report.only_confirmed.one": translate(
            "AzeReports", "Only sites that the layer marks as confirmed AZE sites are counted; one other is left out."
        ),
        "report.status_unknown": translate(
            "AzeReports",
            "The site layer does not tell which of its sites are AZE sites, so “Only confirmed AZE sites” changes "
            "nothing: all were counted.",
        ),
        # cover
        "report.mean": translate(
            "AzeReports",
            "On average {mean_share} of a site lies in protected areas or other effective conservation measures "
            "(OECMs). This is the method of the SDG indicators 14.5.1, 15.1.2 and 15.4.1: each site counts the same.",
        ),
        "report.weighted": translate(
            "AzeReports",
            "Of the sites' summed area, {covered_share} are covered: large sites count for more.",
        ),
        "report.interval": translate(
            "AzeReports",
            "The intervals hold 95 % of {draws} draws of as many sites from the {sites} that were assessed (bootstrap). "
            "They tell how much a figure hangs on single sites, not how exactly borders are known.",
        ),
        "report.no_interval": translate(
            "AzeReports", "With fewer than two assessed sites there is no interval to give."
        ),
        "report.none_assessed": translate(
            "AzeReports",
            "The cover of none of the sites could be assessed, so there is no mean and no share. This is not 0 %.",
        ),
        "report.not_assessed": translate(
            "AzeReports",
            "The cover of {count} sites could not be assessed, mostly for want of a boundary. They enter no mean and no "
            "area.",
        ),
        "report.not_assessed.one": translate(
            "AzeReports",
            "The cover of one site could not be assessed. It enters no mean and no area.",
        ),
        "report.classes": translate(
            "AzeReports",
            "A site is completely protected from {complete_share} of its area, unprotected up to {none_share}, and "
            "partly protected between.",
        ),
        "report.trend": translate(
            "AzeReports",
            "Mean cover of the sites by the year in which areas got their status.",
        ),
        "report.trend_band": translate(
            "AzeReports",
            "Mean cover of the sites by the year in which areas got their status. The band holds 95 % of {draws} draws "
            "of the years that are not known.",
        ),
        "report.no_trend": translate(
            "AzeReports",
            "There is no trend to show: no protected area in these sites has a year of designation.",
        ),
        "report.no_trend_uncovered": translate(
            "AzeReports", "There is no trend to show: no protected area or OECM meets these sites."
        ),
        # targets of the Global Biodiversity Framework
        "report.target1": translate(
            "AzeReports",
            "Target 1 asks to bring the loss of areas of high biodiversity importance close to zero by 2030, through "
            "participatory, biodiversity-inclusive spatial planning. Plans have to know {count} AZE sites of together "
            "{area_ha}, listed below with their places.",
        ),
        "report.target1.one": translate(
            "AzeReports",
            "Target 1 asks to bring the loss of areas of high biodiversity importance close to zero by 2030, through "
            "participatory, biodiversity-inclusive spatial planning. Plans have to know one AZE site of {area_ha}, "
            "listed below with its place.",
        ),
        "report.target1_no_area": translate(
            "AzeReports",
            "Target 1 asks to bring the loss of areas of high biodiversity importance close to zero by 2030, through "
            "participatory, biodiversity-inclusive spatial planning. Plans have to know the AZE sites listed below; of "
            "none of them is a boundary known, so their area is not either.",
        ),
        "report.target1_none": translate("AzeReports", "Target 1: there is no AZE site for plans to know of."),
        "report.target2": translate(
            "AzeReports",
            "Target 2 asks for effective restoration of 30 % of degraded ecosystems by 2030. These data say nothing of "
            "the land's condition; they say that {unprotected_ha} in AZE sites lie outside of protected areas and OECMs "
            "({unprotected} unprotected and {partial} partly protected sites), where restoration and management would "
            "serve species that live nowhere else.",
        ),
        "report.target2_none": translate(
            "AzeReports",
            "Target 2: how much of the sites lies outside of protected areas and OECMs could not be assessed.",
        ),
        "report.target3": translate(
            "AzeReports",
            "Target 3 asks to conserve 30 % of land, waters and seas by 2030, especially places of particular "
            "importance for biodiversity. AZE sites are such places: {pa_share} of their area lies in protected areas, "
            "{oecm_share} in OECMs outside of them, {covered_share} in either.",
        ),
        "report.target3_none": translate(
            "AzeReports", "Target 3: the cover of the sites could not be assessed, so there is no share to give."
        ),
        "report.target4": translate(
            "AzeReports",
            "Target 4 asks to halt human-induced extinction of known threatened species. {count} trigger species are "
            "known of the sites; {uncovered} of them have no covered site here.",
        ),
        "report.target4.one": translate(
            "AzeReports",
            "Target 4 asks to halt human-induced extinction of known threatened species. One trigger species is known "
            "of the sites; {uncovered} without a covered site here.",
        ),
        "report.target4_unknown": translate(
            "AzeReports",
            "Target 4 asks to halt human-induced extinction of known threatened species. No trigger species is known of "
            "these sites from the data given. This does not mean that there are none.",
        ),
        "report.species_unknown": translate(
            "AzeReports", "Of {count} sites the trigger species are not known; they are not counted as having none."
        ),
        "report.species_unknown.one": translate(
            "AzeReports", "Of one site the trigger species are not known; it is not counted as having none."
        ),
        "report.species_basis": translate("AzeReports", "Trigger species come from {bases}."),
        "report.species_strangers": translate(
            "AzeReports", "{count} ids in the table of trigger species are those of no site in the layer: {ids}."
        ),
        "report.species_strangers.one": translate(
            "AzeReports", "One id in the table of trigger species is that of no site in the layer: {ids}."
        ),
        "report.cover_of_species": translate(
            "AzeReports",
            "A species has cover where one of its sites here has more than {none_share} under protected areas or OECMs; "
            "it is completely covered where all of its sites are completely protected.",
        ),
        # lists
        "report.list_cut": translate(
            "AzeReports",
            "The first {shown} of {total} are listed here; the table (CSV) and the summary (JSON) have all.",
        ),
        "report.no_unprotected": translate("AzeReports", "No assessed site is unprotected."),
        "report.map_without_areas": translate(
            "AzeReports", "Protected areas are left out of the map, as it shows sites of many countries."
        ),
        # changes
        "report.settings_differ": translate(
            "AzeReports",
            "The earlier run had other settings ({settings}), so figures differ for that reason too.",
        ),
        "report.no_change": translate("AzeReports", "Sites, their cover and their species are as they were."),
        "report.mean_before": translate(
            "AzeReports",
            "The mean cover of sites was {before_share} and is {after_share}; sites: {before}, now {after}.",
        ),
        "report.mean_before_unknown": translate(
            "AzeReports", "The mean cover of sites is not known of both runs; sites: {before}, now {after}."
        ),
        "report.recategorised": translate("AzeReports", "{species}: {earlier}, now {now}"),
        # sources
        "report.method": translate(
            "AzeReports",
            "Cover is measured by geometry in EPSG:6933, an equal-area projection; overlapping areas count once, and "
            "what is both protected area and OECM counts as protected area. Areas in hectares are ellipsoidal.",
        ),
        "report.areas_counted": translate(
            "AzeReports", "{counted} rows of protected areas and OECMs counted, {excluded} did not."
        ),
        "report.repaired": translate(
            "AzeReports", "{count} geometries had to be mended before they could be measured."
        ),
        "report.repaired.one": translate("AzeReports", "One geometry had to be mended before it could be measured."),
        "report.statuses": translate("AzeReports", "Statuses that count: {statuses}."),
        "report.points_omitted": translate("AzeReports", "Areas known only as points are left out."),
        "report.points_circles": translate(
            "AzeReports", "Areas known only as points stand as circles of their reported area."
        ),
        "report.mab_excluded": translate("AzeReports", "UNESCO-MAB biosphere reserves do not count."),
        "report.draws": translate("AzeReports", "Draws: {draws}, seed {seed}."),
    }
