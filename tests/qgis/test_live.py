"""The live meter's measurements against the full check: the same shares, verdicts and cover for any boundary."""

import json
import math
import random
import time
from pathlib import Path

import numpy as np
import pytest
import shapely
from qgis.core import QgsCoordinateTransformContext, QgsFeature, QgsGeometry, QgsVectorLayer

from aze_plugin.domain.candidate import Statement
from aze_plugin.domain.criteria import endangerment
from aze_plugin.domain.progress import Progress
from aze_plugin.library.estimates import read_for_check
from aze_plugin.services import checking, live, protection
from aze_plugin.services.candidates import statement_for
from aze_plugin.services.latest import Latest
from aze_plugin.services.layers import LayerSnapshot

SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "sample"
SETTINGS = checking.default_settings()
STATEMENTS = json.loads((SAMPLE / "statements.json").read_text()) if (SAMPLE / "statements.json").exists() else None


def sample_candidates():
    layer = QgsVectorLayer(str(SAMPLE / "candidates.gpkg"), "candidates", "ogr")
    return {f["name"]: f.geometry().asWkb().data() for f in layer.getFeatures()}


def question(library, name="", protected=(), **more):
    return live.Question(
        library,
        SETTINGS,
        QgsCoordinateTransformContext(),
        protection.default_rules(),
        site=name,
        protected=tuple(LayerSnapshot(layer) for layer in protected) or None,
        **more,
    )


def layer_of(wkb, name):
    layer = QgsVectorLayer("MultiPolygon?crs=EPSG:4326&field=name:string", "b", "memory")
    feature, shape = QgsFeature(layer.fields()), QgsGeometry()
    shape.fromWkb(wkb)
    shape.convertToMultiType()
    feature.setAttributes([name])
    feature.setGeometry(shape)
    layer.dataProvider().addFeature(feature)
    return layer


def checked(run, wkb, name, library, tmp_path, **more):
    """The document of aze:checkboundary for one boundary, kept alive with its layer."""
    layer = layer_of(wkb, name)
    parameters = {"BOUNDARY": layer, "LIBRARY": library, "OUTPUT": str(tmp_path / "a.json"), **more}
    if STATEMENTS:
        parameters["STATEMENTS"] = str(SAMPLE / "statements.json")
    run("checkboundary", **parameters)
    return json.loads((tmp_path / "a.json").read_text())["assessments"][0]


def read(wkb, asked, room=None):
    candidate = live.candidate_of(wkb, asked.site)
    evaluator = live.Evaluator(live.look_round(candidate.geometry if room is None else room, asked))
    try:
        return evaluator.read(candidate, statement_for(STATEMENTS, asked.site))
    finally:
        evaluator.close()


def same(reading, assessment):
    """The live reading says what the check says of every taxon that may matter."""
    theirs = {
        s["taxon_id"]: s
        for s in assessment["species"]
        if (s["rank"] == "species" and s["category"] in SETTINGS.threatened + SETTINGS.reintroduction)
        or (s["rank"] == "species" and s["category_source"] == "none")
    }
    ours = {r.taxon.taxon_id: r for r in reading.assessment.species}
    assert ours.keys() == theirs.keys()
    for taxon_id, found in ours.items():
        expected = theirs[taxon_id]
        assert found.verdict.status == expected["status"]
        assert found.verdict.route == expected["route"]
        assert found.verdict.trigger == expected["trigger"]
        assert [(s.parameter, s.segment, s.basis) for s in found.shares] == [
            (s["parameter"], s["segment"], s["basis"]) for s in expected["shares"]
        ]
        for share, other in zip(found.shares, expected["shares"]):
            for key in ("low", "best", "high"):
                assert getattr(share, key) == pytest.approx(other[key], abs=1e-9), (taxon_id, key)
    assert reading.assessment.verdict == assessment["verdict"]
    assert reading.assessment.a1e == assessment["a1e"]
    assert {k: c.status for k, c in reading.assessment.criteria.items()} == {
        k: c["status"] for k, c in assessment["criteria"].items()
    }
    assert reading.candidate.area_ha == pytest.approx(assessment["area_ha"], rel=1e-12)
    return len(ours)


