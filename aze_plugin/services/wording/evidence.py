"""Sentences about estimates, the agreement of parameters, how far a share holds, and how it was computed."""

from qgis.PyQt.QtCore import QCoreApplication


def templates() -> dict[str, str]:
    """Code to translated template."""
    translate = QCoreApplication.translate
    return {
        "settings.error": translate(
            "AzeEvidence", "A digitizing error of {value} m makes no sense: give a length above 0 metres."
        ),
        # files of estimates
        "estimates.fields": translate(
            "AzeEvidence",
            "“{file}” lacks a column for one of: {lacking}. Its columns are: {fields}. A file of estimates has the "
            "columns scientific_name (or taxon_id), scope, site, parameter, segment, min, best, max, year and source.",
        ),
        "estimates.row": translate(
            "AzeEvidence",
            "{count} rows of “{file}” cannot be used, the first of them row {row}: {problem} Mend them and try again.",
        ),
        "estimates.row.one": translate(
            "AzeEvidence", "Row {row} of “{file}” cannot be used: {problem} Mend it and try again."
        ),
        "estimates.unknown_taxa": translate(
            "AzeEvidence",
            "Estimates of {count} taxa were not used, as the library does not know them: {taxa}. Check how their names "
            "are written.",
        ),
        "estimates.unknown_taxa.one": translate(
            "AzeEvidence",
            "Estimates of one taxon were not used, as the library does not know it: {taxa}. Check how its name is written.",
        ),
        "estimates.other_sites": translate(
            "AzeEvidence", "Estimates of {count} sites were not used, as no candidate has their name: {sites}."
        ),
        "estimates.other_sites.one": translate(
            "AzeEvidence", "Estimates of one site were not used, as no candidate has its name: {sites}."
        ),
        "row.estimate_site_missing": translate(
            "AzeEvidence", "The estimate is of a site, but does not say of which: fill in the column “site”."
        ),
        "row.estimate_word": translate("AzeEvidence", "“{value}” is no {field}: it has to be one of {words}."),
        "row.estimate_number": translate("AzeEvidence", "“{value}” is no number of zero or more (column for {field})."),
        "row.estimate_empty": translate("AzeEvidence", "Neither a minimum nor a best estimate nor a maximum is given."),
        "row.estimate_order": translate(
            "AzeEvidence", "Minimum {low}, best estimate {best} and maximum {high} are not in this order."
        ),
        "row.estimate_world_zero": translate(
            "AzeEvidence", "The estimate for the world is zero: no share can be taken of nothing."
        ),
        "row.estimate_year": translate("AzeEvidence", "“{value}” is no year: write it with its four digits."),
        # irreplaceability: agreement and what the shares rest on
        "irreplaceability.parameters_disagree": translate(
            "AzeEvidence",
            "The parameters disagree about {taxon}: more than {threshold_share} by {met_parameters}, not by "
            "{not_met_parameters}. One is enough, but find out why.",
        ),
        "irreplaceability.not_sole_area": translate(
            "AzeEvidence",
            "Not the only place of {taxon}: {count} records lie outside. Check whether they are right and recent.",
        ),
        "irreplaceability.not_sole_area.one": translate(
            "AzeEvidence",
            "Not the only place of {taxon}: one record lies outside. Check whether it is right and recent.",
        ),
        "irreplaceability.presence_recorded": translate(
            "AzeEvidence", "{count} records of {taxon} lie inside, the latest of {year}."
        ),
        "irreplaceability.presence_recorded.one": translate(
            "AzeEvidence", "One record of {taxon} lies inside, of {year}."
        ),
        "irreplaceability.presence_undated": translate(
            "AzeEvidence", "{count} records of {taxon} lie inside, none with a year."
        ),
        "irreplaceability.presence_undated.one": translate(
            "AzeEvidence", "One record of {taxon} lies inside, without a year."
        ),
        "irreplaceability.few_records": translate(
            "AzeEvidence",
            "Only {count} records of {taxon} are known in the world: cells and localities say little of its population.",
        ),
        "irreplaceability.few_records.one": translate(
            "AzeEvidence",
            "Only one record of {taxon} is known in the world: cells and localities say little of its population.",
        ),
        "irreplaceability.estimate_stands": translate(
            "AzeEvidence",
            "For the {parameter} of {taxon} ({segment}) estimates stand ({share}); measured in the library's data it "
            "would be {measured_share}.",
        ),
        "irreplaceability.site_above_world": translate(
            "AzeEvidence",
            "For {taxon} more {parameter} ({segment}) are estimated at the site ({site}) than in the world ({world}). "
            "One of the two estimates must be wrong.",
        ),
        "irreplaceability.estimate_site_alone": translate(
            "AzeEvidence",
            "The {parameter} of {taxon} ({segment}) are estimated for the site but not for the world: no share can be "
            "taken. Add the estimate for the world.",
        ),
        "irreplaceability.estimate_global_alone": translate(
            "AzeEvidence",
            "The {parameter} of {taxon} ({segment}) are estimated for the world but not for this site. Add the estimate "
            "for the site to compare them.",
        ),
        "irreplaceability.estimate_site_with_measured": translate(
            "AzeEvidence",
            "For the {parameter} of {taxon} ({segment}) the site is estimated and the world is what the library's data "
            "measure. Make sure that both count the same thing.",
        ),
        "irreplaceability.estimate_global_with_measured": translate(
            "AzeEvidence",
            "For the {parameter} of {taxon} ({segment}) the world is estimated and the site is what the library's data "
            "measure. Make sure that both count the same thing.",
        ),
        "irreplaceability.estimate_site_contradicts": translate(
            "AzeEvidence",
            "The estimate for the site of the {parameter} of {taxon} ({segment}) cannot go with what the library's data "
            "measure, so it is left aside. Check its figure and its unit: areas are in m², areas of occupancy in cells.",
        ),
        "irreplaceability.estimate_global_contradicts": translate(
            "AzeEvidence",
            "The estimate for the world of the {parameter} of {taxon} ({segment}) cannot go with what the library's data "
            "measure, so it is left aside. Check its figure and its unit: areas are in m², areas of occupancy in cells.",
        ),
        "irreplaceability.reintroduction_no_rival": translate(
            "AzeEvidence", "None of the other candidates holds any of the historic range of {taxon}."
        ),
        "irreplaceability.reintroduction_rivals": translate(
            "AzeEvidence",
            "{count} other candidates hold a part of the historic range of {taxon} (at most {highest_share}): {rivals}. "
            "Only the single most viable of them can qualify; state why it is this one.",
        ),
        "irreplaceability.reintroduction_rivals.one": translate(
            "AzeEvidence",
            "Another candidate holds a part of the historic range of {taxon} ({highest_share}): {rivals}. Only the more "
            "viable of the two can qualify; state why it is this one.",
        ),
        "irreplaceability.records_outside": translate(
            "AzeEvidence", "{count} records of {taxon} lie outside, the nearest {distance_m} away."
        ),
        "irreplaceability.records_outside.one": translate(
            "AzeEvidence", "One record of {taxon} lies outside, {distance_m} away."
        ),
        # how far a share holds
        "irreplaceability.holds_within_error": translate(
            "AzeEvidence",
            "With the boundary {error_m} further in or out, {low_share} to {high_share} of the {parameter} of {taxon} is "
            "inside ({segment}): the outcome is the same.",
        ),
        "irreplaceability.hangs_on_drawing": translate(
            "AzeEvidence",
            "With the boundary {error_m} further in or out, {low_share} to {high_share} of the {parameter} of {taxon} is "
            "inside ({segment}): the outcome hangs on how the line is drawn.",
        ),
        "irreplaceability.grow_to_pass": translate(
            "AzeEvidence",
            "To hold more than {threshold_share} of the {parameter} of {taxon} ({segment}), the boundary would have to "
            "lie {distance_m} further out on all sides and take in {factor} times its area.",
        ),
        "irreplaceability.growing_does_not_help": translate(
            "AzeEvidence",
            "Even {distance_m} further out on all sides the boundary would not hold {threshold_share} of the {parameter} "
            "of {taxon} ({segment}).",
        ),
        "shortlist.open_criteria": translate("AzeEvidence", "Also open: {criteria}."),
        # how it was computed
        "explain.category": translate("AzeExplain", "Category: {category}. From: {sources}."),
        "explain.category_map": translate("AzeExplain", "Category: {category}, as its range map has it."),
        "explain.category_none": translate("AzeExplain", "Category: none is known."),
        "explain.range": translate(
            "AzeExplain",
            "Range: {count} rows of range maps count (presence {presence}; origin {origin}), {near} of them near the "
            "boundary. From: {sources}. Rows of one segment are joined before anything is measured, so that overlaps "
            "count once; areas are measured in EPSG:6933.",
        ),
        "explain.range.one": translate(
            "AzeExplain",
            "Range: one row of a range map counts (presence {presence}; origin {origin}). From: {sources}. Areas are "
            "measured in EPSG:6933.",
        ),
        "explain.range_dropped_presence": translate("AzeExplain", "{count} rows are left out for their presence code."),
        "explain.range_dropped_presence.one": translate("AzeExplain", "One row is left out for its presence code."),
        "explain.range_dropped_origin": translate("AzeExplain", "{count} rows are left out for their origin code."),
        "explain.range_dropped_origin.one": translate("AzeExplain", "One row is left out for its origin code."),
        "explain.records": translate(
            "AzeExplain",
            "Records: {count} count in the world, {inside} of them inside. From: {sources}. Area of occupancy = cells of "
            "2 × 2 km (EPSG:6933) with a record; localities = places that differ in the fourth decimal of a degree.",
        ),
        "explain.records.one": translate(
            "AzeExplain",
            "Records: one counts in the world, {inside} inside. From: {sources}. Area of occupancy = cells of 2 × 2 km "
            "(EPSG:6933) with a record; localities = places that differ in the fourth decimal of a degree.",
        ),
        "explain.records_dropped_uncertain": translate(
            "AzeExplain", "{count} records are left out, as their place is uncertain by more than {limit_m}."
        ),
        "explain.records_dropped_uncertain.one": translate(
            "AzeExplain", "One record is left out, as its place is uncertain by more than {limit_m}."
        ),
        "explain.records_dropped_old": translate("AzeExplain", "{count} records are left out as older than {year}."),
        "explain.records_dropped_old.one": translate("AzeExplain", "One record is left out as older than {year}."),
        "explain.records_dropped_basis": translate(
            "AzeExplain", "{count} records are left out for their basis ({bases})."
        ),
        "explain.records_dropped_basis.one": translate("AzeExplain", "One record is left out for its basis ({bases})."),
        "explain.habitat": translate(
            "AzeExplain",
            "Area of habitat: for each cell the fraction of it that is covered × its value × its true size. Rasters: "
            "{rasters}.",
        ),
        "explain.estimate_site": translate(
            "AzeExplain", "Estimate for the site, {parameter} ({segment}): {low} – {best} – {high} ({source})."
        ),
        "explain.estimate_global": translate(
            "AzeExplain", "Estimate for the world, {parameter} ({segment}): {low} – {best} – {high} ({source})."
        ),
        "explain.estimate_site_area": translate(
            "AzeExplain", "Estimate for the site, {parameter} ({segment}): {low_m2} – {best_m2} – {high_m2} ({source})."
        ),
        "explain.estimate_global_area": translate(
            "AzeExplain",
            "Estimate for the world, {parameter} ({segment}): {low_m2} – {best_m2} – {high_m2} ({source}).",
        ),
        "explain.formula_estimate_area": translate(
            "AzeExplain",
            "{parameter}, {segment}: low = site minimum ÷ world maximum = {low_share}; best = {site_m2} ÷ {global_m2} = "
            "{share}; high = site maximum ÷ world minimum = {high_share}.",
        ),
        "explain.formula_area": translate(
            "AzeExplain", "{parameter}, {segment}: {site_m2} inside ÷ {global_m2} in the world = {share}."
        ),
        "explain.formula_estimate": translate(
            "AzeExplain",
            "{parameter}, {segment}: low = site minimum ÷ world maximum = {low_share}; best = {site} ÷ {world} = "
            "{share}; high = site maximum ÷ world minimum = {high_share}.",
        ),
        "explain.formula_cells": translate(
            "AzeExplain", "{parameter}: {site} cells inside ÷ {world} cells in the world = {share}."
        ),
        "explain.formula_localities": translate(
            "AzeExplain", "{parameter}: {site} inside ÷ {world} in the world = {share}."
        ),
        "explain.replaced": translate(
            "AzeExplain",
            "{parameter}, {segment}: measured in the library's data it is {measured_share}; the estimates stand instead.",
        ),
    }
