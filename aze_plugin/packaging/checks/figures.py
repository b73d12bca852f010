"""Whether the figures are true: those that follow from each other, and those that a reviewer's library gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...domain import geometry
from ...domain import nomination as nominations
from ...domain.candidate import Candidate
from ...domain.criteria import irreplaceability
from ...domain.criteria.settings import Settings
from ...domain.criteria.shares import Share
from ...domain.progress import Progress
from ...domain.species import Estimate
from ...library.estimates import EstimateRow
from ...library.query import Library
from ...services import checking, protection
from ...services.measure import ellipsoidal_area_m2
from .. import generalising
from .examined import Examined

# Two computations of one share agree to this, relative to the larger.
SHARE_TOLERANCE = 1e-9
AREA_TOLERANCE = 1e-6
# A share that differs by less was rounded on its way, not measured otherwise.
ROUNDING_SHARE = 5e-4
_PATH = "data/assessment.json"
_COVERAGE = "data/coverage.json"


def consistency(examined: Examined) -> None:
    """Whether the documents agree with each other, with the boundary and with the rules."""
    nomination = examined.documents["nomination.json"]
    document = examined.documents["assessment.json"]
    only = document["assessments"][0]
    cover = examined.documents["coverage.json"]["sites"][0]
    settings = _settings(examined, document["settings"], checking.default_settings())
    if settings is not None:
        _shares(examined, only, settings)
    _cover(examined, cover, only)
    if examined.shape is None:
        return
    path = f"data/boundary/{examined.stem}.gpkg"
    candidate = candidate_of(only["name"], examined.shape)
    if candidate.geometry is None:
        examined.add("boundary", path, detail=candidate.reason)
        examined.shape = None
        return
    lon, lat = geometry.midpoint(candidate.geometry)
    place = nominations.Place(candidate.area_ha, lon, lat)
    if "generalised" in nomination or "Generalised" in examined.info:
        grid = _generalised(examined, nomination, candidate.area_ha, only["area_ha"])
        if grid is None:
            return
        examined.found.generalised = nomination["generalised"]
        # The true area and mid-point stay with the nominator; the form is held against what the package says of them.
        place = nominations.Place(only["area_ha"], *_midpoint_given(nomination))
    elif abs(candidate.area_ha - only["area_ha"]) > AREA_TOLERANCE * candidate.area_ha:
        examined.add("area", _PATH, given_ha=only["area_ha"], measured_ha=candidate.area_ha)
    attached = {p.name for p in (examined.data / "evidence").glob("*") if p.is_file()}
    on_site = None if cover["cover_class"] == "not_assessed" else cover
    if nominations.folder_name(nomination) != examined.stem:
        examined.add("folder", path, expected=nominations.folder_name(nomination))
    if nomination.get("status") == "final":
        for finding in nominations.problems(nomination, only, on_site, place, attached):
            if nominations.is_blocked([finding]):
                examined.add_finding(finding, "data/nomination.json")


def _cover(examined: Examined, cover: Mapping[str, Any], only: Mapping[str, Any]) -> None:
    """Whether the cover is of the site that was assessed, and its figures are what they make of each other."""
    parts = [cover.get(key) for key in ("pa_pct", "oecm_pct")]
    both = cover["both_pct"]
    area = cover.get("area_ha")
    # Where no protected areas were given nothing was measured.
    unmeasured = area is None and cover["cover_class"] == "not_assessed"
    same_area = isinstance(area, (int, float)) and close(float(area), only["area_ha"])
    if cover["name"] != only["name"] or not (same_area or unmeasured):
        examined.add("cover_other", _COVERAGE, name=cover["name"], expected=only["name"])
    elif both is None or cover["cover_class"] == "not_assessed":
        if both is not None or cover["cover_class"] != "not_assessed":
            examined.add("cover_figures", _COVERAGE)
    else:
        numbers = all(isinstance(p, (int, float)) and not isinstance(p, bool) and 0 <= p <= 100 + 1e-6 for p in parts)
        if (
            not numbers
            or abs(sum(parts) - both) > 1e-6
            or protection.default_rules().cover_class(both) != cover["cover_class"]
        ):
            examined.add("cover_figures", _COVERAGE)


def _midpoint_given(nomination: Mapping[str, Any]) -> tuple[float, float]:
    """Longitude and latitude as the form gives them, 0 where it gives none."""
    site = nomination.get("site")
    given = [site.get(k) if isinstance(site, Mapping) else None for k in ("longitude", "latitude")]
    lon, lat = (
        float(v) if isinstance(v, (int, float)) and not isinstance(v, bool) and abs(v) <= 180 else 0.0 for v in given
    )
    return lon, lat


def _generalised(
    examined: Examined, nomination: Mapping[str, Any], laid_ha: float, true_ha: float
) -> generalising.Grid | None:
    """The grid of a generalised boundary, None where the boundary is not on the grid that the package names."""
    said = nomination.get("generalised")
    grid = generalising.Grid.of_json(said)
    noted = examined.info.get("Generalised")
    if grid is None or noted is None or noted != grid.label():
        examined.add("generalised_differs", "bag-info.txt", bag=noted or "–", form=grid.label() if grid else "–")
        return None
    if not grid.holds(examined.shape) or not grid.is_place(*_midpoint_given(nomination)):
        examined.add("off_grid", f"data/boundary/{examined.stem}.gpkg", grid=grid.label())
        return None
    if true_ha > laid_ha * (1 + AREA_TOLERANCE):
        examined.add("area", _PATH, given_ha=true_ha, measured_ha=laid_ha)
    examined.note("generalised", _PATH, grid=grid.label())
    return grid


def _settings(examined: Examined, given: Mapping[str, Any], rules: Settings) -> Settings | None:
    """The rules that the assessment was made by; a package made by others than the criteria's is not valid."""
    expected = rules.as_json()
    for key in ("threshold", "aze_operator", "a1e_operator", "presence", "origin", "area_crs"):
        if given.get(key) != expected[key]:
            examined.add("settings", _PATH, setting=key, given=str(given.get(key)))
            return None
    return rules


