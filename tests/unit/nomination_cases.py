"""A site as the checks know it, made up here, for the nominations that the schema gives as examples."""

import copy
import json
from pathlib import Path

from aze_plugin.domain import nomination as nominations

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "resources" / "schemas" / "nomination.schema.json").read_text(encoding="utf-8"))
SOURCES = [{"name": "ranges.zip", "version": "2024-2", "citation": "Ranges of the year, release 2024-2.", "sha256": ""}]


def taxon(number, name, category, best=1.0, **more):
    """A taxon that makes the site qualify, by its range."""
    share = {
        "parameter": "range",
        "segment": "resident",
        "low": best,
        "best": best,
        "high": best,
        "site_value": best * 4e7,
        "global_value": 4e7,
        "unit": "m2",
        "status": "met",
        "deciding": True,
        "basis": "range_map",
    }
    return {
        "taxon_id": number,
        "scientific_name": name,
        "common_name": "",
        "group": "",
        "category": category,
        "criteria": "B1ab(iii)",
        "possibly_extinct": False,
        "trigger": True,
        "route": "sole_area" if best == 1.0 else "resident_population",
        "status": "met",
        "a1e": "met",
        "shares": [share],
        "records": None,
        "estimates": [],
        **more,
    }


def assessment(name, area_ha, species, overlaps=(), sites_given=True):
    """An eligible site. ``overlaps``: params of findings about existing sites."""
    findings = [
        {"code": "discreteness.overlaps_site", "severity": "warning", "message": "", "params": p} for p in overlaps
    ]
    if not sites_given:
        findings.append({"code": "discreteness.sites_not_given", "severity": "info", "message": "", "params": {}})
    return {
        "name": name,
        "area_ha": area_ha,
        "verdict": "eligible",
        "a1e": "met",
        "criteria": {
            "endangerment": {"status": "met", "findings": []},
            "irreplaceability": {"status": "met", "findings": []},
            "discreteness": {"status": "met", "findings": findings, "evidence": {}},
        },
        "species": species,
    }


def overlap(number, name, site_share=0.3, area_m2=5e5):
    """Params of a finding that an existing site shares area with the boundary."""
    return {"site_id": number, "site": name, "overlap_m2": area_m2, "share": 0.1, "site_share": site_share}


COVERAGE = {
    "both_pct": 38.0,
    "pa_pct": 33.0,
    "oecm_pct": 5.0,
    "protected_areas": [
        {"name": "North Park", "kind": "pa", "pct": 33.0},
        {"name": "Springs", "kind": "oecm", "pct": 7.5},
    ],
}


class Case:
    """One of the schema's examples with all that is known about it."""

    def __init__(self, example):
        self.details = copy.deepcopy(SCHEMA["examples"][example])
        self.coverage = copy.deepcopy(COVERAGE)
        self.sources = SOURCES
        self.evidence = ()
        if example == 0:
            self.assessment = assessment(
                "Cloudtop Ridge",
                4312.0,
                [
                    taxon("101", "Azea alba", "EN", 0.974),
                    taxon("102", "Nubilana celsa", "EN"),
                    taxon("103", "Limnothea minuta", "CR"),
                    taxon("104", "Procellora nidulans", "CR"),
                ],
            )
            self.place = nominations.Place(4312.0, -178.5845, -26.5825, "overlaps")
            self.known = nominations.Known()
        else:
            self.assessment = assessment(
                "Serrata Highlands",
                8408.0,
                [
                    taxon("125", "Lacustrina caeca", "CR"),
                    taxon("124", "Fractella torta", "CR", 0.975),
                    taxon("121", "Partitella divisa", "EN", 0.96),
                    taxon("119", "Expulsina vera", "EN", 0.985),
                ],
                [overlap("98001", "Serrata Highlands", 1.0)],
            )
            self.place = nominations.Place(8408.0, -178.1026, -26.753, "contains")
            former = ("Lacustrina caeca", "Fractella torta")
            updated = nominations.UpdatedSite(
                "98001", "Serrata Highlands", "sites 2025-1", 6218.0, 2200.0, 10.0, former, "table"
            )
            self.known = nominations.Known(updated=updated)

    def completed(self):
        """The nomination with what is known filled in."""
        return nominations.complete(
            self.details, self.assessment, self.coverage, self.place, self.sources, self.evidence, self.known
        )

    def problems(self, packaged=True):
        """Severity, code and field of each problem."""
        from aze_plugin.packaging import details

        found = details.review(
            self.completed(), self.assessment, self.coverage, self.place, self.evidence, self.known, packaged
        )
        return sorted((f.severity.value, f.code.partition(".")[2], f.params["field"]) for f in found)
