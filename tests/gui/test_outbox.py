"""The outbox against servers that run on this computer: it goes on, waits, says why not, and doubles nothing."""

import base64
import hashlib
import json
import shutil
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from pages_support import *  # noqa: F403
from pages_support import settle, wait_for
from qgis.core import QgsApplication, QgsProject, QgsSettings
from qgis.PyQt.QtWidgets import QListWidgetItem, QMessageBox
from window import *  # noqa: F403

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "packaging"), str(HERE.parent / "packaging" / "servers")]

import processes  # noqa: E402
from auth_configurations import configurations  # noqa: E402
from cutter import Cutter  # noqa: E402
from form import FormServer, refuse, whole_then  # noqa: E402
from package_helpers import candidate_layer, execute, packaged  # noqa: E402
from processes import PASSWORD, USER  # noqa: E402

from aze_plugin.domain.errors import AzeError  # noqa: E402
from aze_plugin.domain.progress import Progress  # noqa: E402
from aze_plugin.gui import endpoints, outbox_dialog, sending  # noqa: E402
from aze_plugin.gui import outbox as module  # noqa: E402
from aze_plugin.gui.endpoint_dialog import EndpointDialog  # noqa: E402
from aze_plugin.gui.options_page import OptionsPage  # noqa: E402
from aze_plugin.gui.send_dialog import SendButtons, SendDialog, SentLine  # noqa: E402
from aze_plugin.gui.session import Session  # noqa: E402
from aze_plugin.packaging.transfer_calls import Pace  # noqa: E402
from aze_plugin.packaging.transfer_look import contents  # noqa: E402
from aze_plugin.services import project_state  # noqa: E402
from aze_plugin.services.outbox import Endpoint  # noqa: E402

LOGIN = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
WRONG = "not-this-0ne"
QUICK = Pace(
    attempts=2,
    attempts_when_busy=2,
    backoff_s=0.02,
    longest_backoff_s=0.1,
    longest_wait_s=5,
    silence_s=600,
    finish_silence_s=600,
    form_settle_s=0.05,
)


# ------------------------------------------------------------------------------------------------------ what it takes


@pytest.fixture(scope="module")
def exported(library, tmp_path_factory):
    """A final package of the sample with 3 MB of evidence, so that it can be cut half-way."""
    folder = tmp_path_factory.mktemp("exported")
    notes = folder / "Counts.txt"
    notes.write_text(hashlib.shake_256(b"aze").hexdigest(3_000_000), encoding="ascii")
    return packaged(library, folder, notes, "Cloudtop_Ridge.zip")


@pytest.fixture
def package(exported, tmp_path):
    return Path(shutil.copy(exported, tmp_path / exported.name))


@pytest.fixture(scope="module")
def authcfg(qgis_app):
    with configurations() as make:
        yield lambda password=PASSWORD: make("Basic", username=USER, password=password)


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("servers")
    made = []
    try:
        for start, name in ((processes.nginx, "nginx"), (processes.wsgidav, "dav"), (processes.tus, "tus")):
            server = start(folder / f"{name}-run", folder / name)
            server.store = folder / name
            made.append(server)
        yield dict(zip(("nginx", "wsgidav", "tus"), made))
    except processes.Missing as missing:
        pytest.skip(str(missing))
    finally:
        for server in made:
            server.stop()


@pytest.fixture
def home(monkeypatch, tmp_path):
    """A profile with an outbox of its own, and the patience of tests."""
    from aze_plugin.gui import candidates

    QgsSettings().remove("aze_toolkit")
    monkeypatch.setattr(module, "_folder", lambda: tmp_path / "profile" / "outbox")
    monkeypatch.setattr(candidates, "_drafts_folder", lambda: tmp_path / "drafts")
    monkeypatch.setattr(Pace, "default", classmethod(lambda _cls: QUICK))
    (tmp_path / "drafts").mkdir()
    yield tmp_path / "profile" / "outbox"
    QgsSettings().remove("aze_toolkit")


@pytest.fixture
def start(home, provider):
    """Starts sessions, as QGIS does at each start; the one before is closed."""
    QgsProject.instance().clear()
    made = []

    def begin(iface=None):
        for session in made:
            session.close()
        made[:] = [Session(iface)]
        return made[0]

    yield begin
    for session in made:
        session.close()
    settle()
    QgsProject.instance().clear()


