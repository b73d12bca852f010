"""How each share of a taxon was computed: inputs, filters, rows used and left out, values, formula, as findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..findings import Finding, info
from ..species import UNITS, Estimate
from .settings import Settings
from .shares import Measured, Share


@dataclass(frozen=True)
class Account:
    """What the library holds of a taxon in the whole world, beyond what takes part in its shares.

    ``range_kept`` and ``range_dropped``: rows of range maps by what became of them (``presence``, ``origin``);
    ``sources``: for each kind of data
    (``range_map``, ``records``, ``habitat``, ``estimate``, ``assessment``) the datasets, with their versions.
    """

    range_kept: int = 0
    range_dropped: Mapping[str, int] = field(default_factory=dict)
    sources: Mapping[str, Sequence[str]] = field(default_factory=dict)


def explain(measured: Measured, account: Account, settings: Settings) -> list[Finding]:
    """One step after the other, for all shares of a taxon."""
    taxon = measured.evidence.taxon
    code = {"map": "explain.category_map", "none": "explain.category_none"}.get(
        taxon.category_source, "explain.category"
    )
    steps: list[Finding] = [info(code, category=taxon.category, **_source(account, "assessment"))]
    for basis in dict.fromkeys(share.basis for share in measured.shares):
        steps += _inputs(basis, measured, account, settings)
        steps += [_formula(share, settings) for share in measured.shares if share.basis == basis]
    for share in measured.replaced:
        steps.append(
            info("explain.replaced", parameter=share.parameter, segment=share.segment, measured_share=share.best)
        )
    return steps


def _inputs(basis: str, measured: Measured, account: Account, settings: Settings) -> list[Finding]:
    evidence = measured.evidence
    source = _source(account, basis)
    if basis == "range_map":
        presence = settings.presence_for(evidence.taxon.category)
        steps = [
            info(
                "explain.range",
                count=account.range_kept,
                presence=list(presence),
                origin=list(settings.origin),
                near=len(evidence.range.rows),
                **source,
            )
        ]
        return steps + [
            info(f"explain.range_dropped_{reason}", count=count)
            for reason, count in account.range_dropped.items()
            if count
        ]
    if basis == "records":
        records = evidence.records
        steps = [info("explain.records", count=records.kept, inside=measured.records_inside, **source)]
        limits = {
            "uncertain": {"limit_m": settings.records.max_uncertainty_m},
            "old": {"year": settings.records.since_year},
            "basis": {"bases": list(settings.records.bases_left_out)},
        }
        return steps + [
            info(f"explain.records_dropped_{reason}", count=count, **limits[reason])
            for reason, count in records.dropped.items()
            if count
        ]
    if basis == "habitat":
        return [info("explain.habitat", rasters=[h.name for h in evidence.habitats if h.name], **source)]
    told = {(share.parameter, share.segment) for share in measured.shares if share.basis == "estimate"}
    return [_estimate(e) for e in evidence.estimates if (e.parameter, e.segment) in told]


def _estimate(estimate: Estimate) -> Finding:
    is_area = UNITS[estimate.parameter] == "m2"
    ending = "_m2" if is_area else ""
    return info(
        f"explain.estimate_{estimate.scope}{'_area' if is_area else ''}",
        parameter=estimate.parameter,
        segment=estimate.segment,
        source=", ".join(str(part) for part in (estimate.origin, estimate.year) if part) or "–",
        **{f"{bound}{ending}": getattr(estimate, bound) for bound in ("low", "best", "high")},
    )


def _formula(share: Share, settings: Settings) -> Finding:
    params = {
        "parameter": share.parameter,
        "segment": share.segment,
        "share": share.best,
        "threshold_share": settings.threshold,
    }
    if share.unit == "m2" and share.basis != "estimate":
        params |= {"site_m2": share.site_value, "global_m2": share.global_value}
        return info("explain.formula_area", **params)
    if share.basis == "estimate":
        params |= {"low_share": share.low, "high_share": share.high}
        if share.unit == "m2":
            params |= {"site_m2": share.site_value, "global_m2": share.global_value}
            return info("explain.formula_estimate_area", **params)
        return info("explain.formula_estimate", site=share.site_value, world=share.global_value, **params)
    params |= {"site": share.site_value, "world": share.global_value}
    return info(f"explain.formula_{share.unit}", **params)


def _source(account: Account, kind: str) -> dict[str, list[str]]:
    return {"sources": list(account.sources.get(kind, ()))}
