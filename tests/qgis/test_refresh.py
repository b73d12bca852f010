"""``aze:refreshassessments`` and what it is made of, against a server on this computer that speaks the Red List API."""

import hashlib
import json
import logging
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from functools import partialmethod
from pathlib import Path

import pytest
from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingException, QgsSettings

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from auth_configurations import configurations  # noqa: E402
from hand_clock import HandClock  # noqa: E402
from ranges_files import row, square, write  # noqa: E402
from redlist_server import TOKEN, RedListServer, assessment, body, cut, dripping, silent, status  # noqa: E402

from aze_plugin.domain.errors import AzeError, Cancelled  # noqa: E402
from aze_plugin.domain.progress import Progress  # noqa: E402
from aze_plugin.library import refresh  # noqa: E402
from aze_plugin.library.importer import Request, import_species  # noqa: E402
from aze_plugin.library.query import Library  # noqa: E402
from aze_plugin.services import network, redlist_api  # noqa: E402

HEADER = (
    "assessmentId,internalTaxonId,scientificName,redlistCategory,redlistCriteria,yearPublished,assessmentDate,scopes"
)
# Number, name, category, year of the library's assessments, and what the list says today.
TAXA = [
    (101, "Alba alba", "Vulnerable", 2010, ("EN", 2024)),
    (102, "Beta beta", "Endangered", 2015, ("EN", 2015)),
    (103, "Gamma gamma", "Critically Endangered", 2012, ("CR", 2023)),
    (104, "Delta delta", "Endangered", 2018, None),
]
# Waits little, but for an answer as long as it takes.
QUICK = redlist_api.Pace(interval_s=0, backoff_s=0.02, longest_wait_s=5, attempts=3, attempts_when_busy=4, read_s=60)


@pytest.fixture
def server():
    with RedListServer() as made:
        for number, name, _, _, today in TAXA:
            if today:
                made.add(number, name, assessment(*today), assessment("LC", 2000, latest=False))
        yield made


@pytest.fixture
def clock(server, monkeypatch):
    """The clock by which calls keep their distance, and by which the server times them; rests take no time."""
    made = server.clock = HandClock()
    monkeypatch.setattr(redlist_api, "time", made)
    return made


@pytest.fixture
def library(tmp_path):
    """Four taxa by number and one by name alone; the first lives in a square at 10° E on the equator."""
    export = tmp_path / "assessments.csv"
    lines = [f'{n},{n},{name},{cat},"B1",{year},{year - 1}-06-30,Global' for n, name, cat, year, _ in TAXA]
    export.write_text("\n".join([HEADER, *lines]), encoding="utf-8")
    ranges = write(tmp_path / "ranges.gpkg", [row("Alba alba", taxon_id=101, category="VU")])
    names = write(tmp_path / "names.gpkg", [{"sci_name": "Zeta zeta", "category": "EN", "wkt": square(30, 0)}])
    path = tmp_path / "library.gpkg"
    import_species(Request(str(path), (str(ranges), str(names)), str(export)))
    return path


@pytest.fixture(scope="module")
def authcfg(qgis_app):
    """A maker of authentication configurations: method and settings in, id out."""
    with configurations() as make:
        yield lambda method="APIHeader", **settings: make(method, **(settings or {"Authorization": TOKEN}))


def ask(server, question="sis/101", pace=QUICK, progress=None, token=TOKEN):
    with network.Connection(network.NetworkSettings()) as connection:
        credentials = network.Credentials({"Authorization": token})
        api = redlist_api.RedListApi(server.url, credentials, connection, pace, progress or Progress())
        return api.ask(question)


def look(server, library, pace=QUICK, progress=None, days=30, only=None):
    progress = progress or Progress()
    cache = refresh.Cache(str(library), server.url, days)
    with Library.open(str(library)) as opened, network.Connection(network.NetworkSettings()) as connection, cache:
        credentials = network.Credentials({"Authorization": TOKEN})
        api = redlist_api.RedListApi(server.url, credentials, connection, pace, progress)
        return refresh.find_changes(opened, refresh.chosen(opened, only), api.ask, cache, progress)


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def category_of(library, number="101"):
    with Library.open(str(library)) as opened:
        return next(t for t in opened.taxa() if t.taxon_id == number)