@pytest.fixture
def brisk(monkeypatch):
    """Waits of a fraction of a second between attempts, and few of them."""
    from aze_plugin import paths

    published = paths.load_json

    def load(*parts):
        rules = published(*parts)
        return (
            {**rules, "first_wait_s": 0.3, "longest_wait_s": 0.3, "most_rounds": 2} if "most_rounds" in rules else rules
        )

    monkeypatch.setattr(paths, "load_json", load)


def endpoint(method, url, authcfg="", fields="", name="Focal point"):
    made = Endpoint(endpoints.new_id(), name, method, url, authcfg, fields)
    endpoints.save([*endpoints.load(), made])
    return made


def put(session, package, goal, candidate=""):
    return session.outbox.add(contents(str(package), Progress()), goal, candidate)


def at_rest(session, *states):
    wait_for(lambda: all(e.state in states for e in session.outbox.entries) and not session.outbox._ending)


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def in_folder(folder):
    """Digests of all files but those that servers note something in."""
    return [digest(p) for p in folder.rglob("*") if p.is_file() and p.suffix != ".json"]


def way(name, servers, line=None):
    """Method, address (over a line that can be cut) and folder for one of the servers."""
    if name == "nginx":
        folder = servers["nginx"].store / "closed" / f"f{time.monotonic_ns()}"
        folder.mkdir(parents=True)
        return "webdav", f"closed/{folder.name}", folder
    if name == "wsgidav":
        folder = servers["wsgidav"].store / "files" / USER / f"f{time.monotonic_ns()}"
        folder.mkdir(parents=True)
        return "webdav", f"remote.php/dav/files/{USER}/{folder.name}", folder
    return "tus", "files", servers["tus"].store


# ----------------------------------------------------------------------------------------------------------- it sends


@pytest.mark.parametrize("name", ["nginx", "wsgidav", "tus"])
def test_a_package_is_sent_once_and_its_receipt_kept(name, servers, package, authcfg, start, tmp_path):
    session = start()
    method, path, folder = way(name, servers)
    before = in_folder(folder)
    goal = endpoint(method, f"http://127.0.0.1:{servers[name].port}/{path}", authcfg())
    seen = []
    session.outbox.changed.connect(lambda: seen.extend(e.state for e in session.outbox.entries))
    entry = put(session, package, goal, "Cloudtop Ridge")
    at_rest(session, "sent")
    assert list(dict.fromkeys(seen)) == ["queued", "checking", "sending", "sent"]
    assert sorted(in_folder(folder)) == sorted([*before, digest(package)])
    # Beside the package and with the nomination.
    beside = json.loads(Path(f"{package}.receipt.json").read_text(encoding="utf-8"))
    assert (beside["state"], beside["package"]["sha256"]) == ("confirmed", digest(package))
    (record,) = project_state.load(QgsProject.instance()).receipts["Cloudtop Ridge"]
    assert (record["sha256"], record["receiver"], record["url"]) == (digest(package), "Focal point", goal.url)
    assert record["time"] == beside["times"]["confirmed"]
    line = sending.sent_line(record)
    assert line.startswith("Sent on ") and "to Focal point; the server" in line
    assert sending.state_line(entry, session.outbox) == line
    # Neither again nor under another name, nor from another start of QGIS.
    other = Path(shutil.copy(package, tmp_path / "Renamed.zip"))
    for again in (session, start()):
        with pytest.raises(AzeError) as raised:
            put(again, other, goal)
        assert raised.value.code == "outbox.already_sent"
    assert sorted(in_folder(folder)) == sorted([*before, digest(package)])


def test_a_receipt_beside_the_package_tells_another_computer(servers, package, authcfg, start, home):
    session = start()
    _, path, folder = way("nginx", servers)
    goal = endpoint("webdav", f"{servers['nginx'].url}/{path}", authcfg())
    put(session, package, goal)
    at_rest(session, "sent")
    shutil.rmtree(home)
    with pytest.raises(AzeError) as raised:
        put(start(), package, goal)
    assert raised.value.code == "outbox.already_sent" and in_folder(folder) == [digest(package)]


