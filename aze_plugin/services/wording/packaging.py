"""Sentences about nominations and their packages."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication


def templates() -> dict[str, str]:
    """Code to translated template."""
    return {**_refusals(), **_fields(), **_checks(), **_changes(), **_verification()}


def _refusals() -> dict[str, str]:
    translate = QCoreApplication.translate
    return {
        "details.unreadable": translate(
            "AzePackaging", "The details in {file} cannot be read: {detail}. Save them as JSON."
        ),
        "crosswalk.unreadable": translate(
            "AzePackaging",
            "Your list of habitats for land-cover classes, {file}, cannot be used: {detail}. Correct it, or remove it to "
            "use the one that comes with the plugin.",
        ),
        "nomination.refused": translate(
            "AzePackaging",
            "The nomination is not ready for packaging: {count} points are open.\n{problems}\n"
            "Settle them, or allow an incomplete package, which is marked as a draft.",
        ),
        "nomination.refused.one": translate(
            "AzePackaging",
            "The nomination is not ready for packaging: one point is open.\n{problems}\n"
            "Settle it, or allow an incomplete package, which is marked as a draft.",
        ),
        "nomination.one_boundary": translate(
            "AzePackaging",
            "“{source}” has {count} features, and a nomination is of one site. Select the one to be packaged.",
        ),
        "nomination.no_boundary": translate(
            "AzePackaging", "The boundary of “{name}” cannot be packaged: {boundary_reason}. Draw it as a polygon."
        ),
        "nomination.corners": translate(
            "AzePackaging",
            "The boundary of “{name}” has {count} corners, and a package takes {most}. Simplify it.",
        ),
        "nomination.rings": translate(
            "AzePackaging",
            "The boundary of “{name}” has {count} parts and holes, and a package takes {most}. Leave the smallest out.",
        ),
        "nomination.crossings": translate(
            "AzePackaging",
            "The boundary of “{name}” is too intricate to be checked: a straight line crosses its outline {count} "
            "times, and with so many corners {most} are bearable. Simplify it.",
        ),
        "nomination.evidence_unreadable": translate(
            "AzePackaging", "The evidence file {file} is not there or cannot be read. Choose it again."
        ),
        "nomination.layout_lacks": translate(
            "AzePackaging", "The layout in use has no place for: {names}. The report goes without."
        ),
        "nomination.packaged_final": translate("AzePackaging", "The nomination is complete and packaged as final."),
        "nomination.packaged_draft": translate(
            "AzePackaging", "The package is a draft: {count} points are open before it can be submitted."
        ),
        "nomination.packaged_draft.one": translate(
            "AzePackaging", "The package is a draft: one point is open before it can be submitted."
        ),
    }


def _fields() -> dict[str, str]:
    translate = QCoreApplication.translate
    return {
        "nomination.field_missing": translate("AzePackaging", "{label}: fill this in."),
        "nomination.field_empty": translate("AzePackaging", "{label}: this must not be empty."),
        "nomination.field_unknown": translate(
            "AzePackaging", "{label}: the form has no field {names}. Remove it or correct its name."
        ),
        "nomination.field_choice": translate("AzePackaging", "{label}: “{value}” is not one of {expected}."),
        "nomination.field_type": translate("AzePackaging", "{label}: “{value}” should be of the type {expected}."),
        "nomination.field_pattern": translate(
            "AzePackaging", "{label}: “{value}” is not written as this field needs it."
        ),
        "nomination.field_long": translate("AzePackaging", "{label}: shorten this to {expected} characters."),
        "nomination.field_value": translate("AzePackaging", "{label}: “{value}” is outside what this field allows."),
    }


def _checks() -> dict[str, str]:
    translate = QCoreApplication.translate
    return {
        "nomination.not_eligible": translate(
            "AzePackaging",
            "“{name}” does not meet the criteria. Open: {criteria}. The criteria check says why.",
        ),
        "nomination.needs_evidence": translate(
            "AzePackaging", "“{name}” needs more evidence before it is eligible. Open: {criteria}."
        ),
        "nomination.purpose_overlap": translate(
            "AzePackaging",
            "The purpose says that the site meets no existing one, but the boundary overlaps one. Change either.",
        ),
        "nomination.name_missing": translate("AzePackaging", "Give the site an international name."),
        "nomination.name_lines": translate("AzePackaging", "The international name has to be on one line."),
        "nomination.name_long": translate(
            "AzePackaging", "The international name has {length} characters; the form takes {most}. Shorten it."
        ),
        "nomination.name_differs": translate(
            "AzePackaging", "The site is called “{name}” in the form and “{boundary}” in the boundary's layer."
        ),
        "nomination.rationale_missing": translate(
            "AzePackaging", "Write why the boundary runs where it does; discreteness rests on it."
        ),
        "nomination.rationale_differs": translate(
            "AzePackaging",
            "The rationale for the boundary in the form differs from the statement for “{name}”. Keep one text.",
        ),
        "nomination.expert_consultation_missing": translate(
            "AzePackaging", "Say which experts were consulted, when, and what came of it."
        ),
        "nomination.other_consultation_missing": translate(
            "AzePackaging", "Document the national and local consultation: whom, when, and what came of it."
        ),
        "nomination.no_consent": translate(
            "AzePackaging", "The proposer has to agree that the proposal is stored and shown to reviewers."
        ),
        "nomination.no_species": translate("AzePackaging", "No species is listed for which the site qualifies."),
        "nomination.species_twice": translate("AzePackaging", "{taxon} is listed twice. Remove one row."),
        "nomination.species_no_trigger": translate(
            "AzePackaging", "“{taxon}” does not make this site qualify. Remove the row, or correct the name."
        ),
        "nomination.species_id": translate(
            "AzePackaging", "The Red List number of {taxon} is {expected}. Correct the row."
        ),
        "nomination.species_category": translate(
            "AzePackaging", "The category of {taxon} is {expected}. Correct the row."
        ),
        "nomination.percent": translate(
            "AzePackaging", "The percentage of {taxon} at the site has to lie above 0 and not above 100; it is {value}."
        ),
        "nomination.presence_missing": translate(
            "AzePackaging",
            "{taxon}: a range map alone is no proof. Name the survey, specimen or record that shows it at the site.",
        ),
        "nomination.area_differs": translate(
            "AzePackaging",
            "The form gives an area of {given_ha}; the boundary has {measured_ha}. Correct the form.",
        ),
        "nomination.place_differs": translate(
            "AzePackaging", "The mid-point in the form is {given}°, that of the boundary {measured}°. Correct the form."
        ),
        "nomination.altitudes": translate(
            "AzePackaging", "The lowest altitude, {low} m, lies above the highest, {high} m. Correct one of them."
        ),
        "nomination.cover_not_assessed": translate(
            "AzePackaging", "The cover by protected areas was not assessed. Give a layer of protected areas."
        ),
        "nomination.no_protected_areas": translate(
            "AzePackaging", "The cover of “{site}” cannot be assessed, because no protected areas were given."
        ),
        "nomination.cover_differs": translate(
            "AzePackaging", "The cover class in the form is “{given}”; by the protected areas it is “{expected}”."
        ),
        "nomination.actions_missing": translate(
            "AzePackaging", "Both ongoing and needed actions have to be given; choose “None” where there is nothing."
        ),
        "nomination.actions_none": translate("AzePackaging", "“None” stands alone in a list of actions."),
        "nomination.habitats_over": translate(
            "AzePackaging", "The habitats cover {share} of the site together. Correct them to at most 100 %."
        ),
        "nomination.threat_level": translate(
            "AzePackaging", "The threat “{level}” does not belong under “{above}”. Give each level with its number."
        ),
        "nomination.term_level": translate(
            "AzePackaging", "“{level}” does not belong under “{above}”. Give each level with its number."
        ),
        "nomination.term_unknown": translate(
            "AzePackaging", "{label}: no entry {number} is known of the classification. Is “{value}” right?"
        ),
        "nomination.term_differs": translate(
            "AzePackaging", "{label}: under the number of “{value}” the classification has “{expected}”. Is it right?"
        ),
        "nomination.citation_perhaps": translate(
            "AzePackaging", "“[{key}]” looks like a citation, but the references have no such key."
        ),
        "nomination.sensitive_exact": translate(
            "AzePackaging",
            "{taxon} is marked as sensitive, but the package would show exactly where it lives. Have the place shown "
            "by a grid, or take the mark away.",
        ),
        "nomination.sensitive_noted": translate(
            "AzePackaging", "{taxon} is marked as sensitive: the package will show the place only by a grid."
        ),
        "nomination.habitats_unread": translate(
            "AzePackaging",
            "These classes of land cover can be several habitats and are not filled in: {classes}. Add what they are.",
        ),
        "nomination.country_differs": translate(
            "AzePackaging", "The country is given as {given}; by the map of countries the site lies in {expected}."
        ),
        "nomination.altitude_differs": translate(
            "AzePackaging", "The altitude is given as {given} m; by the terrain model it is {measured} m."
        ),
        "nomination.reference_twice": translate(
            "AzePackaging", "Two references have the key “{key}”. Give each its own."
        ),
        "nomination.citation": translate(
            "AzePackaging", "“[{key}]” is cited, but the references have no such key. Add the reference."
        ),
        "nomination.evidence_missing": translate(
            "AzePackaging", "The evidence file {file} is listed, but not attached. Attach it, or remove the row."
        ),
        "nomination.evidence_is_species_data": translate(
            "AzePackaging", "{file} is species data of the library, which must not be passed on. Leave it out."
        ),
    }


def _changes() -> dict[str, str]:
    translate = QCoreApplication.translate
    return {
        "nomination.overlaps_site": translate(
            "AzePackaging",
            "The boundary overlaps the existing site “{site}” by {overlap_m2}. Sites must not overlap: clip the boundary, "
            "or take the site in.",
        ),
        "nomination.purpose_differs": translate(
            "AzePackaging",
            "The purpose does not fit the kind of nomination: a new site proposes a new KBA, an update adds to, assesses "
            "again or joins existing ones.",
        ),
        "nomination.replaced_missing": translate(
            "AzePackaging", "Name the existing sites that the proposed one is made of."
        ),
        "nomination.update_of_new": translate(
            "AzePackaging", "A new site changes no existing one. Make it an update, or remove what is said of changes."
        ),
        "nomination.update_number": translate(
            "AzePackaging", "The site that is updated has the number {number} here and {other} in the section Site."
        ),
        "nomination.update_unknown": translate(
            "AzePackaging",
            "No existing site with the number {number} lies here. Correct the number, or the layer of existing sites.",
        ),
        "nomination.update_apart": translate(
            "AzePackaging", "The boundary shares no area with site {number}, which it updates. Is it the right site?"
        ),
        "nomination.no_changes": translate("AzePackaging", "Say what the update changes, and why."),
        "nomination.former_unknown": translate(
            "AzePackaging",
            "For which species the existing site was confirmed is not known, so that new and lost ones cannot be told. "
            "Give them in a layer or table, or list the changes.",
        ),
        "nomination.change_twice": translate("AzePackaging", "This change is listed twice. Remove one row."),
        "nomination.change_unexplained": translate("AzePackaging", "{change}{of}: say why."),
        "nomination.change_cause": translate(
            "AzePackaging", "{change}{of}: say whether nature changed or only what is known of it."
        ),
        "nomination.change_taxon": translate("AzePackaging", "{change}: name the species."),
        "nomination.change_no_trigger": translate(
            "AzePackaging", "{taxon} is listed as a new trigger species, but does not make this site qualify."
        ),
        "nomination.change_still_trigger": translate(
            "AzePackaging", "{taxon} is listed as lost, but still makes this site qualify."
        ),
        "nomination.change_site": translate("AzePackaging", "Name the site that is taken in."),
        "nomination.change_areas_missing": translate(
            "AzePackaging", "Give the areas before and after, and what was gained and lost, as far as they are known."
        ),
        "nomination.change_areas": translate(
            "AzePackaging",
            "The areas of the change do not add up: {before_ha}, with what is gained and without what is lost, is not "
            "{after_ha}.",
        ),
    }


def _verification() -> dict[str, str]:
    translate = QCoreApplication.translate
    return {
        "package.missing": translate("AzePackaging", "There is no package at {file}. Choose it again."),
        "package.more": translate("AzePackaging", "There are more problems than the {most} listed here."),
        "package.valid": translate("AzePackaging", "The package is valid."),
        "package.invalid": translate("AzePackaging", "The package is not valid: {count} problems."),
        "package.invalid.one": translate("AzePackaging", "The package is not valid: one problem."),
        # The archive
        "package.not_zip": translate("AzePackaging", "This is no zip file, or it is cut short. Ask for it again."),
        "package.empty": translate("AzePackaging", "The zip file is empty."),
        "package.damaged": translate("AzePackaging", "The file is damaged inside the zip: {detail}."),
        "package.not_only_zip": translate(
            "AzePackaging", "The file is more than a zip: something stands before, after or between its files."
        ),
        "package.overlap": translate(
            "AzePackaging", "Two files of the zip share their content, as only an attack would have it."
        ),
        "package.name_second": translate("AzePackaging", "The file has a second, hidden name."),
        "package.name_reserved": translate("AzePackaging", "The name is one that some systems keep for devices."),
        "package.encrypted": translate("AzePackaging", "The file is encrypted and cannot be examined."),
        "package.method": translate("AzePackaging", "The file is compressed in a way that packages do not use."),
        "package.too_many": translate("AzePackaging", "The package has more than {most} entries."),
        "package.too_large": translate("AzePackaging", "Unpacked, the package is larger than {most} GiB."),
        "package.ratio": translate(
            "AzePackaging", "The file grows to more than {most} times its packed size, as only an attack would."
        ),
        "package.link": translate("AzePackaging", "This is a link to somewhere else; packages hold files only."),
        "package.device": translate("AzePackaging", "This is a device or a pipe; packages hold files only."),
        "package.name_control": translate("AzePackaging", "The name holds control characters."),
        "package.name_backslash": translate(
            "AzePackaging", "The name holds a backslash, which some systems take for a folder."
        ),
        "package.name_long": translate("AzePackaging", "The name is too long, or lies too many folders deep."),
        "package.name_ending": translate("AzePackaging", "The name ends in a dot or a space, which some systems drop."),
        "package.path_absolute": translate("AzePackaging", "The name is an absolute path."),
        "package.path_drive": translate("AzePackaging", "The name holds a colon, as the name of a drive does."),
        "package.path_traversal": translate("AzePackaging", "The name leads out of the package, or has an empty part."),
        "package.duplicate": translate("AzePackaging", "The name occurs twice."),
        "package.case_collision": translate(
            "AzePackaging", "The name differs from another only in case or accents, so that one would hide the other."
        ),
        "package.top_folders": translate("AzePackaging", "All files have to lie in one folder, and do not."),
        # The bag
        "package.no_bag": translate("AzePackaging", "This is no nomination package: it has no bagit.txt."),
        "package.missing_file": translate("AzePackaging", "The file is missing."),
        "package.foreign": translate("AzePackaging", "The file does not belong into a nomination package."),
        "package.fetch": translate("AzePackaging", "The package leaves files to be fetched from elsewhere."),
        "package.bag": translate("AzePackaging", "The files are not those that were packaged: {detail}."),
        "package.profile_unknown": translate(
            "AzePackaging", "The bag follows a profile that is not that of nomination packages: {profile}."
        ),
        "package.profile_twice": translate("AzePackaging", "“{tag}” is given twice."),
        "package.profile_missing": translate("AzePackaging", "By its profile the bag has to give {tag}, and does not."),
        "package.profile_value": translate("AzePackaging", "By its profile the bag cannot have “{given}” for {tag}."),
        "package.unreadable": translate("AzePackaging", "The file cannot be read: {detail}."),
        "package.file_large": translate("AzePackaging", "The file is larger than {most} MiB."),
        # The documents
        "package.json": translate("AzePackaging", "The file is no sound JSON: {detail}."),
        "package.schema": translate("AzePackaging", "The file is not of the kind “{expected}”."),
        "package.shape": translate("AzePackaging", "Members are missing from the file or have the wrong type."),
        "package.status_missing": translate(
            "AzePackaging", "The nomination does not say whether it is a draft or final."
        ),
        "package.status_differs": translate(
            "AzePackaging", "The status is “{bag}” on the outside and “{form}” in the nomination."
        ),
        "package.kind": translate("AzePackaging", "The content is not what the name says."),
        "package.pdf_active": translate("AzePackaging", "The report holds scripts, actions or files."),
        "package.picture": translate(
            "AzePackaging", "The map is damaged, holds more than a picture, or is wider or higher than {most} pixels."
        ),
        "package.html_active": translate(
            "AzePackaging", "The page holds what no report holds, such as scripts or addresses to load from: {detail}."
        ),
        "package.columns": translate("AzePackaging", "The columns are not {expected}."),
        "package.formula": translate("AzePackaging", "{cell} holds a formula; packages hold values only."),
        "package.xml": translate("AzePackaging", "The file is no sound XML: {detail}."),
        "package.xml_entities": translate("AzePackaging", "The XML declares entities, which packages never need."),
        "package.kml_links": translate("AzePackaging", "The KML refers to files elsewhere."),
        "package.workbook": translate("AzePackaging", "The workbook cannot be read: {detail}."),
        "package.workbook_active": translate(
            "AzePackaging", "The workbook holds macros, embedded files or links to other files ({part})."
        ),
        "package.form_tab": translate("AzePackaging", "The form has no tab “{tab}”."),
        "package.form_differs": translate("AzePackaging", "{cell} does not say what the nomination says."),
        # The boundary and the figures
        "package.boundary": translate("AzePackaging", "The boundary cannot be read: {detail}."),
        "package.boundary_corners": translate(
            "AzePackaging", "The boundary has {count} corners; at most {most} are read."
        ),
        "package.boundary_rings": translate(
            "AzePackaging", "The boundary has {count} parts and holes; at most {most} are read."
        ),
        "package.boundary_crossings": translate(
            "AzePackaging",
            "The boundary is too intricate to be checked: a straight line crosses its outline {count} times, and with so "
            "many corners {most} are bearable.",
        ),
        "package.boundary_differs": translate("AzePackaging", "The boundary is not the same as in {file}."),
        "package.folder": translate("AzePackaging", "By the site's name the files should be called {expected}."),
        "package.cover_other": translate(
            "AzePackaging", "The cover is of “{name}” or of another area than the assessment, which is of “{expected}”."
        ),
        "package.cover_figures": translate(
            "AzePackaging", "The cover's figures contradict each other: percentages, their sum or the class."
        ),
        "package.area": translate("AzePackaging", "The area is given as {given_ha}; the boundary has {measured_ha}."),
        "package.generalised": translate(
            "AzePackaging",
            "The boundary is generalised to a grid of {grid}, as species are sensitive. Shares and area are those of "
            "the true boundary and cannot be recomputed from this package; ask the nominator where it matters.",
        ),
        "package.generalised_differs": translate(
            "AzePackaging", "The bag says that places are generalised to “{bag}”, and the nomination to “{form}”."
        ),
        "package.off_grid": translate(
            "AzePackaging", "The boundary or the mid-point is not on the grid of {grid} that the package names."
        ),
        "package.settings": translate(
            "AzePackaging", "The check was not made by the rules of the criteria: {setting} is {given}."
        ),
        "package.share": translate(
            "AzePackaging", "{taxon}: the share of {parameter} ({segment}) is not what its two values give."
        ),
        "package.share_status": translate(
            "AzePackaging",
            "{taxon}: the share of {parameter} ({segment}) is judged otherwise than the threshold has it.",
        ),
        "package.trigger": translate("AzePackaging", "{taxon} cannot make a site qualify: its category is {category}."),
        "package.trigger_status": translate(
            "AzePackaging", "{taxon} is said to make the site qualify, or not to, against its own status."
        ),
        "package.verdict": translate("AzePackaging", "The verdict does not follow from the three criteria."),
        "package.share_differs": translate(
            "AzePackaging",
            "{taxon}: {claimed_share} of {parameter} ({segment}) is claimed; with your library it is {found_share}.",
        ),
        "package.share_omitted": translate(
            "AzePackaging",
            "{taxon}: by your library {share} of {parameter} ({segment}) is here, of which the package says nothing.",
        ),
        "package.share_unknown": translate(
            "AzePackaging", "{taxon}: your library knows no share of {parameter} ({segment}) here."
        ),
        "package.taxon_differs": translate(
            "AzePackaging", "{taxon}: the package has “{claimed}” for {member}; with your library it is “{found}”."
        ),
    }