def _shares(examined: Examined, only: Mapping[str, Any], settings: Settings) -> None:
    """Whether each share is what its own numbers and the threshold make of it."""
    for taxon in only["species"]:
        name = taxon["scientific_name"]
        for share in taxon["shares"]:
            place = {"taxon": name, "parameter": share["parameter"], "segment": share["segment"]}
            low, best, high = share["low"], share["best"], share["high"]
            ratio = share["site_value"] / share["global_value"] if share["global_value"] > 0 else -1.0
            if not 0 <= low <= best <= high <= 1 + SHARE_TOLERANCE or not close(best, min(1.0, ratio)):
                examined.add("share", _PATH, **place)
                continue
            as_share = Share(
                share["parameter"], share["segment"], low, best, high, share["site_value"], share["global_value"]
            )
            if irreplaceability.share_status(as_share, settings.aze_operator, settings) != share["status"]:
                examined.add("share_status", _PATH, **place)
        if taxon["trigger"] and taxon["category"] not in (*settings.threatened, *settings.reintroduction):
            examined.add("trigger", _PATH, taxon=name, category=taxon["category"])
        if taxon["trigger"] != (taxon["status"] == "met" and taxon["route"] != "none"):
            examined.add("trigger_status", _PATH, taxon=name)
    met = all(c["status"] == "met" for c in only["criteria"].values())
    if (only["verdict"] == "eligible") != met:
        examined.add("verdict", _PATH)


def recompute(examined: Examined, library_path: str, progress: Progress) -> None:
    """The same check on the packaged boundary with the reviewer's own library.

    From a generalised boundary nothing can be recomputed: the claims are listed, and that they cannot be held against
    anything is said of each, and is no difference.
    """
    nomination, document = examined.documents["nomination.json"], examined.documents["assessment.json"]
    only = document["assessments"][0]
    claimed = _by_share(only)
    if examined.found.generalised is not None:
        for key in sorted(claimed):
            examined.found.recomputed.append(_row(key, claimed[key], None, "cannot"))
        return
    candidate = candidate_of(only["name"], examined.shape)
    # Which range rows count depends on the category, so the same list has to give it.
    listed = document["settings"].get("authority_list")
    settings = checking.default_settings().with_choices(authority=listed if isinstance(listed, str) else "")
    with Library.open(library_path) as library:
        available = library.authorities()
    if settings.authority_list and settings.authority_list not in available:
        examined.add("authority", _PATH, authority=settings.authority_list)
        return
    again = checking.check_candidates(
        [candidate],
        checking.Background(
            library_path,
            settings,
            statements=nominations.statements_for(nomination, only["name"]),
            estimates=_estimates(only),
            # An outline may be made so that to look closer takes for ever, and nothing here needs it.
            closer=False,
        ),
        progress,
    )["assessments"][0]
    computed = _by_share(again)
    for key in sorted(set(claimed) | set(computed)):
        _compare(examined, key, claimed.get(key), computed.get(key))
    _verdicts(examined, only, again)