def test_the_same_package_waits_in_the_outbox_once(package, start):
    session = start()
    goal = endpoint("form", f"http://127.0.0.1:{processes.free_port()}/submit")
    put(session, package, goal)
    with pytest.raises(AzeError) as raised:
        put(session, package, goal)
    assert raised.value.code == "outbox.already_there" and len(session.outbox.entries) == 1
    # To somebody else it is another matter.
    put(session, package, endpoint("form", f"http://127.0.0.1:{processes.free_port()}/other"))
    assert len(session.outbox.entries) == 2


# ------------------------------------------------------------------------------------------- it stops, and it goes on


@pytest.mark.parametrize("name", ["nginx", "wsgidav", "tus"])
def test_a_pause_and_a_new_start_of_qgis_double_nothing(name, servers, package, authcfg, start, brisk):
    session = start()
    method, path, folder = way(name, servers)
    before = in_folder(folder)
    with Cutter(servers[name].port) as line:
        line.hold = 1_500_000
        put(session, package, endpoint(method, f"http://127.0.0.1:{line.port}/{path}", authcfg()))
        wait_for(line.held.is_set)
        (entry,) = session.outbox.entries
        wait_for(lambda: entry.state == "sending")
        session.outbox.pause(entry.id)
        wait_for(lambda: not session.outbox._ending)
        # Ended by nothing else: the line still holds what it held.
        assert entry.state == "paused" and line.hold is not None
        line.release()
        assert in_folder(folder).count(digest(package)) == before.count(digest(package))
        line.hold = 1_000_000
        session.outbox.resume(entry.id)
        wait_for(line.held.is_set)
        # QGIS is closed in the middle of it, and started again.
        session = start()
        line.hold = None
        (entry,) = session.outbox.entries
        assert entry.state == "paused" and session.outbox.interrupted == [entry]
        assert "QGIS was closed" in sending.state_line(entry, session.outbox)
        session.outbox.resume_interrupted()
        at_rest(session, "sent")
    assert sorted(in_folder(folder)) == sorted([*before, digest(package)])


def test_what_was_interrupted_is_offered_at_the_start(window, servers, package, authcfg, start):
    session = start(window)
    _, path, folder = way("nginx", servers)
    with Cutter(servers["nginx"].port) as line:
        line.hold = 1_000_000
        put(session, package, endpoint("webdav", f"http://127.0.0.1:{line.port}/{path}", authcfg()))
        wait_for(line.held.is_set)
        session = start(window)
        settle()
        line.hold = None
        item = window.bar.currentItem()
        assert "One package was not sent to its end" in item.text()
        buttons = {b.text(): b for b in item.findChildren(type(SendButtons(session).send))}
        assert list(buttons) == ["Go on", "Show the outbox"]
        # Nothing is sent before somebody says so.
        assert session.outbox.current is None
        buttons["Go on"].click()
        at_rest(session, "sent")
    assert in_folder(folder) == [digest(package)]


@pytest.mark.parametrize("name", ["nginx", "tus"])
def test_a_line_that_is_down_is_waited_for(name, servers, package, authcfg, start, brisk):
    session = start()
    method, path, folder = way(name, servers)
    before = in_folder(folder)
    with Cutter(servers[name].port) as line:
        upstream, line.upstream = line.upstream, processes.free_port()
        put(session, package, endpoint(method, f"http://127.0.0.1:{line.port}/{path}", authcfg()))
        (entry,) = session.outbox.entries
        wait_for(lambda: entry.state == "waiting")
        said = sending.state_line(entry, session.outbox)
        assert said.startswith("Waiting, next attempt at ") and "connection" in said
        line.cuts = [1_000_000]
        line.upstream = upstream
        at_rest(session, "sent")
        assert line.cuts == []
    assert sorted(in_folder(folder)) == sorted([*before, digest(package)])


