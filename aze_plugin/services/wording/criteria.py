"""Sentences about candidates and the three criteria."""

from qgis.PyQt.QtCore import QCoreApplication


def templates() -> dict[str, str]:
    """Code to translated template."""
    translate = QCoreApplication.translate
    return {
        # input
        "settings.threshold": translate(
            "AzeFindings", "The threshold {value} makes no sense: give a share above 0 and up to 1, such as 0.95."
        ),
        "settings.codes": translate(
            "AzeFindings", "{name} “{value}” is no list of codes: give whole numbers from 1 to {highest}, such as 1,2."
        ),
        "layer.no_crs": translate(
            "AzeFindings",
            "The layer “{source}” does not say in which coordinate reference system it is. Set its CRS, or add the "
            "missing .prj file, and try again.",
        ),
        "layer.unreadable": translate(
            "AzeFindings", "“{source}” could not be opened as a vector layer. Check that the file exists and is whole."
        ),
        "boundary.lines": translate(
            "AzeFindings",
            "“{source}” holds lines, but a boundary is a polygon. Close the lines first (Processing: “Lines to "
            "polygons”) or choose a polygon layer.",
        ),
        "boundary.points": translate(
            "AzeFindings",
            "“{source}” holds points, but a boundary is a polygon. Draw the boundary, or choose a polygon layer.",
        ),
        "boundary.table": translate(
            "AzeFindings", "“{source}” is a table without geometry. Draw the boundary, or choose a polygon layer."
        ),
        "boundary.no_features": translate(
            "AzeFindings", "“{source}” has no features. Draw or import a boundary, then check again."
        ),
        "boundary.field_missing": translate(
            "AzeFindings", "“{source}” has no field “{field}”. Its fields are: {available}."
        ),
        "statements.unreadable": translate(
            "AzeFindings", "The statements file “{file}” cannot be read: {detail}. It has to be JSON."
        ),
        "statements.schema": translate(
            "AzeFindings",
            "The statements file “{file}” is not of the form aze-statements/1: {detail}. Compare it with the one in the "
            "sample.",
        ),
        "output.unwritable": translate(
            "AzeFindings", "“{file}” could not be written: {detail}. Nothing was changed there."
        ),
        # endangerment
        "endangerment.threatened_taxa": translate(
            "AzeFindings", "{count} taxa here are Endangered, Critically Endangered or Extinct in the Wild: {taxa}."
        ),
        "endangerment.threatened_taxa.one": translate(
            "AzeFindings", "One taxon here is Endangered, Critically Endangered or Extinct in the Wild: {taxa}."
        ),
        "endangerment.only_extinct_in_the_wild": translate(
            "AzeFindings",
            "All of them are Extinct in the Wild: the site can qualify only as the place for a reintroduction, and not "
            "under KBA criterion A1e.",
        ),
        "endangerment.only_extinct_in_the_wild.one": translate(
            "AzeFindings",
            "It is Extinct in the Wild: the site can qualify only as the place for its reintroduction, and not under "
            "KBA criterion A1e.",
        ),
        "endangerment.no_category": translate(
            "AzeFindings",
            "Cannot be assessed: for {count} taxa here no category is known ({taxa}). Import a Red List assessment "
            "export that covers them.",
        ),
        "endangerment.no_category.one": translate(
            "AzeFindings",
            "Cannot be assessed: the category of the one taxon here is not known ({taxa}). Import a Red List assessment "
            "export that covers it.",
        ),
        "endangerment.no_threatened_taxon": translate(
            "AzeFindings", "None of the {count} taxa here is Endangered or Critically Endangered."
        ),
        "endangerment.no_threatened_taxon.one": translate(
            "AzeFindings", "The one taxon here is neither Endangered nor Critically Endangered."
        ),
        "endangerment.no_taxon": translate(
            "AzeFindings",
            "No taxon of the species library occurs inside this boundary. If one should, check that its range map is in "
            "the library and that the boundary is in the right place.",
        ),
        "endangerment.library_empty": translate(
            "AzeFindings",
            "The species library holds no taxa, so nothing can be found here. Import range maps into it first.",
        ),
        "endangerment.not_a_species.subspecies": translate(
            "AzeFindings", "{taxon} is a subspecies with an assessment of its own; only full species can trigger."
        ),
        "endangerment.not_a_species.subpopulation": translate(
            "AzeFindings", "{taxon} is a subpopulation with an assessment of its own; only full species can trigger."
        ),
        "endangerment.category_unknown": translate(
            "AzeFindings",
            "No category is known for {taxon}, neither from an assessment nor from its map, so it is taken as Not "
            "Evaluated. Import a Red List assessment export that covers it.",
        ),
        "endangerment.category_vulnerable": translate(
            "AzeFindings", "{taxon} is Vulnerable: recorded with the site, but it cannot trigger one."
        ),
        "endangerment.category_data_deficient": translate(
            "AzeFindings", "{taxon} is Data Deficient: no site can be identified for it before it is reassessed."
        ),
        "endangerment.category_extinct": translate("AzeFindings", "{taxon} is Extinct and cannot trigger a site."),
        "endangerment.category_not_threatened": translate(
            "AzeFindings", "{taxon} is {category}: only Endangered and Critically Endangered taxa can trigger a site."
        ),
        "endangerment.category_from_map": translate(
            "AzeFindings",
            "The category of {taxon} ({category}) comes from its range map. Import the assessment export to be sure "
            "that it still holds.",
        ),
        "endangerment.assessment_outdated": translate(
            "AzeFindings",
            "The assessment of {taxon} is from {year}, more than {limit} years ago, and needs updating.",
        ),
        # irreplaceability, one taxon
        "irreplaceability.sole_area": translate(
            "AzeFindings", "This is the only place where {taxon} occurs: its whole {parameter} is inside."
        ),
        "irreplaceability.resident_population": translate(
            "AzeFindings",
            "{share} of the {parameter} of {taxon} is inside ({segment}), more than the {threshold_share} that is needed.",
        ),
        "irreplaceability.life_history_segment": translate(
            "AzeFindings",
            "{share} of the {segment} {parameter} of {taxon} is inside, more than the {threshold_share} that is needed.",
        ),
        "irreplaceability.share_below_threshold": translate(
            "AzeFindings",
            "{share} of the {parameter} of {taxon} is inside ({segment}); more than {threshold_share} is needed.",
        ),
        "irreplaceability.share_inside": translate(
            "AzeFindings", "{share} of the {parameter} of {taxon} is inside ({segment})."
        ),
        "irreplaceability.near_miss": translate(
            "AzeFindings",
            "{share} of the {parameter} of {taxon} is inside ({segment}), short of the {threshold_share} needed: one for "
            "the candidate list. See what lies outside, or look for better evidence.",
        ),
        "irreplaceability.share_equals_threshold": translate(
            "AzeFindings",
            "The share of {taxon} ({parameter}, {segment}) equals the threshold of {threshold_share}. AZE asks for more "
            "than that; KBA criterion A1e is content with it.",
        ),
        "irreplaceability.uncertain": translate(
            "AzeFindings",
            "Between {low_share} and {high_share} of the {parameter} of {taxon} is inside ({segment}): on which side of "
            "{threshold_share} it lies needs better estimates.",
        ),
        "irreplaceability.range_only": translate(
            "AzeFindings",
            "This rests on range maps alone: good for scoping, not proof. Add records or estimates which confirm that "
            "the taxon lives here.",
        ),
        "irreplaceability.passage_only": translate(
            "AzeFindings",
            "{taxon} qualifies by its passage alone. Make sure that nearly all individuals really pass through here.",
        ),
        "irreplaceability.historic_range": translate(
            "AzeFindings",
            "{taxon} is Extinct in the Wild, so its historic range is used: rows of lost occurrence count.",
        ),
        "irreplaceability.reintroduction_justified": translate(
            "AzeFindings", "It is stated why this is the most viable site for bringing {taxon} back."
        ),
        "irreplaceability.reintroduction_needs_justification": translate(
            "AzeFindings", "State why this is the single most viable site for bringing {taxon} back into the wild."
        ),
        "irreplaceability.presence_stated": translate(
            "AzeFindings", "{taxon} is possibly extinct; evidence that it still lives here is stated."
        ),
        "irreplaceability.possibly_extinct_needs_evidence": translate(
            "AzeFindings", "{taxon} is possibly extinct: give evidence that it still lives here, with the latest year."
        ),
        "irreplaceability.outside": translate(
            "AzeFindings", "{share} of the {segment} range of {taxon} lies outside ({outside_m2}), in {count} parts."
        ),
        "irreplaceability.outside.one": translate(
            "AzeFindings", "{share} of the {segment} range of {taxon} lies outside ({outside_m2}), in one part."
        ),
        # irreplaceability, the candidate
        "irreplaceability.triggers": translate(
            "AzeFindings", "{count} trigger species have more than {threshold_share} of their kind here: {taxa}."
        ),
        "irreplaceability.triggers.one": translate("AzeFindings", "The site has one trigger species: {taxa}."),
        "irreplaceability.evidence_open": translate(
            "AzeFindings", "Could be met, but evidence is open for {count} taxa: {taxa}."
        ),
        "irreplaceability.evidence_open.one": translate(
            "AzeFindings", "Could be met, but evidence is open for one taxon: {taxa}."
        ),
        "irreplaceability.category_open": translate(
            "AzeFindings", "Cannot be assessed before the category is known of: {taxa}."
        ),
        "irreplaceability.no_trigger": translate(
            "AzeFindings",
            "None of the {count} threatened taxa here has more than {threshold_share} of its kind inside.",
        ),
        "irreplaceability.no_trigger.one": translate(
            "AzeFindings", "The one threatened taxon here has no more than {threshold_share} of its kind inside."
        ),
        "irreplaceability.no_eligible_taxon": translate(
            "AzeFindings", "No taxon that could trigger a site occurs inside this boundary."
        ),
    }