# -- the algorithm as users call it


def start(run, server, library, authcfg, tmp_path, **more):
    output = tmp_path / "changes.json"
    given = {"LIBRARY": str(library), "AUTHCFG": authcfg(), "URL": server.url, "INTERVAL": 0, "OUTPUT": str(output)}
    return run("refreshassessments", **{**given, **more}), json.loads(output.read_text(encoding="utf-8"))


def test_a_dry_run_lists_the_changes_and_leaves_the_library_alone(run, server, library, authcfg, tmp_path):
    before = digest(library)
    results, document = start(run, server, library, authcfg, tmp_path)
    assert digest(library) == before
    assert (results["CHANGED"], results["CHECKED"], results["NOT_FOUND"]) == (2, 5, 2)
    assert document["schema"] == "aze-refresh/1"
    assert document["applied"] is results["APPLIED"] is False
    assert document["unchanged"] == 1
    assert document["failed"] == []
    alba, gamma = document["changes"]
    assert (alba["taxon_id"], alba["scientific_name"]) == ("101", "Alba alba")
    assert (alba["old"]["category"], alba["new"]["category"]) == ("VU", "EN")
    assert (alba["old"]["year"], alba["new"]["year"]) == (2010, 2024)
    assert alba["fields"] == ["category", "year"]
    assert alba["message"] == "Alba alba: VU → EN, published in 2024."
    assert (gamma["scientific_name"], gamma["fields"]) == ("Gamma gamma", ["year"])
    assert {e["scientific_name"]: e["reason"] for e in document["not_found"]} == {
        "Delta delta": "not_listed",
        "Zeta zeta": "not_listed",
    }
    # By number where there is one, else by name.
    assert sorted(p for p in server.paths() if p.startswith("/taxa/")) == [
        "/taxa/scientific_name?genus_name=Zeta&species_name=zeta",
        "/taxa/sis/101",
        "/taxa/sis/102",
        "/taxa/sis/103",
        "/taxa/sis/104",
    ]


def test_what_is_applied_changes_the_check(run, server, library, authcfg, tmp_path):
    boundary = write(tmp_path / "site.gpkg", [{"name": "Square", "wkt": square(10, 0)}])

    def check():
        output = tmp_path / "assessment.json"
        run("checkboundary", BOUNDARY=str(boundary), LIBRARY=str(library), OUTPUT=str(output))
        document = json.loads(output.read_text(encoding="utf-8"))
        return document, document["assessments"][0]

    assert check()[1]["criteria"]["endangerment"]["status"] == "not_met"
    results, document = start(run, server, library, authcfg, tmp_path, DRY_RUN=False)
    assert (results["CHANGED"], results["APPLIED"], document["applied"]) == (2, True, True)
    whole, found = check()
    assert found["criteria"]["endangerment"]["status"] == "met"
    assert [(t["category"], t["year"], t["trigger"]) for t in found["species"]] == [("EN", 2024, True)]
    source = next(s for s in whole["sources"] if s["name"] == "IUCN Red List API")
    today = datetime.now().strftime("%Y-%m-%d")
    assert source["version"] == today
    assert "Version 2025-2." in source["citation"] and today in source["citation"]
    assert len(source["sha256"]) == 64
    # Once more: nothing is left to change, and nothing is written.
    before, calls = digest(library), len(server.calls)
    results, document = start(run, server, library, authcfg, tmp_path, DRY_RUN=False)
    assert (results["CHANGED"], results["APPLIED"]) == (0, False)
    assert digest(library) == before
    assert len(server.calls) == calls


def test_a_later_refresh_keeps_what_an_earlier_one_brought(run, server, library, authcfg, tmp_path):
    start(run, server, library, authcfg, tmp_path, DRY_RUN=False)
    server.add(102, "Beta beta", assessment("CR", 2025, pe=True))
    results, document = start(run, server, library, authcfg, tmp_path, DRY_RUN=False, MAX_AGE_DAYS=0)
    assert [c["scientific_name"] for c in document["changes"]] == ["Beta beta"]
    assert document["changes"][0]["message"] == "Beta beta: EN → CR(PE), published in 2025."
    assert category_of(library, "101").category == "EN"
    assert category_of(library, "102").category == "CR"
    assert category_of(library, "102").possibly_extinct