def test_one_at_a_time_and_a_failed_one_holds_nobody_up(servers, package, authcfg, start, tmp_path):
    session = start()
    _, path, folder = way("nginx", servers)
    wrong = endpoint("webdav", f"{servers['nginx'].url}/closed/nowhere", authcfg())
    right = endpoint("webdav", f"{servers['nginx'].url}/{path}", authcfg())
    active = []
    session.outbox.changed.connect(
        lambda: active.append(sum(e.state in ("checking", "sending") for e in session.outbox.entries))
    )
    first, second = put(session, package, wrong), put(session, package, right)
    at_rest(session, "sent", "failed")
    assert (first.state, second.state) == ("failed", "sent") and max(active) == 1
    assert "no folder" in sending.state_line(first, session.outbox)


# --------------------------------------------------------------------------------------------------- it says why not


def test_a_wrong_password_is_said_and_the_right_one_goes_on(servers, package, authcfg, start):
    session = start()
    _, path, folder = way("nginx", servers)
    goal = endpoint("webdav", f"{servers['nginx'].url}/{path}", authcfg(WRONG))
    entry = put(session, package, goal)
    at_rest(session, "failed")
    assert entry.problem["code"] == "transfer.password" and in_folder(folder) == []
    assert "did not accept the user name or the password" in sending.state_line(entry, session.outbox)
    # Mended in the options, where the address stays.
    endpoints.save([replace(goal, authcfg=authcfg())])
    session.outbox.resume(entry.id)
    at_rest(session, "sent")
    assert in_folder(folder) == [digest(package)]


@pytest.mark.parametrize("method", ["webdav", "form"])
def test_a_wrong_certificate_sends_nothing(method, package, start, tmp_path, authcfg):
    files = processes.certificate(tmp_path / "certificate")
    session = start()
    if method == "form":
        with FormServer(context=processes.server_context(files)) as server:
            entry = put(session, package, endpoint("form", server.url, authcfg()))
            at_rest(session, "failed")
            assert server.headers == []
    else:
        try:
            server = processes.nginx(tmp_path / "run", tmp_path / "store", files)
        except processes.Missing as missing:
            pytest.skip(str(missing))
        entry = put(session, package, endpoint("webdav", f"{server.url}/closed", authcfg()))
        at_rest(session, "failed")
        server.stop()
        assert in_folder(tmp_path / "store" / "closed") == []
    assert entry.problem["code"] == "network.tls"
    assert "certificate" in sending.state_line(entry, session.outbox)


def test_what_nobody_can_tell_is_sent_anew_only_when_it_was_asked_for(package, start, monkeypatch):
    session = start()
    with FormServer() as server:
        server.faults = [whole_then(None, True, server)]
        entry = put(session, package, endpoint("form", server.url))
        at_rest(session, "failed")
        assert entry.problem["code"] == "transfer.unknown" and len(server.received) == 1
        session.outbox.resume(entry.id)
        at_rest(session, "failed")
        assert len(server.received) == 1
        dialog = outbox_dialog.show(session)
        row = dialog.rows[entry.id]
        assert row.again.isVisible()
        answers = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]
        monkeypatch.setattr(QMessageBox, "question", lambda *_args: answers.pop(0))
        row.again.click()
        assert entry.state == "failed"
        row.again.click()
        at_rest(session, "sent")
        assert len(server.received) == 2


def test_a_busy_server_is_given_up_after_some_rounds(package, start, brisk):
    session = start()
    with FormServer() as server:
        server.faults = [refuse(503, 1000)] * 99
        entry = put(session, package, endpoint("form", server.url))
        wait_for(lambda: entry.state == "waiting")
        at_rest(session, "failed")
        assert entry.rounds == 3 and "too busy" in entry.problem["message"] and server.received == []
        server.faults = []
        session.outbox.resume(entry.id)
        at_rest(session, "sent")
        assert len(server.received) == 1