def test_every_candidate_of_the_sample_reads_as_it_is_checked(run, evidence_library, tmp_path):
    met = 0
    for name, wkb in sample_candidates().items():
        met += same(read(wkb, question(evidence_library, name)), checked(run, wkb, name, evidence_library, tmp_path))
    assert met > 10


def test_random_shapes_read_as_they_are_checked(run, evidence_library, tmp_path):
    chance = random.Random(20_261)
    bases = [shapely.from_wkb(wkb) for wkb in sample_candidates().values()]
    met = 0
    for number in range(24):
        base = bases[number % len(bases)]
        west, south, east, north = base.bounds
        if east - west > 180:
            continue
        size = max(east - west, north - south) * chance.uniform(0.2, 1.5)
        middle = chance.uniform(west, east), chance.uniform(south, north)
        # Rings whose corners are shuffled cross themselves, as they do under an unsteady hand.
        turns = sorted(chance.uniform(0, 2 * math.pi) for _ in range(chance.randint(3, 12)))
        if number % 4 == 3:
            chance.shuffle(turns)
        ring = [
            (middle[0] + size * math.cos(t) * chance.uniform(0.3, 1), middle[1] + size * math.sin(t)) for t in turns
        ]
        wkb = shapely.to_wkb(shapely.Polygon(ring))
        met += same(read(wkb, question(evidence_library)), checked(run, wkb, "", evidence_library, tmp_path))
    assert met > 20


def test_a_moved_shape_is_measured_in_the_surroundings_of_the_first(run, evidence_library, tmp_path):
    base = shapely.from_wkb(sample_candidates()["Cloudtop Ridge"])
    first = live.candidate_of(shapely.to_wkb(base)).geometry
    for east, north in ((0.02, 0), (-0.03, 0.02), (0, -0.05)):
        wkb = shapely.to_wkb(shapely.transform(base, lambda c, e=east, n=north: c + np.array([e, n])))
        reading = read(wkb, question(evidence_library, "Moved"), room=first)
        same(reading, checked(run, wkb, "Moved", evidence_library, tmp_path))


def test_estimates_count_as_in_the_check(run, evidence_library, tmp_path):
    name = "Cloudtop Ridge"
    wkb = sample_candidates()[name]
    table = tmp_path / "estimates.csv"
    table.write_text(
        "scientific_name,scope,site,parameter,segment,min,best,max,year,source\n"
        f"Azea alba,site,{name},mature_individuals,all,80,90,99,2024,count\n"
        "Azea alba,global,,mature_individuals,all,95,100,110,2024,count\n"
        f"Procellora nidulans,site,{name},range,resident,1000,2000,3000,2024,guess\n"
    )
    told = tuple(read_for_check(str(table), Progress()))
    assert len(told) == 3
    assessment = checked(run, wkb, name, evidence_library, tmp_path, POPULATIONS=str(table))
    reading = read(wkb, question(evidence_library, name, estimates=told))
    same(reading, assessment)
    shares = {r.taxon.scientific_name: r.shares for r in reading.assessment.species}["Azea alba"]
    counted = next(s for s in shares if s.parameter == "mature_individuals")
    assert counted.best == pytest.approx(0.9)
    assert (counted.low, counted.high) == pytest.approx((80 / 110, 1.0))