def test_a_second_run_asks_nothing(run, server, library, authcfg, tmp_path):
    _, first = start(run, server, library, authcfg, tmp_path)
    calls = len(server.calls)
    _, second = start(run, server, library, authcfg, tmp_path)
    assert len(server.calls) == calls == 6
    assert second == first


def test_only_threatened(run, server, library, authcfg, tmp_path):
    server.add(102, "Beta beta", assessment("LC", 2025))
    start(run, server, library, authcfg, tmp_path, DRY_RUN=False)
    calls = len(server.calls)
    results, _ = start(run, server, library, authcfg, tmp_path, ONLY_THREATENED=True, MAX_AGE_DAYS=0)
    assert results["CHECKED"] == 4
    assert "/taxa/sis/102" not in [c.path.partition("/v4")[2] for c in server.calls[calls:]]


@pytest.mark.parametrize(
    ("method", "settings"),
    [
        ("APIHeader", {"Authorization": TOKEN}),
        ("Basic", {"username": "anybody", "password": TOKEN}),
        ("EsriToken", {"token": f" {TOKEN} "}),
    ],
)
def test_the_token_comes_from_any_method_that_can_hold_it(run, server, library, authcfg, tmp_path, method, settings):
    results, _ = start(run, server, library, authcfg, tmp_path, AUTHCFG=authcfg(method, **settings))
    assert results["CHECKED"] == 5
    assert {c.headers["Authorization"] for c in server.calls} == {TOKEN}