def test_a_package_that_was_changed_meanwhile_is_not_sent(package, exported, start):
    """Neither one that was damaged nor one that was exported anew, whose receipt would be another's."""
    session = start()
    with FormServer() as server:
        goal = endpoint("form", server.url)
        session.outbox._closed = True  # nothing is sent yet
        entry = put(session, package, goal)
        session.outbox._closed = False
        with zipfile.ZipFile(exported) as source, zipfile.ZipFile(package, "w", zipfile.ZIP_STORED) as target:
            for name in source.namelist():
                target.writestr(name, source.read(name))
        session.outbox._next()
        at_rest(session, "failed")
        assert "was changed or exported anew" in sending.state_line(entry, session.outbox) and server.headers == []
        # Also one that looks the same from outside.
        session.outbox.entries[0].size = package.stat().st_size
        session.outbox.entries[0].modified = package.stat().st_mtime_ns
        session.outbox.resume(entry.id)
        at_rest(session, "failed")
        assert "that of another package" in entry.problem["message"] and server.headers == []
        # The new one goes its own way.
        session.outbox.remove(entry.id)
        put(session, package, goal)
        at_rest(session, "sent")
        assert [found["sha256"] for found in server.received] == [digest(package)]
    with FormServer() as server:
        gone = put(session, package, endpoint("form", server.url))
        package.unlink()
        wait_for(lambda: gone.state == "failed")
        assert server.headers == [] and package.name in gone.problem["message"]


def test_nothing_of_it_holds_a_secret(servers, package, authcfg, start, home, tmp_path, caplog):
    caplog.set_level(0)
    logged = []
    QgsApplication.messageLog().messageReceived.connect(lambda *said: logged.append(str(said)))
    session = start()
    _, path, _ = way("nginx", servers)
    goal = endpoint("webdav", f"{servers['nginx'].url}/{path}", authcfg(WRONG))
    entry = put(session, package, goal, "Cloudtop Ridge")
    at_rest(session, "failed")
    in_between = "".join(p.read_text(encoding="utf-8") for p in home.rglob("*.json"))
    assert "transfer.password" in in_between
    endpoints.save([replace(goal, authcfg=authcfg())])
    session.outbox.resume(entry.id)
    at_rest(session, "sent")
    project = tmp_path / "project.qgs"
    assert QgsProject.instance().write(str(project))
    settle()
    settings = QgsSettings()
    kept = "".join(str(settings.value(key)) for key in settings.allKeys() if key.startswith("aze_toolkit"))
    assert "Focal point" in kept and "Focal point" in project.read_text(encoding="utf-8")
    written = [p for p in (*home.rglob("*.json"), *tmp_path.glob("*.json"), project) if p.is_file()]
    assert len(written) == 4
    for found in (kept, in_between, caplog.text, "".join(logged), *(p.read_text(encoding="utf-8") for p in written)):
        for secret in (PASSWORD, WRONG, LOGIN.split()[1], "Basic "):
            assert secret not in found


# ------------------------------------------------------------------------------------------------------ what is shown


def test_the_send_dialog_asks_for_what_it_needs(package, start):
    session = start()
    dialog = SendDialog(session)
    dialog.show()
    assert not dialog.send.isEnabled() and "Export a package first" in dialog.said.plain()
    with FormServer() as server:
        endpoint("form", server.url, name="Reviewers")
        dialog._fill("")
        dialog.package.setFilePath(str(package))
        wait_for(lambda: dialog.contents is not None)
        facts = dialog.facts.plain()
        assert "Site: Cloudtop Ridge" in facts and "Status: final" in facts and "MB, with 1 file" in facts
        assert dialog.draft.isHidden() and not dialog.send.isEnabled()
        dialog.consent.setChecked(True)
        assert dialog.send.isEnabled()
        dialog.put()
        assert not dialog.isVisible() and session.outbox.dialog.isVisible()
        at_rest(session, "sent")
        assert len(server.received) == 1
        again = SendDialog(session)
        again.package.setFilePath(str(package))
        wait_for(lambda: again.contents is not None)
        again.consent.setChecked(True)
        assert not again.send.isEnabled() and "It is not sent again" in again.said.plain()
    for each in (dialog, again):
        each.deleteLater()