def test_a_shape_measured_by_what_changed_reads_as_one_measured_anew(evidence_library):
    """Vertices that wander off and come back, a vertex more, a ring that crosses itself and is mended."""
    chance = random.Random(7)
    protected = QgsVectorLayer(str(SAMPLE / "protected_areas.gpkg"), "protected", "ogr")
    asked = question(evidence_library, "", [protected])
    base = shapely.from_wkb(sample_candidates()["Cloudtop Ridge"])
    ring = np.array(shapely.get_parts(base)[0].exterior.coords)[:-1]
    surrounding = live.look_round(live.candidate_of(shapely.to_wkb(base)).geometry, asked)
    moving = live.Evaluator(surrounding)
    size = np.ptp(ring, axis=0)
    seen = set()
    for step in range(40):
        ring = ring.copy()
        ring[chance.randrange(len(ring))] += size * (chance.uniform(-0.1, 0.1), chance.uniform(-0.1, 0.1))
        if step % 9 == 8:
            at = chance.randrange(len(ring) - 1)
            ring = np.insert(ring, at + 1, ring[at : at + 2].mean(axis=0), axis=0)
        candidate = live.candidate_of(shapely.to_wkb(shapely.Polygon(ring)))
        fresh = live.Evaluator(surrounding)
        here, there = moving.read(candidate, Statement()), fresh.read(candidate, Statement())
        fresh.close()
        found = [(r.taxon.taxon_id, s.parameter, s.segment, s.best) for r in here.assessment.species for s in r.shares]
        expected = [
            (r.taxon.taxon_id, s.parameter, s.segment, s.best) for r in there.assessment.species for s in r.shares
        ]
        assert [f[:3] for f in found] == [e[:3] for e in expected]
        assert [f[3] for f in found] == pytest.approx([e[3] for e in expected], abs=1e-12)
        assert here.protected_share == pytest.approx(there.protected_share, abs=1e-12)
        seen.add(candidate.repaired)
    moving.close()
    assert seen == {False, True}


def test_protected_share_is_that_of_the_coverage(run, sample_library, tmp_path):
    protected = QgsVectorLayer(str(SAMPLE / "protected_areas.gpkg"), "protected", "ogr")
    seen = set()
    for name, wkb in sample_candidates().items():
        run(
            "protectioncoverage",
            SITES=layer_of(wkb, name),
            PROTECTED=[protected],
            OUTPUT="memory:",
            SUMMARY=str(tmp_path / "c.json"),
        )
        both = json.loads((tmp_path / "c.json").read_text())["sites"][0]["both_pct"]
        reading = read(wkb, question(sample_library, name, [protected]))
        assert reading.protection_known
        if both is None:
            assert reading.protected_share is None
        else:
            assert 100 * reading.protected_share == pytest.approx(both, abs=1e-7), name
            seen.add(round(both))
    assert len(seen) > 2


def test_without_protected_areas_nothing_is_said_of_protection(sample_library):
    reading = read(sample_candidates()["Cloudtop Ridge"], question(sample_library))
    assert reading.protected_share is None
    assert not reading.protection_known


def test_a_surrounding_knows_what_it_holds(sample_library):
    wkb = sample_candidates()["Cloudtop Ridge"]
    shape = live.candidate_of(wkb).geometry
    surrounding = live.look_round(shape, question(sample_library))
    assert surrounding.holds(shape)
    assert surrounding.is_roomy(shape)
    moved = [shapely.transform(shape, lambda c, d=d: c + np.array([d, 0.0])) for d in (12_000.0, 2_000_000.0)]
    assert surrounding.holds(moved[0])
    assert not surrounding.holds(moved[1])


def test_what_comes_near_is_listed_and_always_something(sample_library):
    reading = read(sample_candidates()["Cloudtop Ridge"], question(sample_library, "Cloudtop Ridge"))
    near = reading.near
    triggers = [r for r in reading.assessment.species if r.verdict.trigger]
    assert triggers
    assert {r.taxon.taxon_id for r in triggers} <= {r.taxon.taxon_id for r in near}
    for result in reading.assessment.species:
        eligible = endangerment.eligible(result.taxon, SETTINGS)
        if eligible and any(s.best >= SETTINGS.candidate_share for s in result.shares):
            assert result in near


def test_only_the_newest_job_is_done():
    done = []
    held = {"wait": True}

    def work(job, is_closed):
        while job == 0 and held["wait"] and not is_closed():
            time.sleep(0.001)
        done.append(job)

    ended = []
    worker = Latest(work, "test", lambda: ended.append(True))
    worker.put(0)
    while worker._waiting:
        time.sleep(0.001)
    for job in range(1, 50):
        worker.put(job)
    held["wait"] = False
    limit = time.monotonic() + 60
    while len(done) < 2 and time.monotonic() < limit:
        time.sleep(0.001)
    assert done == [0, 49]
    assert worker.close()
    assert ended == [True]
    worker.put(1)
    assert done == [0, 49]
