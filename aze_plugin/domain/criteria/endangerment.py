"""Criterion 1, endangerment: is there an Endangered or Critically Endangered species here?"""

from __future__ import annotations

from collections.abc import Sequence

from ..findings import Finding, blocking, info, warning
from ..species import Taxon
from .settings import Settings


def eligible(taxon: Taxon, settings: Settings) -> bool:
    """Whether a taxon may trigger an AZE site by its category and rank, whatever its share."""
    return taxon.rank == "species" and taxon.category in settings.threatened + settings.reintroduction


def category_known(taxon: Taxon) -> bool:
    """False where neither an assessment nor the map gives a category, or the national list that counts does not have
    the taxon: the criterion cannot be judged for it."""
    return taxon.category_source != "none"


def taxon_findings(taxon: Taxon, settings: Settings, reference_year: int | None) -> list[Finding]:
    """Why a taxon can or cannot trigger by its assessment.

    ``reference_year``: the year against which an assessment's age is judged; None leaves the age unjudged.
    """
    findings: list[Finding] = []
    if taxon.rank != "species":
        findings.append(info(f"endangerment.not_a_species.{taxon.rank}", taxon=taxon.scientific_name))
    elif not category_known(taxon):
        if settings.authority_list:
            params = {"taxon": taxon.scientific_name, "authority": settings.authority}
            findings.append(warning("endangerment.not_on_list", **params))
        else:
            findings.append(warning("endangerment.category_unknown", taxon=taxon.scientific_name))
    elif not eligible(taxon, settings):
        kind = {"VU": "vulnerable", "DD": "data_deficient", "EX": "extinct"}.get(taxon.category, "not_threatened")
        findings.append(info(f"endangerment.category_{kind}", taxon=taxon.scientific_name, category=taxon.category))
    if eligible(taxon, settings) and taxon.category_source == "map":
        findings.append(warning("endangerment.category_from_map", taxon=taxon.scientific_name, category=taxon.category))
    if (
        eligible(taxon, settings)
        and reference_year is not None
        and taxon.year is not None
        and reference_year - taxon.year > settings.outdated_after_years
    ):
        findings.append(
            warning(
                "endangerment.assessment_outdated",
                taxon=taxon.scientific_name,
                year=taxon.year,
                limit=settings.outdated_after_years,
            )
        )
    return findings


def judge(taxa: Sequence[Taxon], settings: Settings, library_empty: bool = False) -> tuple[str, list[Finding]]:
    """Status of the criterion for the taxa that a candidate meets, and why.

    ``library_empty``: the species library holds no taxa at all, which is said, as it is no fact about the place. Where
    a national list counts, that is said as well: for AZE and KBA criterion A1e the global Red List does.
    """
    status, found = _judge(taxa, settings, library_empty)
    if settings.authority_list:
        found.append(warning("endangerment.national_authority", authority=settings.authority))
    return status, found


def _judge(taxa: Sequence[Taxon], settings: Settings, library_empty: bool) -> tuple[str, list[Finding]]:
    threatened = [t for t in taxa if eligible(t, settings)]
    unknown = [t for t in taxa if t.rank == "species" and not category_known(t)]
    if threatened:
        found = [
            info(
                "endangerment.threatened_taxa",
                count=len(threatened),
                taxa=[f"{t.scientific_name} ({t.category})" for t in threatened],
                authority=settings.authority,
            )
        ]
        if all(t.category in settings.reintroduction for t in threatened):
            found.append(info("endangerment.only_extinct_in_the_wild", count=len(threatened)))
        return "met", found
    if unknown:
        params = {"count": len(unknown), "taxa": [t.scientific_name for t in unknown]}
        if settings.authority_list:
            return "not_assessable", [warning("endangerment.none_on_list", authority=settings.authority, **params)]
        return "not_assessable", [warning("endangerment.no_category", **params)]
    if taxa:
        return "not_met", [blocking("endangerment.no_threatened_taxon", count=len(taxa))]
    return "not_met", [blocking("endangerment.library_empty" if library_empty else "endangerment.no_taxon")]