def test_the_token_stands_nowhere(run, server, library, authcfg, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    results, _ = start(run, server, library, authcfg, tmp_path, DRY_RUN=False)
    server.faults["*"] = [status(401)]
    with pytest.raises(QgsProcessingException) as refused:
        start(run, server, library, authcfg, tmp_path, MAX_AGE_DAYS=0)
    settings = network.token_headers(authcfg(), server.url)
    said = [caplog.text, str(refused.value), repr(settings), *results["_feedback"].messages]
    assert not [text for text in said if TOKEN in text]
    assert TOKEN not in repr(network.NetworkSettings(f"http://user:{TOKEN}@proxy"))
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert TOKEN.encode() not in path.read_bytes(), path.name


def test_a_refused_token_stops_at_once(run, server, library, authcfg, tmp_path):
    before = digest(library)
    with pytest.raises(QgsProcessingException, match="refused the token.*401.*api.iucnredlist.org"):
        start(run, server, library, authcfg, tmp_path, AUTHCFG=authcfg("APIHeader", Authorization="wrong"))
    assert len(server.calls) == 1
    assert digest(library) == before


@pytest.mark.parametrize(
    ("method", "settings", "said"),
    [
        ("APIHeader", {"X-Key": TOKEN}, "holds no token"),
        ("APIHeader", {"Authorization": f"{TOKEN}\nand more"}, "characters that cannot be sent"),
        ("APIHeader", {"Authorization": "tokén"}, "characters that cannot be sent"),
        ("Basic", {"username": "somebody", "password": ""}, "empty"),
    ],
)
def test_a_token_that_cannot_be_used_is_said(run, server, library, authcfg, tmp_path, method, settings, said):
    with pytest.raises(QgsProcessingException, match=said) as raised:
        start(run, server, library, authcfg, tmp_path, AUTHCFG=authcfg(method, **settings))
    assert TOKEN not in str(raised.value)
    assert not server.calls


def test_no_authentication_and_bad_addresses(run, server, library, authcfg, tmp_path):
    with pytest.raises(QgsProcessingException, match="no authentication configuration “abc1234”"):
        start(run, server, library, authcfg, tmp_path, AUTHCFG="abc1234")
    for url in ("http://127.example.org/api/v4", "http://example.org/api/v4"):
        with pytest.raises(QgsProcessingException, match="is not encrypted"):
            start(run, server, library, authcfg, tmp_path, URL=url)
    with pytest.raises(QgsProcessingException, match="is no address") as raised:
        start(run, server, library, authcfg, tmp_path, URL=f"https://me:{TOKEN}@example.org")
    assert TOKEN not in str(raised.value)


def test_cancelling_the_algorithm(provider, server, library, authcfg, tmp_path, monkeypatch):
    from runs import Recorder

    # The shipped patience would end the wait as well, only later.
    patient = replace(QUICK, read_s=3600)
    monkeypatch.setattr(network.Connection, "get", partialmethod(network.Connection.get, whole_s=3600))
    monkeypatch.setattr(redlist_api.Pace, "default", classmethod(lambda _cls, *_given: patient))
    algorithm, feedback = provider.algorithm("refreshassessments").create(), Recorder()
    server.faults["/taxa/sis/102"] = [silent(server, feedback.cancel)]
    given = {"LIBRARY": str(library), "AUTHCFG": authcfg(), "URL": server.url, "INTERVAL": 0}
    algorithm.run({**given, "OUTPUT": str(tmp_path / "o.json")}, QgsProcessingContext(), feedback, {}, False)
    assert feedback.isCanceled() and server.paths()[-1] == "/taxa/sis/102"
    assert not (tmp_path / "o.json").exists()


# -- pace, retries and faults


def gaps(server):
    """Seconds between the calls."""
    times = [call.time for call in server.calls]
    return [b - a for a, b in zip(times, times[1:])]


def test_calls_keep_their_distance(server, clock, library):
    look(server, library, replace(QUICK, interval_s=0.5))
    assert gaps(server) == pytest.approx([0.5] * 4)


def test_the_shipped_pace_is_never_quicker_for_a_server_elsewhere(server):
    assert redlist_api.Pace.default("https://api.iucnredlist.org/api/v4", 0).interval_s == 0.5
    assert redlist_api.Pace.default("https://api.iucnredlist.org/api/v4", 2).interval_s == 2
    assert redlist_api.Pace.default(server.url).interval_s == 0.5
    assert redlist_api.Pace.default(server.url, 0).interval_s == 0


def test_a_busy_server_is_left_alone_as_long_as_it_asks(server, clock):
    server.faults["/taxa/sis/101"] = [status(429, Retry_After="3")]
    assert ask(server).listing.category == "EN"
    assert gaps(server) == pytest.approx([3])


def test_a_busy_server_may_name_a_date(server, clock):
    then = format_datetime(datetime.now(timezone.utc) + timedelta(hours=1), usegmt=True)
    server.faults["/taxa/sis/101"] = [status(429, Retry_After=then)]
    assert ask(server, pace=replace(QUICK, longest_wait_s=7200)).listing.category == "EN"
    # Of the hour, what has passed since it was named is gone.
    (wait,) = gaps(server)
    assert 3000 < wait <= 3600


def test_without_a_time_the_waits_double(server, clock):
    server.faults["/taxa/sis/101"] = [status(429)] * 3
    ask(server, pace=replace(QUICK, backoff_s=0.1))
    assert gaps(server) == pytest.approx([0.1, 0.2, 0.4])


def test_a_server_that_stays_busy_ends_the_refresh(server, clock):
    server.faults["/taxa/sis/101"] = [status(429)] * 9
    with pytest.raises(AzeError, match="redlist.busy"):
        ask(server)
    assert len(server.calls) == 4
    server.faults["/taxa/sis/102"] = [status(429, Retry_After="3600")]
    before = clock.now
    with pytest.raises(AzeError, match="redlist.busy") as raised:
        ask(server, "sis/102")
    assert raised.value.params["seconds"] == 3600
    assert clock.now == before and len(server.calls) == 5


@pytest.mark.parametrize(
    "fault",
    [
        status(500),
        status(503, Retry_After="0"),
        cut,
        body(b'{"taxon": {"sis_id": 101, "scien'),
        body(b"<html>login</html>"),
    ],
    ids=["500", "503", "cut", "truncated JSON", "a page"],
)
def test_what_may_pass_is_tried_again(server, fault):
    server.faults["/taxa/sis/101"] = [fault, fault]
    assert ask(server).listing.category == "EN"
    assert len(server.calls) == 3


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (status(500), "redlist.server_error"),
        (cut, "redlist.truncated"),
        (body(b"<html>login</html>"), "redlist.not_json"),
    ],
)
def test_what_does_not_pass_ends_in_its_reason(server, fault, code):
    server.faults["/taxa/sis/101"] = [fault] * 9
    with pytest.raises(refresh.Unanswered) as raised:
        ask(server)
    assert raised.value.code == code
    assert len(server.calls) == QUICK.attempts


