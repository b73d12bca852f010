"""Sentences about files of evidence, and about places that are hidden for the sake of sensitive species."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication


def templates() -> dict[str, str]:
    """Code to translated template."""
    refused = _refused()
    return {
        # Of a file to be packaged, and of one that came in a package.
        **{f"nomination.{reason}": sentence for reason, sentence in refused.items()},
        **{f"package.{reason}": sentence for reason, sentence in refused.items()},
        **_hiding(),
        **_preview(),
    }


def _refused() -> dict[str, str]:
    translate = QCoreApplication.translate
    return {
        "evidence_large": translate(
            "AzePackaging", "{file} is larger than the {most} MiB that a file of evidence may have. Make it smaller."
        ),
        "evidence_program": translate(
            "AzePackaging", "{file} is a program, or may run as one. Evidence holds documents and pictures only."
        ),
        "evidence_closed": translate(
            "AzePackaging", "{file} is an archive that cannot be looked into. Attach its files, or a plain zip."
        ),
        "evidence_old_office": translate(
            "AzePackaging",
            "{file} is an office file of the old kind, which may hold macros. Save it as .docx, .xlsx or PDF.",
        ),
        "evidence_macros": translate(
            "AzePackaging", "{file} holds macros or linked objects ({part}). Save it without."
        ),
        "evidence_archive": translate(
            "AzePackaging", "{file} holds what an archive of evidence must not: {part}. Attach the files themselves."
        ),
        "evidence_active": translate(
            "AzePackaging", "{file} holds scripts, or starts or carries other files. Print it to a plain PDF."
        ),
        "evidence_pdf_closed": translate(
            "AzePackaging", "{file} is encrypted or oddly packed, and cannot be looked into. Print it to a plain PDF."
        ),
        "evidence_unknown": translate(
            "AzePackaging", "What {file} holds is not known. Attach a PDF, a picture, a sound, a table or a text."
        ),
        "evidence_ending": translate(
            "AzePackaging", "{file} is of the kind “{kinds}”, which its ending {ending} does not say. Rename it."
        ),
        "evidence_empty": translate("AzePackaging", "{file} is empty. Attach it again."),
        "evidence_too_much": translate(
            "AzePackaging", "The files of evidence come to {count} {unit}; a package takes {most}. Leave some out."
        ),
    }


def _hiding() -> dict[str, str]:
    translate = QCoreApplication.translate
    return {
        "nomination.grid": translate(
            "AzePackaging", "“{grid}” is no grid. Write the size of its cells, such as 0.1° or 10 km."
        ),
        "nomination.grid_size": translate(
            "AzePackaging", "A grid of {grid} is too fine to hide anything, or too coarse. Choose {low} to {high}."
        ),
        "nomination.grid_fine": translate(
            "AzePackaging", "By a grid of {grid} the boundary has too many cells. Choose larger cells."
        ),
        "nomination.generalised": translate(
            "AzePackaging",
            "Because of sensitive species ({taxa}) the boundary and all places are shown by a grid of {grid}. Shares, "
            "area and cover are those of the true boundary.",
        ),
        "nomination.names_withheld": translate(
            "AzePackaging",
            "Names of protected areas and sites at the place go out as “name withheld” ({labels}). The site's own name "
            "goes out as it is: choose one that does not tell the place.",
        ),
        "nomination.update_tells_place": translate(
            "AzePackaging",
            "An update names the site that is there already: whoever looks it up finds the place in spite of the grid.",
        ),
        "nomination.sensitive_unknown": translate(
            "AzePackaging", "Named as sensitive, but not found at this site: {names}. Check how they are written."
        ),
        "nomination.grid_hides_nothing": translate(
            "AzePackaging", "The boundary follows the lines of the grid of {grid} itself: it goes out as it is."
        ),
        "nomination.place_in_text": translate(
            "AzePackaging", "{label}: “{place}” tells the place of sensitive species. Take it out."
        ),
        "nomination.evidence_place_name": translate(
            "AzePackaging", "The name of {file} tells the place of sensitive species. Rename it."
        ),
        "nomination.evidence_place_text": translate(
            "AzePackaging", "{file} tells the place of sensitive species (“{place}”). Take it out."
        ),
        "nomination.evidence_place_geodata": translate(
            "AzePackaging", "{file} holds places, and species at this site are sensitive. Leave it out."
        ),
        "nomination.evidence_place_kept": translate(
            "AzePackaging",
            "{file} may tell where it was made, and that cannot be taken out. Attach photographs as JPEG or PNG.",
        ),
        "nomination.evidence_place_unseen": translate(
            "AzePackaging", "{file} cannot be searched for places. Make sure that it tells none of sensitive species."
        ),
        "nomination.evidence_place_removed": translate(
            "AzePackaging", "The place where {file} was taken was taken out of it, with all that the camera noted."
        ),
        "nomination.evidence_camera_removed": translate(
            "AzePackaging", "What the camera noted beside the picture was taken out of {file}."
        ),
    }


def _preview() -> dict[str, str]:
    translate = QCoreApplication.translate
    return {
        "nomination.no_output": translate(
            "AzePackaging", "Choose a file for the package, or one for a preview of what it would hold."
        ),
        "nomination.previewed": translate(
            "AzePackaging", "Nothing was packaged. The preview lists {count} files and {fields} fields."
        ),
        "preview.nomination": translate("AzePackaging", "The nomination: every field of the form"),
        "preview.assessment": translate("AzePackaging", "The check of the criteria, with all shares"),
        "preview.coverage": translate("AzePackaging", "The cover by protected areas"),
        "preview.sources": translate("AzePackaging", "Every dataset used, with version and citation"),
        "preview.boundary": translate("AzePackaging", "The boundary"),
        "preview.boundary_laid": translate("AzePackaging", "The boundary, by the cells of the grid"),
        "preview.form": translate("AzePackaging", "The proposal form as a workbook"),
        "preview.report": translate("AzePackaging", "The report with its maps, to print"),
        "preview.page": translate("AzePackaging", "The report as a page for the browser"),
        "preview.map": translate("AzePackaging", "The map"),
        "preview.evidence": translate("AzePackaging", "Your own file {file}"),
        "preview.evidence_cleaned": translate("AzePackaging", "Your own file {file}, without what the camera noted"),
        "preview.bag": translate("AzePackaging", "What keeps the package together: labels and digests"),
    }