def test_a_draft_is_sent_only_when_ticked_and_damage_never(package, start, library, tmp_path):
    from aze_plugin.packaging.details import schema
    from aze_plugin.processing.packagenomination import PackageNomination

    details = json.loads(json.dumps(schema()["examples"][0]))
    del details["consultation"]
    (tmp_path / "details.json").write_text(json.dumps(details), encoding="utf-8")
    execute(
        PackageNomination,
        BOUNDARY=candidate_layer(),
        LIBRARY=library,
        DETAILS=str(tmp_path / "details.json"),
        ALLOW_INCOMPLETE=True,
        OUTPUT=str(tmp_path / "Draft.zip"),
    )
    session = start()
    with FormServer() as server:
        endpoint("form", server.url)
        dialog = SendDialog(session)
        dialog.show()
        dialog.package.setFilePath(str(tmp_path / "Draft.zip"))
        wait_for(lambda: dialog.contents is not None)
        dialog.consent.setChecked(True)
        assert dialog.draft.isVisible() and not dialog.send.isEnabled()
        dialog.draft.setChecked(True)
        assert dialog.send.isEnabled()
        dialog.put()
        at_rest(session, "sent")
        (entry,) = session.outbox.entries
        assert sending.state_line(entry, session.outbox).startswith("As a draft. ")
        (tmp_path / "broken.zip").write_bytes(b"no zip")
        dialog = SendDialog(session)
        dialog.package.setFilePath(str(tmp_path / "broken.zip"))
        wait_for(lambda: dialog.contents is not None)
        dialog.consent.setChecked(True)
        assert not dialog.send.isEnabled() and "no valid package" in dialog.said.plain()
        dialog.deleteLater()
        assert len(server.received) == 1


def test_the_outbox_lists_and_can_be_tidied(package, start):
    session = start()
    buttons, line = SendButtons(session), SentLine(session)
    assert buttons.outbox.isHidden() and line.isHidden()
    with FormServer() as server:
        put(session, package, endpoint("form", server.url))
        failing = put(session, package, endpoint("form", f"{server.url}/closed"))
        server.faults = [None, *[refuse(404, 10)] * 9]
        dialog = outbox_dialog.show(session)
        at_rest(session, "sent", "failed")
        assert dialog.summary.plain() == "1 not sent, 1 arrived"
        assert list(dialog.rows)[0] == failing.id and dialog.rows[failing.id].resume.text() == "Try again"
        assert buttons.outbox.text() == "Outbox (1)"
        dialog.tidy.click()
        assert list(dialog.rows) == [failing.id]
        dialog.rows[failing.id].remove.click()
        assert dialog.rows == {} and dialog.stack.currentIndex() == 0
        assert buttons.outbox.isHidden()


def test_endpoints_are_kept_and_tried(servers, authcfg, start, tmp_path):
    start()
    page = OptionsPage(lambda: None)
    dialog = EndpointDialog(None)
    dialog.show()
    dialog.name.setText("Focal point")
    dialog.url.setText(f"{servers['nginx'].url}/closed")

    def tried():
        dialog.try_out()
        wait_for(lambda: not dialog._trying.is_running)
        return dialog.problem.plain()

    assert tried().startswith("▲") and "wants a user name" in tried()
    dialog.auth.setConfigId(authcfg(WRONG))
    assert "did not accept" in tried()
    dialog.auth.setConfigId(authcfg())
    assert tried().startswith("●") and "is there and lets you in" in tried()
    dialog.url.setText(f"{servers['nginx'].url}/closed/nowhere")
    assert "no folder" in tried()
    dialog.url.setText(f"http://127.0.0.1:{processes.free_port()}/")
    assert "connection" in tried()
    dialog.url.setText("http://reviewers.example.org/inbox")
    assert "not encrypted" in tried()
    dialog.finish()
    assert dialog.endpoint is None and dialog.isVisible()
    dialog.method.setCurrentIndex(dialog.method.findData("tus"))
    dialog.url.setText(f"{servers['tus'].url}/files")
    assert "by tus and lets you in" in tried()
    dialog.method.setCurrentIndex(dialog.method.findData("form"))
    with FormServer() as server:
        dialog.url.setText(server.url)
        assert "its certificate is good" in tried() or "answers" in tried()
        dialog.form.check.setText(server.check)
        assert "answers as it should" in tried()
        dialog.form.file.setText("upload")
        dialog.finish()
    made = dialog.endpoint
    assert json.loads(made.fields) == {
        "file": "upload",
        "fields": {"name": "{name}", "sha256": "{sha256}"},
        "check": server.check,
    }
    page.endpoints._show(QListWidgetItem(), made)
    assert endpoints.load() == []
    page.apply()
    assert endpoints.load() == [made] and OptionsPage(lambda: None).endpoints.endpoints() == [made]