def test_a_silent_server_times_out(server):
    server.faults["/taxa/sis/101"] = [silent(server)] * 2
    with pytest.raises(refresh.Unanswered, match="redlist.timeout"):
        ask(server, pace=replace(QUICK, read_s=0.2, attempts=2))
    assert len(server.calls) == 2


def test_a_server_that_was_silent_is_asked_again(server):
    server.faults["/taxa/sis/101"] = [silent(server)]
    # The second answer, too, may take longer than that here.
    assert ask(server, pace=replace(QUICK, read_s=0.3, attempts=200)).listing.category == "EN"
    assert len(server.calls) >= 2


def test_an_answer_without_end_is_given_up(server):
    server.faults["*"] = [dripping(server)]
    with network.Connection(network.NetworkSettings()) as connection, pytest.raises(network.Fault, match="timeout"):
        connection.get(f"{server.url}/x", network.Credentials(), Progress(), whole_s=0.3)
    # Nothing of the call stays behind.
    for thread in threading.enumerate():
        if thread.name == "aze-call":
            thread.join(60)
            assert not thread.is_alive()


def test_an_answer_that_is_too_large_is_given_up(server, monkeypatch):
    monkeypatch.setattr(network, "MOST_BYTES", 1000)
    server.faults["*"] = [body(b" " * 2000)]
    with network.Connection(network.NetworkSettings()) as connection, pytest.raises(network.Fault, match="truncated"):
        connection.get(f"{server.url}/x", network.Credentials(), Progress())


@pytest.mark.parametrize(
    "document",
    [
        b"[]",
        b"{}",
        b'"text"',
        b'{"taxon": null, "assessments": []}',
        b'{"taxon": {"sis_id": 101, "scientific_name": "Alba alba"}, "assessments": [{"latest": true, "scopes": "x"}]}',
    ],
)
def test_an_answer_of_another_form_is_no_answer(server, document):
    server.faults["/taxa/sis/101"] = [body(document)]
    with pytest.raises(refresh.Unanswered, match="redlist.unexpected"):
        ask(server)


def test_a_category_that_nobody_knows_is_no_answer(server):
    server.add(101, "Alba alba", assessment("XX", 2024))
    with pytest.raises(refresh.Unanswered, match="redlist.unexpected"):
        ask(server)


def test_only_the_latest_global_assessment_counts(server):
    server.add(
        101,
        "Alba alba",
        assessment("LC", 2025, scope="2"),
        assessment("CR", 2020, pe=True, criteria="D", date="2019-03-04", number=7),
        assessment("EN", 2012, latest=False),
    )
    listing = ask(server).listing
    assert (listing.category, listing.possibly_extinct, listing.year, listing.criteria) == ("CR", True, 2020, "D")
    assert (listing.date, listing.assessment_id) == ("2019-03-04", "7")
    server.add(101, "Alba alba", assessment("LC", 2025, scope="4"))
    assert ask(server) == refresh.Reply(None, "not_global")


def test_not_on_the_list_is_an_answer(server):
    assert ask(server, "sis/999") == refresh.Reply(None, "not_listed")
    assert len(server.calls) == 1


def test_a_taxon_that_fails_does_not_stop_the_others(server, library):
    server.faults["/taxa/sis/102"] = [status(500)] * 9
    found = look(server, library)
    assert [(t.scientific_name, code) for t, code, _ in found.failed] == [("Beta beta", "redlist.server_error")]
    assert [c.taxon.scientific_name for c in found.changes] == ["Alba alba", "Gamma gamma"]
    # A failure is not kept as an answer.
    server.faults.clear()
    assert not look(server, library).failed
    assert server.paths()[-1] == "/taxa/sis/102"


