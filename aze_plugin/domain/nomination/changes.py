"""Updates of existing sites: what changes, told from the boundaries and the species, and whether it is explained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..findings import Finding, blocking, warning
from .model import (
    CHANGES,
    PURPOSES,
    SLIVER_SHARE,
    Place,
    UpdatedSite,
    is_update,
    rows_at,
    site_number,
    text_at,
    triggers,
    value_at,
)

# How a site's former trigger species are known, in the words of a nomination.
BASES = {"table": "table of trigger species", "field": "layer of sites", "library": "species library"}
_OF_TAXA = ("new_trigger", "trigger_lost", "reassessment")
_AREAS = ("before_ha", "after_ha", "gained_ha", "lost_ha")
_LABELS = {
    "new_trigger": "New trigger species",
    "trigger_lost": "Trigger species lost",
    "boundary_change": "Boundary changed",
    "reassessment": "Assessed again",
    "amalgamation": "Site taken in",
}
# Areas on the form may be rounded, and measured by another program.
_AREA_TOLERANCE_SHARE = 0.01


# -------------------------------------------------------------------------------------------- what the check knew


# Codes of the findings about existing sites that share area with the candidate: sites that it overlaps, those that
# have no boundary to overlap, and the one that it takes the place of.
_OVERLAPS = ("discreteness.overlaps_site", "discreteness.same_as_site")
_PLACEHOLDERS = ("discreteness.overlaps_placeholder",)
_UPDATED = ("discreteness.updates_site", "discreteness.updates_circle")


def _met(assessment: Mapping[str, Any], codes: Sequence[str]) -> list[Mapping[str, Any]]:
    """Params of the findings about existing sites that have one of the codes."""
    findings = rows_at(assessment, "/criteria/discreteness/findings")
    return [f["params"] for f in findings if f.get("code") in codes and isinstance(f.get("params"), Mapping)]


def _sites_given(assessment: Mapping[str, Any]) -> bool:
    findings = rows_at(assessment, "/criteria/discreteness/findings")
    return not any(f.get("code") == "discreteness.sites_not_given" for f in findings)


def known_to_be_apart(assessment: Mapping[str, Any]) -> bool:
    """Whether existing sites were given, and none shares area with the candidate."""
    return _sites_given(assessment) and not _met(assessment, (*_OVERLAPS, *_PLACEHOLDERS))


def updated_by(assessment: Mapping[str, Any], place: Place, number: str = "") -> UpdatedSite | None:
    """The site that an assessment says its candidate updates, or, with a ``number``, the site of that number that it
    says the candidate overlaps; None where it says of none."""
    for code in (*_UPDATED, *_OVERLAPS):
        for params in _met(assessment, (code,)):
            site = UpdatedSite(str(params.get("site_id", "")), str(params.get("site", "")))
            if site.site_id != number and (number or code in _OVERLAPS):
                continue
            overlap, share = params.get("overlap_m2"), params.get("site_share")
            measured = isinstance(overlap, (int, float)) and isinstance(share, (int, float)) and share > 0
            if code == "discreteness.updates_circle" or not measured:
                return site
            before_ha, shared_ha = overlap / share / 1e4, overlap / 1e4
            gained_ha, lost_ha = max(0.0, place.area_ha - shared_ha), max(0.0, before_ha - shared_ha)
            return replace(site, before_ha=before_ha, gained_ha=gained_ha, lost_ha=lost_ha)
    return None


# ------------------------------------------------------------------------------------------------------- deriving


def completed(
    given: Sequence[Mapping[str, Any]],
    assessment: Mapping[str, Any],
    place: Place,
    updated: UpdatedSite | None,
    reasons: Mapping[str, str],
) -> list[dict[str, Any]]:
    """The changes as the nominator gave them, completed, and behind them those that the data tell besides.

    A species that the nominator speaks of in whatever change is not spoken of twice. ``reasons``: by trigger species,
    what a reassessment of it found.
    """
    rows = [dict(row) for row in given]
    spoken = {_key(row) for row in rows}
    taxa = {text_at(row, "/taxon").casefold() for row in rows if row.get("kind") in _OF_TAXA}
    for row in _derived(assessment, place, updated, reasons):
        same = next((r for r in rows if _key(r) == _key(row)), None)
        if same is not None:
            for key, value in row.items():
                if same.get(key) in (None, ""):
                    same[key] = value
        elif _key(row) not in spoken and row.get("taxon", "\0").casefold() not in taxa:
            rows.append(row)
    return rows


def _key(row: Mapping[str, Any]) -> tuple[str, str]:
    kind = text_at(row, "/kind")
    told = "/taxon" if kind in _OF_TAXA else "/site" if kind == "amalgamation" else "/-"
    return kind, text_at(row, told).casefold()


def _derived(
    assessment: Mapping[str, Any], place: Place, updated: UpdatedSite | None, reasons: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    if updated is None:
        return
    if updated.before_ha is not None:
        moved = max(updated.gained_ha or 0.0, updated.lost_ha or 0.0)
        if moved > SLIVER_SHARE * updated.before_ha:
            areas = (updated.before_ha, place.area_ha, updated.gained_ha or 0.0, updated.lost_ha or 0.0)
            yield {"kind": "boundary_change", **{key: round(ha, 4) for key, ha in zip(_AREAS, areas)}}
    if updated.former is not None:
        former = {name.casefold(): name for name in updated.former}
        now = {taxon["scientific_name"].casefold(): taxon["scientific_name"] for taxon in triggers(assessment)}
        for folded, name in now.items():
            if folded in former:
                yield {"kind": "reassessment", "taxon": name, "reason": reasons.get(name, "")}
            else:
                yield {"kind": "new_trigger", "taxon": name}
        for folded in sorted(set(former) - set(now)):
            yield {"kind": "trigger_lost", "taxon": former[folded]}
    for params in _met(assessment, _OVERLAPS):
        other = str(params.get("site_id", ""))
        if other != updated.site_id and params.get("site_share", 0) > 1 - SLIVER_SHARE:
            yield {"kind": "amalgamation", "site": " ".join(dict.fromkeys((other, str(params.get("site", "")))))}


def summary(rows: Sequence[Mapping[str, Any]]) -> str:
    """The reasons of all changes but mere reassessments as one text; of these where there is nothing else."""
    told = [row for row in rows if row.get("kind") != "reassessment"] or rows
    lines = []
    for row in told:
        of = text_at(row, "/taxon") or text_at(row, "/site")
        reason = text_at(row, "/reason")
        label = _LABELS.get(text_at(row, "/kind"), "")
        if label and reason:
            lines.append(f"{label}{f' ({of})' if of else ''}: {reason}")
    return "\n".join(lines)


# --------------------------------------------------------------------------------------------------------- checks


def problems(nomination: Mapping[str, Any], assessment: Mapping[str, Any], place: Place) -> list[Finding]:
    """What is wrong with what a nomination says of existing sites."""
    found = list(_about_overlaps(nomination, assessment))
    purpose, update = text_at(nomination, "/site/purpose"), is_update(nomination)
    fitting = ("new_trigger", "reassessment", "amalgamation") if update else ("new", "amalgamation")
    if purpose in PURPOSES.values() and purpose not in [PURPOSES[key] for key in fitting]:
        found.append(blocking("nomination.purpose_differs", field="/site/purpose", update=update))
    if purpose == PURPOSES["amalgamation"] and not text_at(nomination, "/site/kbas_replaced"):
        found.append(blocking("nomination.replaced_missing", field="/site/kbas_replaced"))
    if not update:
        if value_at(nomination, "/update"):
            found.append(blocking("nomination.update_of_new", field="/update"))
        return found
    found += _about_site(nomination, assessment)
    rows = rows_at(nomination, "/update/changes")
    if not rows:
        found.append(blocking("nomination.no_changes", field="/update/changes"))
    elif not text_at(nomination, "/update/former_triggers"):
        found.append(warning("nomination.former_unknown", field="/update/former_triggers"))
    seen = set()
    for n, row in enumerate(rows):
        at = f"/update/changes/{n}"
        if _key(row) in seen:
            found.append(blocking("nomination.change_twice", field=f"{at}/kind", change=row.get("kind")))
        seen.add(_key(row))
        found += _about_change(row, at, assessment, place)
    return found


def _about_overlaps(nomination: Mapping[str, Any], assessment: Mapping[str, Any]) -> Iterator[Finding]:
    """Existing sites that share area with this one, but for the one that is updated and those that are taken in.

    The check of the boundary leaves overlaps of up to 0.1 m² unsaid.
    """
    own = site_number(nomination) if is_update(nomination) else ""
    taken = [text_at(r, "/site") for r in rows_at(nomination, "/update/changes") if r.get("kind") == "amalgamation"]
    taken.append(text_at(nomination, "/site/kbas_replaced"))
    words = {word.strip(".,;()") for text in taken for word in text.split()}
    others = []
    for params in _met(assessment, _OVERLAPS):
        number, name = str(params.get("site_id", "")), str(params.get("site", ""))
        if (
            params.get("updated")
            or (own and number == own)
            or number in words
            or any(name and name in text for text in taken)
        ):
            continue
        others.append(params)
        yield warning(
            "nomination.overlaps_site",
            field="/delineation/rationale",
            site=name or number,
            site_id=number,
            overlap_m2=params.get("overlap_m2"),
        )
    if others and text_at(nomination, "/site/purpose") == PURPOSES["new"]:
        yield warning("nomination.purpose_overlap", field="/site/purpose")


def _about_site(nomination: Mapping[str, Any], assessment: Mapping[str, Any]) -> Iterator[Finding]:
    number, other = text_at(nomination, "/update/site_id"), text_at(nomination, "/site/sitrecid")
    if number and other and number != other:
        yield blocking("nomination.update_number", field="/update/site_id", number=number, other=other)
    if not number or not _sites_given(assessment):
        return
    met = _met(assessment, (*_OVERLAPS, *_PLACEHOLDERS, *_UPDATED))
    if number not in {str(params.get("site_id", "")) for params in met}:
        # Where the site was compared with, it is known to be there, and to lie elsewhere.
        if text_at(nomination, "/update/compared_with"):
            yield warning("nomination.update_apart", field="/update/site_id", number=number)
        else:
            yield blocking("nomination.update_unknown", field="/update/site_id", number=number)


def _about_change(row: Mapping[str, Any], at: str, assessment: Mapping[str, Any], place: Place) -> Iterator[Finding]:
    kind, taxon = text_at(row, "/kind"), text_at(row, "/taxon")
    if kind not in CHANGES:
        # The schema speaks of it.
        return
    of = f" ({taxon})" if taxon else ""
    if not text_at(row, "/reason"):
        yield blocking("nomination.change_unexplained", field=f"{at}/reason", change=kind, of=of)
    if kind not in ("reassessment", "amalgamation") and not text_at(row, "/cause"):
        yield blocking("nomination.change_cause", field=f"{at}/cause", change=kind, of=of)
    now = {t["scientific_name"].casefold() for t in triggers(assessment)}
    if kind in _OF_TAXA and not taxon:
        yield blocking("nomination.change_taxon", field=f"{at}/taxon", change=kind)
    elif kind == "new_trigger" and taxon.casefold() not in now:
        yield blocking("nomination.change_no_trigger", field=f"{at}/taxon", taxon=taxon)
    elif kind == "trigger_lost" and taxon.casefold() in now:
        yield blocking("nomination.change_still_trigger", field=f"{at}/taxon", taxon=taxon)
    if kind == "amalgamation" and not text_at(row, "/site"):
        yield blocking("nomination.change_site", field=f"{at}/site")
    if kind == "boundary_change":
        yield from _about_areas(row, at, place)


def _about_areas(row: Mapping[str, Any], at: str, place: Place) -> Iterator[Finding]:
    areas = [row.get(key) for key in _AREAS]
    for key, value in zip(_AREAS, areas):
        if not isinstance(value, (int, float)):
            # Of a site that was a mere place nobody knows the area before.
            yield warning("nomination.change_areas_missing", field=f"{at}/{key}")
            return
    before, after, gained, lost = areas
    if abs(after - place.area_ha) > _AREA_TOLERANCE_SHARE * place.area_ha:
        yield blocking("nomination.area_differs", field=f"{at}/after_ha", given_ha=after, measured_ha=place.area_ha)
    elif abs(before + gained - lost - after) > _AREA_TOLERANCE_SHARE * max(before, after):
        yield blocking("nomination.change_areas", field=f"{at}/gained_ha", before_ha=before, after_ha=after)
