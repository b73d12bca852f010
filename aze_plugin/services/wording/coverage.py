"""Sentences about protected-area cover."""

from qgis.PyQt.QtCore import QCoreApplication


def templates() -> dict[str, str]:
    """Code to translated template."""
    translate = QCoreApplication.translate
    return {
        # input
        "coverage.statuses": translate(
            "AzeFindings",
            "“{value}” names no status. Give the statuses that count, separated by commas, such as "
            "Designated,Inscribed,Established,Adopted.",
        ),
        "coverage.field_missing": translate(
            "AzeFindings", "The site layer “{source}” has no field “{field}”. Its fields are: {available}."
        ),
        "coverage.countries_field": translate(
            "AzeFindings",
            "The layer of countries “{source}” has no field with their codes (ISO3, iso_a3, GID_0 …). Rename the field "
            "that has them. Its fields are: {available}.",
        ),
        "coverage.no_sites": translate(
            "AzeFindings", "The site layer “{source}” has no features. Choose a layer with at least one site."
        ),
        "coverage.no_layers": translate(
            "AzeFindings", "No layer of protected areas was given. Choose at least one; it may be empty."
        ),
        # one site
        "coverage.site_null": translate(
            "AzeFindings", "“{site}” has no geometry, so its cover is not assessed. Draw its boundary."
        ),
        "coverage.site_empty": translate(
            "AzeFindings",
            "The boundary of “{site}” encloses no area, so its cover is not assessed. Draw its boundary anew.",
        ),
        "coverage.site_not_polygon": translate(
            "AzeFindings",
            "“{site}” is a point or a line, so its cover is not assessed. Give it a boundary that is a polygon.",
        ),
        "coverage.site_coordinates": translate(
            "AzeFindings",
            "The boundary of “{site}” has coordinates that are no place on earth, so its cover is not assessed. Check "
            "that its layer has the right coordinate reference system.",
        ),
        "coverage.site_placeholder": translate(
            "AzeFindings",
            "“{site}” is drawn as a circle of 1 km radius, which stands for a site without a boundary, so its cover is "
            "not assessed. Give it its real boundary.",
        ),
        "coverage.site_repaired": translate(
            "AzeFindings",
            "The boundary of “{site}” was mended before it was measured ({reason}). Check the mended shape, and "
            "correct the boundary in the layer it comes from.",
        ),
        "coverage.year_unknown": translate(
            "AzeFindings",
            "{count} protected areas of this site have no year of designation. Each was given one {draws} times, drawn "
            "from the years of its country's areas; the series shows the median and the range of 95 % of the draws.",
        ),
        "coverage.year_unknown.one": translate(
            "AzeFindings",
            "One protected area of this site has no year of designation. It was given one {draws} times, drawn from the "
            "years of its country's areas; the series shows the median and the range of 95 % of the draws.",
        ),
        # the whole
        "coverage.nothing_counts": translate(
            "AzeFindings",
            "None of the {count} rows of protected areas counts, so every cover is 0 %. See the reasons, and check "
            "statuses, points and layers.",
        ),
        "coverage.nothing_counts.one": translate(
            "AzeFindings",
            "The one row of protected areas does not count, so every cover is 0 %. See the reason, and check "
            "statuses, points and layers.",
        ),
        "coverage.status_other": translate(
            "AzeFindings",
            "{count} rows of protected areas were left out because of a status that is not in the list: {statuses}. "
            "If they are protected, add their status to the list.",
        ),
        "coverage.status_other.one": translate(
            "AzeFindings",
            "One row of protected areas was left out because of a status that is not in the list: {statuses}. If it is "
            "protected, add its status to the list.",
        ),
        "coverage.sites_not_assessed": translate(
            "AzeFindings",
            "{count} of {total} sites have no boundary that can be measured. They are counted apart, not as uncovered.",
        ),
        "coverage.sites_not_assessed.one": translate(
            "AzeFindings",
            "One of {total} sites has no boundary that can be measured. It is counted apart, not as uncovered.",
        ),
        "coverage.sites_doubled": translate(
            "AzeFindings",
            "{count} rows of the site layer repeat the id of another. Each row was measured as a site of its own; "
            "merge them if they are one site.",
        ),
        "coverage.sites_doubled.one": translate(
            "AzeFindings",
            "One row of the site layer repeats the id of another. Each row was measured as a site of its own; "
            "merge them if they are one site.",
        ),
        "coverage.years_none": translate(
            "AzeFindings", "No protected area of these sites has a year of designation, so there are no series by year."
        ),
        "coverage.years_unknown": translate(
            "AzeFindings",
            "{count} protected areas have no year of designation. Each was given one {draws} times, drawn from the "
            "years of its country's areas; the series show the median and the range of 95 % of the draws.",
        ),
        "coverage.years_unknown.one": translate(
            "AzeFindings",
            "One protected area has no year of designation. It was given one {draws} times, drawn from the years of "
            "its country's areas; the series show the median and the range of 95 % of the draws.",
        ),
        "coverage.sites_split": translate(
            "AzeFindings", "{count} sites were split at borders; the figures for countries are those of the parts."
        ),
        "coverage.sites_split.one": translate(
            "AzeFindings", "One site was split at borders; the figures for countries are those of the parts."
        ),
        "coverage.assumed_designated_pa": translate(
            "AzeFindings",
            "“{source}” tells neither the status of its areas nor whether they are protected areas or OECMs. All of "
            "them were counted as designated protected areas; leave out of the layer what is not.",
        ),
        "coverage.assumed_designated": translate(
            "AzeFindings",
            "“{source}” does not tell the status of its areas. All of them were counted as designated; leave out of "
            "the layer what is not.",
        ),
        "coverage.assumed_pa": translate(
            "AzeFindings",
            "“{source}” does not tell protected areas from OECMs. All of its areas were counted as protected areas.",
        ),
        "coverage.other_countries": translate(
            "AzeFindings",
            "{count} overlaps with protected areas of another country than the site's were left out, as asked.",
        ),
        "coverage.other_countries.one": translate(
            "AzeFindings",
            "One overlap with a protected area of another country than the site's was left out, as asked.",
        ),
        "coverage.country_unknown": translate(
            "AzeFindings",
            "{count} overlaps were counted although the country of the site or of the protected area is not known.",
        ),
        "coverage.country_unknown.one": translate(
            "AzeFindings",
            "One overlap was counted although the country of the site or of the protected area is not known.",
        ),
    }