def test_a_server_that_is_down_ends_the_refresh(server, library):
    server.faults["*"] = [None] + [status(502)] * 99
    with pytest.raises(AzeError, match="refresh.gave_up") as raised:
        look(server, library)
    assert raised.value.params["done"] == 1
    assert len(server.calls) == 1 + 3 * QUICK.attempts
    from aze_plugin.services.wording import text

    assert "fault (answer 502)" in text(raised.value.code, raised.value.params)


def test_nobody_at_the_address(library):
    with RedListServer() as gone:
        pass
    with pytest.raises(AzeError, match="refresh.gave_up") as raised:
        look(gone, library)
    assert raised.value.params["problem"][0] == "redlist.connection"


def test_the_token_does_not_follow_to_another_server(server):
    with RedListServer() as other:
        other.add(101, "Alba alba", assessment("LC", 2025))
        server.faults["/taxa/sis/101"] = [status(302, Location=f"{other.url}/taxa/sis/101")]
        with pytest.raises(AzeError, match="network.redirected"):
            ask(server)
        assert not other.calls
    assert len(server.calls) == 1


def test_a_redirect_on_the_same_server_is_followed_but_not_for_ever(server):
    server.faults["/taxa/sis/9"] = [status(301, Location="/api/v4/taxa/sis/101")]
    assert ask(server, "sis/9").listing.category == "EN"
    server.faults["*"] = [status(301, Location=f"/api/v4/{n}") for n in range(9)]
    with pytest.raises(AzeError, match="network.redirected"):
        ask(server)


@pytest.mark.parametrize("kind", [silent, dripping])
def test_cancelling_ends_a_call_that_is_under_way(server, kind):
    stop = threading.Event()
    server.faults["/taxa/sis/101"] = [kind(server, stop.set)]
    # Nothing else ends it: the server goes on, and a fault of the call would come out as one.
    with pytest.raises(Cancelled):
        ask(server, pace=replace(QUICK, read_s=600, attempts=1), progress=Progress(is_cancelled=stop.is_set))
    assert len(server.calls) == 1


@pytest.mark.parametrize("place", ["busy", "between"])
def test_cancelling_ends_a_rest_within_a_second(server, clock, place):
    server.faults["/taxa/sis/101"] = [status(429, Retry_After="300")] if place == "busy" else []
    pace = replace(QUICK, interval_s=300, longest_wait_s=600)
    began = clock.now
    progress = Progress(is_cancelled=lambda: clock.now > began + 0.4)
    with network.Connection(network.NetworkSettings()) as connection:
        credentials = network.Credentials({"Authorization": TOKEN})
        api = redlist_api.RedListApi(server.url, credentials, connection, pace, progress)
        if place == "between":
            api.ask("sis/102")
        with pytest.raises(Cancelled):
            api.ask("sis/101")
    assert 0.4 < clock.now - began < 1 and len(server.calls) == 1


# -- the cache


def test_a_refresh_goes_on_where_it_ended(server, library):
    stop = threading.Event()
    server.faults["/taxa/sis/103"] = [lambda handler: (stop.set(), status(500)(handler))]
    with pytest.raises(Cancelled):
        look(server, library, progress=Progress(is_cancelled=stop.is_set))
    answered = set(server.paths()) - {"/taxa/sis/103"}
    assert answered == {"/taxa/sis/101", "/taxa/sis/102", "/taxa/sis/104"}
    server.calls.clear()
    found = look(server, library)
    assert server.paths()[0] == "/taxa/sis/103"
    assert len(server.calls) == 2
    assert found.checked == 5