def _compare(examined: Examined, key: tuple[str, str, str], theirs: float | None, ours: float | None) -> None:
    place = dict(zip(("taxon", "parameter", "segment"), key))
    if theirs is None:
        examined.add("share_omitted", _PATH, **place, share=ours)
    elif ours is None:
        examined.add("share_unknown", _PATH, **place)
    elif not close(ours, theirs):
        examined.add("share_differs", _PATH, **place, claimed_share=theirs, found_share=ours)
    examined.found.recomputed.append(_row(key, theirs, ours, compared(theirs, ours)))


def compared(theirs: float | None, ours: float | None) -> str:
    """How a claimed and a recomputed share stand to each other: ``same | rounding | differs | cannot``."""
    if theirs is None or ours is None:
        return "cannot" if ours is None else "differs"
    if close(ours, theirs):
        return "same"
    return "rounding" if abs(ours - theirs) <= ROUNDING_SHARE else "differs"


def _row(key: tuple[str, str, str], theirs: float | None, ours: float | None, kind: str) -> dict[str, Any]:
    return {
        "scientific_name": key[0],
        "parameter": key[1],
        "segment": key[2],
        "claimed": theirs,
        "recomputed": ours,
        "difference": None if ours is None or theirs is None else ours - theirs,
        "class": kind,
    }


def _verdicts(examined: Examined, only: Mapping[str, Any], again: Mapping[str, Any]) -> None:
    if again["a1e"] != only["a1e"]:
        said = {"member": "A1e", "claimed": only["a1e"], "found": str(again["a1e"])}
        examined.add("taxon_differs", _PATH, taxon=only["name"], **said)
    verdicts = {t["scientific_name"]: t for t in again["species"]}
    for taxon in only["species"]:
        mine = verdicts.get(taxon["scientific_name"])
        if mine is None:
            continue
        for key in ("category", "trigger", "route", "status"):
            if mine[key] != taxon[key]:
                examined.add(
                    "taxon_differs",
                    _PATH,
                    taxon=taxon["scientific_name"],
                    member=key,
                    claimed=str(taxon[key]),
                    found=str(mine[key]),
                )


def candidate_of(name: str, lonlat: geometry.Geometry) -> Candidate:
    """A boundary, lon/lat, as the criteria take it."""
    prepared = geometry.prepare(np.array([lonlat], dtype=object))
    shape = prepared.geometries[0]
    area_ha = 0.0 if shape is None else ellipsoidal_area_m2(lonlat) / 1e4
    return Candidate(
        name,
        shape,
        area_ha,
        repaired=bool(prepared.repaired[0]),
        crossing=bool(prepared.crossing[0]),
        reason=prepared.reasons[0],
    )


def _by_share(assessment: Mapping[str, Any]) -> dict[tuple[str, str, str], float]:
    return {
        (taxon["scientific_name"], share["parameter"], share["segment"]): share["best"]
        for taxon in assessment["species"]
        for share in taxon["shares"]
    }


def close(one: float, other: float) -> bool:
    """Whether two shares are the same but for rounding in the last digits of a computation."""
    return abs(one - other) <= SHARE_TOLERANCE * max(abs(one), abs(other), 1e-300)


def _estimates(only: Mapping[str, Any]) -> list[EstimateRow]:
    """The estimates that an assessment rests on: they are the nominator's, a reviewer's library need not have them."""
    columns = ("scope", "parameter", "segment", "low", "best", "high")
    return [
        EstimateRow(0, taxon["taxon_id"], taxon["scientific_name"], only["name"], Estimate(*(e[c] for c in columns)))
        for taxon in only["species"]
        for e in taxon.get("estimates", [])
    ]