def test_a_line_that_was_cut_off_is_passed_over(server, library):
    look(server, library)
    path = Path(f"{library}.redlist.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]) + lines[-1][:20])
    server.calls.clear()
    assert look(server, library).checked == 5
    assert len(server.calls) == 1
    server.calls.clear()
    look(server, library)
    assert not server.calls
    assert all(json.loads(line) for line in path.read_bytes().splitlines() if line != lines[-1][:20])


def test_answers_age(server, library):
    look(server, library)
    path = Path(f"{library}.redlist.jsonl")
    entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    old = (datetime.now(timezone.utc) - timedelta(days=20)).isoformat()
    for entry in entries[:2]:
        entry["asked"] = old
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")
    server.calls.clear()
    look(server, library, days=30)
    assert not server.calls
    look(server, library, days=10)
    assert len(server.calls) == 2


def test_answers_of_another_server_do_not_count(server, library):
    look(server, library)
    with RedListServer() as other:
        assert len(look(other, library).not_found) == 5
        assert len(other.calls) == 5


def test_the_cache_does_not_grow_without_end(server, library):
    for _ in range(8):
        look(server, library, days=0)
    assert len(Path(f"{library}.redlist.jsonl").read_text(encoding="utf-8").splitlines()) <= 30


def test_a_folder_that_cannot_be_written_to(server, library):
    Path(f"{library}.redlist.jsonl").mkdir()
    assert look(server, library).checked == 5


# -- what counts as a change


def test_a_number_that_is_another_taxon_on_the_list_changes_nothing(server, library):
    server.add(101, "Quercus robur", assessment("EX", 2024))
    server.add(102, "Betula beta", assessment("CR", 2024))
    found = look(server, library)
    assert [(t.taxon_id, code, p["listed"]) for t, code, p in found.failed] == [
        ("101", "refresh.other_taxon", "Quercus robur")
    ]
    # The same epithet in another genus is the same species, moved.
    assert {c.taxon.taxon_id: c.listed_as for c in found.changes} == {"102": "Betula beta", "103": ""}


def test_a_library_ahead_of_the_list_stays(server, library):
    server.add(104, "Delta delta", assessment("LC", 2016))
    found = look(server, library)
    assert [t.scientific_name for t in found.older] == ["Delta delta"]
    assert "Delta delta" not in [c.taxon.scientific_name for c in found.changes]


def test_a_new_verdict_within_the_year_counts(server, library):
    answer = assessment("CR", 2015)
    answer["assessment_date"] = None
    server.add(102, "Beta beta", answer)
    found = look(server, library)
    assert refresh.apply(str(library), found, "API", "1", "", server.url, Progress())
    assert category_of(library, "102").category == "CR"


def test_names_lead_to_the_taxon_and_its_id_stays(server, library):
    server.add(555, "Zeta zeta", assessment("CR", 2024))
    found = look(server, library)
    assert refresh.apply(str(library), found, "API", "1", "", server.url, Progress())
    zeta = category_of(library, "Zeta zeta")
    assert (zeta.category, zeta.category_source, zeta.year) == ("CR", "assessment", 2024)


def test_criteria_that_were_not_told_are_not_invented(server, library):
    for number, answer in ((101, assessment("EN", 2024)), (102, assessment("EN", 2015, pe=True))):
        del answer["criteria"]
        server.add(number, {101: "Alba alba", 102: "Beta beta"}[number], answer)
    found = look(server, library)
    refresh.apply(str(library), found, "API", "1", "", server.url, Progress())
    assert category_of(library, "101").criteria == ""
    assert category_of(library, "102").criteria == "B1"


def test_an_interrupted_apply_leaves_the_library_whole(server, library):
    found = look(server, library)
    before = category_of(library)

    progress = Progress(is_cancelled=lambda: True)
    with pytest.raises(Cancelled):
        refresh.apply(str(library), found, "API", "1", "", server.url, progress)
    assert category_of(library) == before


# -- QGIS's own network settings


@pytest.fixture
def proxy_settings():
    settings = QgsSettings()
    keys = ("proxyEnabled", "proxyType", "proxyHost", "proxyPort", "proxyUser", "proxyPassword", "noProxyUrls")
    before = {key: settings.value(f"proxy/{key}") for key in keys}

    def use(**values):
        for key, value in values.items():
            settings.setValue(f"proxy/{key}", value)

    yield use
    for key, value in before.items():
        settings.remove(f"proxy/{key}") if value is None else settings.setValue(f"proxy/{key}", value)


def test_the_proxy_of_qgis_is_used(server, proxy_settings):
    with RedListServer() as proxy:
        proxy.faults["*"] = [body({"red_list_version": "by proxy"})] * 2
        proxy_settings(proxyEnabled=True, proxyType="HttpProxy", proxyHost="127.0.0.1", proxyPort=str(proxy.port))
        with network.Connection(network.network_settings()) as connection:
            answer = connection.get("http://nowhere.invalid/x", network.Credentials(), Progress())
        assert json.loads(answer.body) == {"red_list_version": "by proxy"}
        assert proxy.calls[0].path == "http://nowhere.invalid/x"
        proxy_settings(noProxyUrls=["http://127.0.0.1"])
        with network.Connection(network.network_settings()) as connection:
            assert connection.get(f"{server.url}/x", network.Credentials(), Progress()).status == 401
        assert len(proxy.calls) == 1
    with network.Connection(network.network_settings()) as connection, pytest.raises(AzeError, match="network.proxy"):
        connection.get("http://nowhere.invalid/x", network.Credentials(), Progress())


@pytest.fixture
def certificates(tmp_path):
    """Files of an authority's certificate, and of a certificate for 127.0.0.1 that it signed with its key."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")

    def make(*arguments):
        subprocess.run(["openssl", *arguments], cwd=tmp_path, check=True, capture_output=True)

    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    own = ("-subj", "/CN=Office firewall", "-addext", "keyUsage=critical,keyCertSign")
    make("req", "-x509", *curve, "-days", "2", *own, "-keyout", "ca.key", "-out", "ca.pem")
    make("req", *curve, "-subj", "/CN=127.0.0.1", "-keyout", "server.key", "-out", "server.csr")
    (tmp_path / "names").write_text("subjectAltName=IP:127.0.0.1\n", encoding="utf-8")
    signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names")
    make("x509", "-req", "-in", "server.csr", *signed, "-out", "server.pem")
    return tmp_path / "ca.pem", (str(tmp_path / "server.pem"), str(tmp_path / "server.key"))


def test_what_qgis_trusts_is_trusted_and_nothing_else(certificates, authcfg):
    from qgis.PyQt.QtNetwork import QSslCertificate

    authority, served = certificates
    authcfg()
    manager = QgsApplication.authManager()
    certificate = QSslCertificate(authority.read_bytes())
    with RedListServer(served) as secured:
        secured.add(101, "Alba alba", assessment("EN", 2024))

        def category():
            with network.Connection(network.network_settings()) as connection:
                credentials = network.Credentials({"Authorization": TOKEN})
                api = redlist_api.RedListApi(secured.url, credentials, connection, QUICK, Progress())
                return api.ask("sis/101").listing.category

        with pytest.raises(AzeError, match="network.tls"):
            category()
        assert not secured.calls
        assert manager.storeCertAuthority(certificate)
        manager.rebuildCaCertsCache()
        manager.rebuildTrustedCaCertsCache()
        try:
            assert category() == "EN"
            # The certificate is for the number, not for this name.
            elsewhere = secured.url.replace("127.0.0.1", "localhost")
            settings = network.network_settings()
            with network.Connection(settings) as connection, pytest.raises(AzeError, match="network.tls"):
                connection.get(elsewhere, network.Credentials(), Progress())
        finally:
            manager.removeCertAuthority(certificate)
            manager.rebuildCaCertsCache()
            manager.rebuildTrustedCaCertsCache()


def test_every_code_has_its_sentence():
    import re

    from aze_plugin.services.wording import _templates

    package = Path(network.__file__).resolve().parents[1]
    files = ("services/network.py", "services/redlist_api.py", "library/refresh.py", "library/authority.py")
    files = [package / name for name in (*files, "processing/refreshassessments.py")]
    pattern = r'"((?:network|redlist|refresh|library)\.[a-z_]+)"'
    used = {code for f in files for code in re.findall(pattern, f.read_text(encoding="utf-8"))}
    used |= {f"redlist.{kind}" for kind in ("timeout", "connection", "truncated")}
    used |= {f"refresh.{reason}" for reason in ("not_listed", "not_global")}
    assert not sorted(used - set(_templates()))
