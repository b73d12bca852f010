"""Packages on their way, against servers that run on this computer: nothing lost, nothing doubled, plain words."""

import base64
import hashlib
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE / "servers"))

import processes  # noqa: E402
from cutter import Cutter  # noqa: E402
from form import FormServer, read_form, refuse, send, whole_then  # noqa: E402
from hand_clock import HandClock  # noqa: E402
from processes import PASSWORD, USER  # noqa: E402
from small_tus import SmallTus  # noqa: E402

from aze_plugin.domain.errors import AzeError, Cancelled  # noqa: E402
from aze_plugin.domain.progress import Progress  # noqa: E402
from aze_plugin.packaging import transfer, transfer_calls, transfer_webdav  # noqa: E402
from aze_plugin.packaging.transfer_calls import Pace, Piece  # noqa: E402
from aze_plugin.services import receipts  # noqa: E402
from aze_plugin.services.network import Connection, Credentials, NetworkSettings  # noqa: E402
from aze_plugin.services.wording import text  # noqa: E402

MB = 10**6
LARGE = 80 * MB
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
LOGIN = Credentials({"Authorization": BASIC})
WRONG = Credentials({"Authorization": "Basic " + base64.b64encode(f"{USER}:wrong-0ne".encode()).decode()})
NOBODY = Credentials()
# Rests little between calls, and waits for an answer as long as it takes.
QUICK = Pace(
    attempts=4,
    attempts_when_busy=6,
    backoff_s=0.02,
    longest_backoff_s=0.2,
    longest_wait_s=5,
    silence_s=60,
    finish_silence_s=120,
    form_settle_s=0.05,
)
# One attempt, which nothing but a cancel or an end of the connection ends.
ONCE = replace(QUICK, attempts=1, silence_s=600, finish_silence_s=600)


def made_file(path, size, seed=b"aze"):
    """A file of which no two pieces are alike, so that a piece in a wrong place is found."""
    block = hashlib.shake_256(seed).digest(1 << 16) * 16
    with open(path, "wb") as file:
        for number in range(-(-size // len(block))):
            file.write(number.to_bytes(8, "big") + block[8:])
        file.truncate(size)
    return path


def digest(path):
    with open(path, "rb") as file:
        found = hashlib.sha256()
        while block := file.read(1 << 20):
            found.update(block)
        return found.hexdigest()


@pytest.fixture(scope="session")
def large(tmp_path_factory):
    """Of many pieces."""
    return made_file(tmp_path_factory.mktemp("large") / "Large_Site.zip", LARGE)


@pytest.fixture(scope="session")
def middling(tmp_path_factory):
    return made_file(tmp_path_factory.mktemp("middling") / "Cloudtop Ridge.zip", 24 * MB)


@pytest.fixture
def small(tmp_path):
    return made_file(tmp_path / "small.zip", 300_000)


def running(start, *arguments, **more):
    try:
        return start(*arguments, **more)
    except processes.Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def stores(tmp_path_factory):
    return tmp_path_factory.mktemp("stores")


@pytest.fixture(scope="session")
def nginx(stores):
    server = running(processes.nginx, stores / "nginx-run", stores / "nginx")
    server.store = stores / "nginx"
    yield server
    server.stop()


@pytest.fixture(scope="session")
def wsgidav(stores):
    server = running(processes.wsgidav, stores / "wsgidav-run", stores / "wsgidav")
    server.store = stores / "wsgidav"
    yield server
    server.stop()


@pytest.fixture(scope="session")
def tus(stores):
    server = running(processes.tus, stores / "tus-run", stores / "tus")
    server.store = stores / "tus"
    yield server
    server.stop()


@pytest.fixture
def form():
    with FormServer(login=BASIC) as server:
        yield server


class Sent:
    """What one call of ``deliver`` did."""

    def __init__(self, path, fresh, said):
        self.receipt = json.loads(Path(path).read_text(encoding="utf-8"))
        self.fresh, self.said = fresh, said
        self.state = self.receipt["state"]


def deliver(file, method, url, receipt, credentials=LOGIN, pace=QUICK, fields="", cancelled=None, settings=None):
    """Send a file as the algorithm sends a package that it has verified."""
    said = []
    progress = Progress(on_message=lambda code, params: said.append(code), is_cancelled=cancelled)
    parcel = transfer.identify(file, Progress())
    goal = transfer.target(method, url, fields)
    with receipts.opened(receipt) as opened, Connection(settings or NetworkSettings()) as connection:
        fresh = transfer.send(parcel, "final", goal, opened, connection, credentials, progress, pace)
    return Sent(receipt, fresh, said)


def refused(*arguments, **more):
    """The problem that a sending ends with, and its sentence, which names no code and holds no secret."""
    with pytest.raises(AzeError) as raised:
        deliver(*arguments, **more)
    sentence = text(raised.value.code, raised.value.params)
    assert not sentence.startswith(("transfer.", "network.")) and "{" not in sentence, sentence
    for secret in (PASSWORD, BASIC, BASIC.split()[1], "wrong-0ne"):
        assert secret not in sentence and secret not in str(raised.value)
    return raised.value.code, sentence


def files_in(folder):
    return sorted(p.name for p in folder.rglob("*") if p.is_file())


# ----------------------------------------------------------------------------------------------------- all arrives


def fresh_folder(store, name):
    folder = store / name
    folder.mkdir(parents=True)
    return folder


def test_nginx_takes_a_package_once(nginx, middling, tmp_path):
    folder = fresh_folder(nginx.store, "closed/once")
    url = f"{nginx.url}/closed/once"
    first = deliver(middling, "webdav", url + "/", tmp_path / "r.json")
    assert (first.fresh, first.state) == (True, "confirmed")
    assert files_in(folder) == [middling.name] and digest(folder / middling.name) == digest(middling)
    written = (folder / middling.name).stat().st_mtime_ns
    receipt = first.receipt
    assert receipt["schema"] == "aze-receipt/1"
    assert receipt["package"] == {
        "name": middling.name,
        "size": 24 * MB,
        "sha256": digest(middling),
        "status": "final",
    }
    assert receipt["answer"]["size"] == 24 * MB and receipt["answer"]["etag"]
    assert receipt["location"] == f"{url}/Cloudtop%20Ridge.zip"
    assert list(receipt["times"]) == ["created", "sending", "finishing", "sent", "confirmed"]
    # With the receipt nothing is asked, without it the server is: either way nothing is sent.
    again = deliver(middling, "webdav", url, tmp_path / "r.json", credentials=NOBODY)
    other = deliver(middling, "webdav", url, tmp_path / "other.json")
    assert (again.fresh, other.fresh, other.state) == (False, False, "confirmed")
    assert "transfer.found" in other.said
    assert (folder / middling.name).stat().st_mtime_ns == written


def test_wsgidav_takes_a_package_once(wsgidav, small, tmp_path):
    folder = fresh_folder(wsgidav.store, "plain folder")
    url = f"{wsgidav.url}/remote.php/dav/plain%20folder"
    assert deliver(small, "webdav", url, tmp_path / "r.json").fresh
    assert files_in(folder) == ["small.zip"] and digest(folder / "small.zip") == digest(small)
    assert not deliver(small, "webdav", url, tmp_path / "other.json").fresh


def test_tus_takes_a_package_once(tus, middling, tmp_path):
    before = set(files_in(tus.store))
    first = deliver(middling, "tus", f"{tus.url}/files", tmp_path / "r.json")
    assert (first.fresh, first.state) == (True, "confirmed")
    (name,) = [n for n in set(files_in(tus.store)) - before if not n.endswith(".json")]
    assert digest(tus.store / name) == digest(middling)
    about = json.loads((tus.store / f"{name}.json").read_text())["metadata"]
    assert (about["filename"], about["sha256"]) == (middling.name, digest(middling))
    assert first.receipt["location"].endswith(name)
    count = len(files_in(tus.store))
    assert not deliver(middling, "tus", f"{tus.url}/files", tmp_path / "r.json").fresh
    assert len(files_in(tus.store)) == count


def test_a_form_takes_a_package_once(form, small, tmp_path):
    fields = '{"file": "package", "fields": {"digest": "{sha256}", "title": "of {name}", "year": 2024}}'
    first = deliver(small, "form", form.url + "?round=3", tmp_path / "r.json", fields=fields)
    (entry,) = form.received
    assert entry == {
        "fields": {"digest": digest(small), "title": "of small.zip", "year": "2024"},
        "field": "package",
        "name": "small.zip",
        "size": 300_000,
        "sha256": digest(small),
    }
    assert first.receipt["answer"]["status"] == 201 and first.receipt["answer"]["said"] == "Thank you"
    assert not deliver(small, "form", form.url + "?round=3", tmp_path / "r.json", fields=fields).fresh
    assert len(form.received) == 1
    # With an address to check by, also a receipt that knows nothing does no harm.
    listed = json.dumps({"check": form.check})
    assert not deliver(small, "form", form.url, tmp_path / "other.json", fields=listed).fresh
    assert len(form.received) == 1


def test_a_large_package_goes_to_a_nextcloud_in_chunks(wsgidav, large, tmp_path):
    folder = wsgidav.store / "files" / USER / "inbox"
    with Cutter(wsgidav.port) as line:
        line.cuts, line.together = cuts_of(LARGE), True
        url = f"http://127.0.0.1:{line.port}/remote.php/dav/files/{USER}/inbox"
        sent = deliver(large, "webdav", url, tmp_path / "r.json")
        assert (sent.fresh, sent.state, line.cuts) == (True, "confirmed", [])
        # Of what had arrived nothing was sent again, but for the chunk that was cut.
        assert sum(line.carried) < LARGE + 40 * MB
    assert digest(folder / large.name) == digest(large)
    assert files_in(wsgidav.store / "uploads") == []
    (folder / large.name).unlink()


# ------------------------------------------------------------------------------------- connections that are cut


def cuts_of(size):
    return [int(size * share) for share in (0.1, 0.5, 0.99)]


def test_a_large_package_to_nginx_over_a_line_that_is_cut_three_times(nginx, large, tmp_path):
    folder = fresh_folder(nginx.store, "closed/cut")
    with Cutter(nginx.port) as line:
        line.cuts = cuts_of(LARGE)
        sent = deliver(large, "webdav", f"http://127.0.0.1:{line.port}/closed/cut", tmp_path / "r.json")
        assert line.cuts == []
    assert (sent.fresh, sent.state) == (True, "confirmed")
    assert files_in(folder) == [large.name] and digest(folder / large.name) == digest(large)
    (folder / large.name).unlink()


def test_wsgidav_keeps_no_half_package_under_the_name(wsgidav, middling, tmp_path):
    folder = fresh_folder(wsgidav.store, "cut")
    with Cutter(wsgidav.port) as line:
        url = f"http://127.0.0.1:{line.port}/remote.php/dav/cut"
        line.cuts = [int(0.5 * 24 * MB)]
        refused(middling, "webdav", url, tmp_path / "r.json", pace=replace(QUICK, attempts=1))
        assert middling.name not in files_in(folder)
        line.cuts = cuts_of(24 * MB)
        sent = deliver(middling, "webdav", url, tmp_path / "r.json")
        assert (sent.fresh, sent.state, line.cuts) == (True, "confirmed", [])
        assert sent.receipt["problem"] is None and sent.receipt["calls"] == 2
    assert files_in(folder) == [middling.name] and digest(folder / middling.name) == digest(middling)


def test_a_large_package_by_tus_over_a_line_that_is_cut_three_times(tus, large, tmp_path):
    before = set(files_in(tus.store))
    with Cutter(tus.port) as line:
        line.cuts, line.together = cuts_of(LARGE), True
        sent = deliver(large, "tus", f"http://127.0.0.1:{line.port}/files", tmp_path / "r.json")
        assert (sent.fresh, sent.state, line.cuts) == (True, "confirmed", [])
        # What was on its way when the line was cut is sent again, and nothing else.
        assert sum(line.carried) < LARGE + 30 * MB
    (name,) = [n for n in set(files_in(tus.store)) - before if not n.endswith(".json")]
    assert digest(tus.store / name) == digest(large)
    (tus.store / name).unlink()


def test_a_large_package_to_a_form_over_a_line_that_is_cut_three_times(form, large, tmp_path):
    with Cutter(form.port) as line:
        line.cuts = cuts_of(LARGE)
        url = form.url.replace(str(form.port), str(line.port))
        fields = json.dumps({"check": form.check.replace(str(form.port), str(line.port))})
        sent = deliver(large, "form", url, tmp_path / "r.json", fields=fields)
        assert (sent.fresh, sent.state, line.cuts) == (True, "confirmed", [])
    assert [entry["sha256"] for entry in form.received] == [digest(large)]


def test_an_answer_that_is_lost_doubles_nothing(nginx, tus, small, tmp_path):
    folder = fresh_folder(nginx.store, "closed/lost")
    with Cutter(nginx.port) as line:
        line.swallow = ["PUT", "MOVE"]
        sent = deliver(small, "webdav", f"http://127.0.0.1:{line.port}/closed/lost", tmp_path / "dav.json")
        assert (sent.state, line.swallow) == ("confirmed", [])
    assert files_in(folder) == ["small.zip"]
    before = len(files_in(tus.store))
    with Cutter(tus.port) as line:
        line.swallow = ["PATCH"]
        sent = deliver(small, "tus", f"http://127.0.0.1:{line.port}/files", tmp_path / "tus.json")
        assert (sent.state, line.swallow) == ("confirmed", [])
    # The file and what the server notes of it.
    assert len(files_in(tus.store)) == before + 2


def test_a_form_that_did_not_answer_is_not_sent_to_again(form, small, tmp_path):
    form.faults = [whole_then(None, True, form)]
    code, sentence = refused(small, "form", form.url, tmp_path / "r.json")
    assert code == "transfer.unknown" and "Ask the people there" in sentence
    assert json.loads((tmp_path / "r.json").read_text())["state"] == "unknown"
    # Nor by a later call.
    assert refused(small, "form", form.url, tmp_path / "r.json")[0] == "transfer.unknown"
    assert len(form.received) == 1
    # An answer can leave it as open as none does.
    form.faults = [whole_then(500, False, form, b"Out of coffee"), None]
    code, sentence = refused(small, "form", form.url, tmp_path / "other.json")
    assert code == "transfer.unclear" and "500" in sentence and "Out of coffee" in sentence
    assert refused(small, "form", form.url, tmp_path / "other.json")[0] == "transfer.unknown"
    # Who can ask the server learns that all is well.
    sent = deliver(small, "form", form.url, tmp_path / "r.json", fields=json.dumps({"check": form.check}))
    assert (sent.fresh, sent.state, len(form.received)) == (False, "confirmed", 1)


@pytest.mark.parametrize("keeps", [True, False])
def test_a_form_with_a_check_address_settles_what_is_not_known(form, small, tmp_path, keeps):
    form.faults = [whole_then(500, keeps, form)]
    sent = deliver(small, "form", form.url, tmp_path / "r.json", fields=json.dumps({"check": form.check}))
    assert sent.state == "confirmed" and len(form.received) == 1
    assert ("transfer.not_arrived" in sent.said) is not keeps


# ------------------------------------------------------------------------------------------------ ends and restarts


def restarted_meanwhile(server, stop, start, file, method, path, receipt):
    """Send over a line that is held up half-way, and end and start the server before it goes on."""
    with Cutter(server.port) as line:
        line.hold = 9 * MB
        found = {}

        def send_it():
            # As often as it takes until the server is there again.
            patient = replace(QUICK, attempts=100_000)
            url = f"http://127.0.0.1:{line.port}/{path}"
            found["sent"] = deliver(file, method, url, receipt, pace=patient)

        sender = threading.Thread(target=send_it, daemon=True)
        sender.start()
        assert line.held.wait(60)
        stop()
        line.hold = None
        start()
        sender.join(120)
    return found["sent"]


def test_a_server_that_is_restarted_meanwhile_gets_the_rest(stores, middling, tmp_path):
    server = running(processes.tus, stores / "tus-restarted-run", stores / "tus-restarted")
    try:
        sent = restarted_meanwhile(server, server.stop, server.start, middling, "tus", "files", tmp_path / "r.json")
        assert sent.state == "confirmed"
        (name,) = [n for n in files_in(stores / "tus-restarted") if not n.endswith(".json")]
        assert digest(stores / "tus-restarted" / name) == digest(middling)
    finally:
        server.stop()


@pytest.mark.parametrize("name", ["nginx", "wsgidav"])
def test_a_webdav_server_that_is_restarted_meanwhile_gets_it_once(name, stores, middling, tmp_path):
    store = stores / f"{name}-restarted"
    server = running(getattr(processes, name), stores / f"{name}-restarted-run", store)
    path = "closed" if name == "nginx" else f"remote.php/dav/files/{USER}/inbox"
    try:
        sent = restarted_meanwhile(server, server.stop, server.start, middling, "webdav", path, tmp_path / "r.json")
        assert (sent.fresh, sent.state) == (True, "confirmed")
        (there,) = [p for p in store.rglob("*") if p.is_file() and p.parent.name in ("closed", "inbox")]
        assert (there.name, digest(there)) == (middling.name, digest(middling))
    finally:
        server.stop()


def test_a_form_that_is_restarted_meanwhile_gets_it_once(middling, tmp_path):
    servers = [FormServer(login=BASIC)]

    def start():
        servers.append(FormServer(login=BASIC, port=servers[0].port))

    try:
        sent = restarted_meanwhile(
            servers[0], servers[0].__exit__, start, middling, "form", "submit", tmp_path / "r.json"
        )
        assert (sent.fresh, sent.state) == (True, "confirmed")
        assert [[e["sha256"] for e in server.received] for server in servers] == [[], [digest(middling)]]
    finally:
        servers[-1].__exit__()


SENDER = """
import sys
from pathlib import Path
sys.path[:0] = {paths!r}
import test_transfer
test_transfer.deliver(Path({file!r}), "{method}", "{url}", {receipt!r})
"""


def test_a_sender_that_is_killed_goes_on_where_it_was(tus, middling, tmp_path):
    before = set(files_in(tus.store))
    receipt = tmp_path / "r.json"
    with Cutter(tus.port) as line:
        line.hold = 20 * MB
        url = f"http://127.0.0.1:{line.port}/files"
        paths = [str(ROOT), str(HERE), str(HERE / "servers"), str(HERE.parent / "unit")]
        program = SENDER.format(paths=paths, file=str(middling), method="tus", url=url, receipt=str(receipt))
        sender = subprocess.Popen([sys.executable, "-c", program])
        assert line.held.wait(60)
        sender.send_signal(signal.SIGKILL)
        sender.wait(60)
        kept = json.loads(receipt.read_text())
        assert kept["state"] in ("sending", "finishing") and kept["upload"]["url"].startswith(url)
        line.hold = None
        carried = sum(line.carried)
        sent = deliver(middling, "tus", url, receipt)
        assert sent.state == "confirmed" and "transfer.resuming" in sent.said
        assert sum(line.carried) - carried < 10 * MB
    (name,) = [n for n in set(files_in(tus.store)) - before if not n.endswith(".json")]
    assert digest(tus.store / name) == digest(middling)


def test_an_upload_that_has_expired_begins_anew(stores, middling, tmp_path):
    server = running(processes.tus, stores / "tus-short-run", stores / "tus-short", lasting_ms=3_600_000)
    try:
        with Cutter(server.port) as line:
            url = f"http://127.0.0.1:{line.port}/files"
            line.cuts = [5 * MB]
            refused(middling, "tus", url, tmp_path / "r.json", pace=replace(QUICK, attempts=1))
            first = json.loads((tmp_path / "r.json").read_text())["upload"]
            assert first["url"] and first["expires"]
            # The server's note of it, as if it had been begun long ago.
            note = stores / "tus-short" / f"{first['url'].rpartition('/')[2]}.json"
            begun = json.loads(note.read_text())
            note.write_text(json.dumps({**begun, "creation_date": "2001-01-01T00:00:00.000Z"}))
            sent = deliver(middling, "tus", url, tmp_path / "r.json")
        assert sent.state == "confirmed" and "transfer.expired" in sent.said
        assert sent.receipt["upload"]["url"] != first["url"]
    finally:
        server.stop()


def test_a_complete_upload_that_the_server_has_forgotten_is_not_sent_again(tus, small, tmp_path):
    receipt = tmp_path / "r.json"
    with Cutter(tus.port) as line:
        url = f"http://127.0.0.1:{line.port}/files"
        line.swallow = ["PATCH", "HEAD"]
        # The server takes all, the answer is lost, and nobody asks before the server has put it away.
        with pytest.raises(AzeError):
            deliver(small, "tus", url, receipt, pace=replace(QUICK, attempts=1))
        kept = json.loads(receipt.read_text())
        assert kept["state"] == "finishing"
        name = kept["upload"]["url"].rpartition("/")[2]
        for file in (tus.store / name, tus.store / f"{name}.json"):
            file.unlink(missing_ok=True)
        count = len(files_in(tus.store))
        code, _ = refused(small, "tus", url, receipt)
        assert code == "transfer.unknown" and len(files_in(tus.store)) == count


def cancelled_at_hold(file, method, line, url, receipt):
    """Send over a line that holds bytes back, and stop when it does: while it does, nothing else ends the call."""
    with pytest.raises(Cancelled):
        deliver(file, method, url, receipt, cancelled=line.held.is_set, pace=ONCE)
    assert line.hold is not None
    line.hold = None


def test_a_sending_is_cancelled_at_once_and_gone_on_with(tus, middling, tmp_path):
    with Cutter(tus.port) as line:
        line.hold = 9 * MB
        url = f"http://127.0.0.1:{line.port}/files"
        cancelled_at_hold(middling, "tus", line, url, tmp_path / "r.json")
        assert deliver(middling, "tus", url, tmp_path / "r.json").state == "confirmed"


@pytest.mark.parametrize("method", ["webdav", "form"])
def test_what_was_cancelled_half_way_is_sent_by_the_next_call(nginx, form, middling, tmp_path, method):
    folder = nginx.store / "closed" / "cancelled"
    folder.mkdir(exist_ok=True)
    upstream = nginx.port if method == "webdav" else form.port
    with Cutter(upstream) as line:
        line.hold = 2 * MB
        url = f"http://127.0.0.1:{line.port}/" + ("closed/cancelled" if method == "webdav" else "submit")
        cancelled_at_hold(middling, method, line, url, tmp_path / "r.json")
        assert json.loads((tmp_path / "r.json").read_text())["state"] == "sending"
        assert deliver(middling, method, url, tmp_path / "r.json").fresh
    if method == "webdav":
        assert files_in(folder) == [middling.name] and digest(folder / middling.name) == digest(middling)
    else:
        assert [entry["sha256"] for entry in form.received] == [digest(middling)]


def test_a_rest_between_attempts_is_cancelled_within_a_second(form, small, tmp_path, clock):
    form.faults = [refuse(429, 0, Retry_After="300")]
    began = clock.now
    with pytest.raises(Cancelled):
        patient = replace(QUICK, longest_wait_s=600)
        stop = lambda: clock.now > began + 0.4  # noqa: E731
        deliver(small, "form", form.url, tmp_path / "r.json", cancelled=stop, pace=patient)
    assert 0.4 < clock.now - began < 1 and form.received == []


def test_a_form_that_was_cancelled_after_the_last_byte_may_have_all(form, small, tmp_path):
    arrived, answer = threading.Event(), threading.Event()

    def slow(handler):
        entry = read_form(handler)
        arrived.set()
        answer.wait(120)
        form.received.append(entry)
        return True

    form.faults = [slow]
    with pytest.raises(Cancelled):
        deliver(small, "form", form.url, tmp_path / "r.json", cancelled=arrived.is_set, pace=ONCE)
    answer.set()
    assert json.loads((tmp_path / "r.json").read_text())["state"] == "finishing"
    assert refused(small, "form", form.url, tmp_path / "r.json")[0] == "transfer.unknown"


def test_chunks_that_a_nextcloud_has_dropped_are_sent_anew(wsgidav, middling, tmp_path):
    import shutil

    uploads = wsgidav.store / "uploads" / USER
    with Cutter(wsgidav.port) as line:
        url = f"http://127.0.0.1:{line.port}/remote.php/dav/files/{USER}/inbox"
        # Of the first of its three chunks a part comes through.
        line.hold = 3 * MB
        cancelled_at_hold(middling, "webdav", line, url, tmp_path / "r.json")
        (chunks,) = uploads.iterdir()
        patch, gone = transfer_webdav.DavSending._put_chunk, []

        def drop(self, *arguments):
            if not gone:
                gone.append(shutil.rmtree(chunks))
            return patch(self, *arguments)

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(transfer_webdav.DavSending, "_put_chunk", drop)
            sent = deliver(middling, "webdav", url, tmp_path / "r.json")
    assert "transfer.expired" in sent.said and sent.state == "confirmed"
    target = wsgidav.store / "files" / USER / "inbox" / middling.name
    assert digest(target) == digest(middling) and not list(uploads.iterdir())
    target.unlink()


def test_tus_sends_checksums_where_they_are_looked_at(middling, tmp_path):
    with SmallTus(spoil=2) as server:
        assert deliver(middling, "tus", server.url, tmp_path / "r.json").state == "confirmed"
        assert hashlib.sha256(server.content).hexdigest() == digest(middling)
        assert server.checksums == len(server.pieces) > 1


def test_tus_takes_smaller_pieces_where_a_server_wants_them(middling, tmp_path):
    with SmallTus(most=5 * MB) as server:
        assert deliver(middling, "tus", server.url, tmp_path / "r.json").state == "confirmed"
        assert hashlib.sha256(server.content).hexdigest() == digest(middling)
        assert max(server.pieces) <= 5 * MB


def test_a_folder_is_named_as_people_write_it(wsgidav, small, tmp_path):
    folder = fresh_folder(wsgidav.store, "Näherei & Söhne")
    url = f"{wsgidav.url}/remote.php/dav/Näherei & Söhne"
    assert deliver(small, "webdav", url, tmp_path / "r.json").state == "confirmed"
    assert files_in(folder) == ["small.zip"]


def test_two_at_a_time_are_not_let_in(tmp_path):
    with (
        receipts.opened(tmp_path / "r.json"),
        pytest.raises(AzeError, match="receipt_in_use"),
        receipts.opened(tmp_path / "r.json"),
    ):
        pass
    with receipts.opened(tmp_path / "r.json"):
        assert os.listdir(tmp_path) == [".r.json.lock"]
    assert os.listdir(tmp_path) == []


# --------------------------------------------------------------------------------------------- servers that refuse


def test_a_wrong_password_reads_as_one(nginx, wsgidav, tus, form, middling, tmp_path):
    fresh_folder(nginx.store, "put-closed/w")
    for number, (method, url) in enumerate(
        [
            ("webdav", f"{nginx.url}/closed/w"),
            # Here only the body itself is refused, while it is being sent.
            ("webdav", f"{nginx.url}/put-closed/w"),
            ("webdav", f"{wsgidav.url}/remote.php/dav/files/{USER}/inbox"),
            ("tus", f"{tus.url}/files"),
            ("form", form.url),
        ]
    ):
        code, sentence = refused(middling, method, url, tmp_path / f"{number}.json", credentials=WRONG)
        assert code == "transfer.password" and "password" in sentence, url
        assert refused(middling, method, url, tmp_path / f"{number}.json", NOBODY)[0] == "transfer.password_missing"
    assert form.received == []


@pytest.mark.parametrize("after", [0, 1 << 20, 20 << 20])
def test_an_answer_in_the_middle_of_the_body_is_heard(form, middling, tmp_path, after):
    """The server says no, hangs up and resets the connection: on the sender's side that is a broken pipe."""
    form.faults = [refuse(401, after, b"Who are you?")]
    code, sentence = refused(middling, "form", form.url, tmp_path / "r.json")
    assert code == "transfer.password" and "Who are you?" in sentence
    kept = json.loads((tmp_path / "r.json").read_text())
    assert kept["state"] == "created" and kept["problem"]["code"] == code
    assert deliver(middling, "form", form.url, tmp_path / "r.json").state == "confirmed"
    assert len(form.received) == 1


def test_what_nginx_refuses_reads_as_what_it_is(nginx, middling, small, tmp_path):
    names = iter(range(100))

    def code(place, file=small):
        return refused(file, "webdav", f"{nginx.url}/{place}", tmp_path / f"{next(names)}.json")[0]

    assert code("denied") == "transfer.forbidden"
    assert code("readonly") == "transfer.forbidden"
    assert code("small", middling) == "transfer.too_large"
    assert code("broken") == "transfer.server_fault"
    assert code("open/nowhere") == "transfer.no_folder"
    assert code("nowhere/at/all") in ("transfer.not_offered", "transfer.no_folder")
    # From 127.0.0.1 on to localhost, which is another host.
    assert code("elsewhere") == "network.redirected"


def test_a_busy_nginx_is_waited_for(nginx, small, tmp_path):
    """Two calls a second are let in; a sending makes more."""
    folder = fresh_folder(nginx.store, "slow/inbox")
    pace = replace(QUICK, backoff_s=0.3, longest_backoff_s=0.6, attempts_when_busy=9)
    sent = deliver(small, "webdav", f"{nginx.url}/slow/inbox", tmp_path / "r.json", pace=pace)
    assert sent.state == "confirmed" and files_in(folder) == ["small.zip"]


@pytest.fixture
def clock(monkeypatch):
    """The clock by which sendings rest between attempts; rests take no time."""
    made = HandClock()
    monkeypatch.setattr(transfer_calls, "time", made)
    return made


def test_a_form_is_waited_for_as_long_as_it_asks(form, small, middling, tmp_path, clock):
    times = []

    def timed(fault):
        return lambda handler: times.append(clock.now) or (fault is not None and fault(handler))

    refusals = [refuse(429, 0, Retry_After="3"), refuse(503, 1000), refuse(500, 1000), None]
    form.faults = [timed(fault) for fault in refusals]
    sent = deliver(middling, "form", form.url, tmp_path / "r.json")
    assert [b - a for a, b in zip(times, times[1:])] == pytest.approx([3, 0.04, 0.08])
    assert "transfer.waiting" in sent.said
    assert sent.state == "confirmed" and len(form.received) == 1
    before = clock.now
    form.faults = [refuse(429, 0, Retry_After="3600")]
    code, sentence = refused(small, "form", form.url, tmp_path / "other.json")
    assert code == "transfer.busy_long" and "3,600 seconds" in sentence and clock.now == before


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "forbidden"), (404, "nothing_there"), (405, "not_offered"), (413, "too_large"), (418, "refused")]
    + [(429, "busy"), (500, "server_fault"), (503, "busy"), (507, "server_full"), (302, "moved")],
)
def test_what_a_form_refuses_reads_as_what_it_is(form, middling, tmp_path, status, code):
    form.faults = [refuse(status, 5000, b"<html><head><title>x</title></head><b>No &amp; no</b>", Location="/x")] * 9
    found, sentence = refused(middling, "form", form.url, tmp_path / "r.json")
    assert found == f"transfer.{code}" and "No & no" in sentence and str(status) in sentence
    assert form.received == []


SIGN_IN = b"""<!DOCTYPE html><title>Welcome</title><form action=/login><input name=u>
<input class="wide" TYPE='password' name=p></form>"""


def test_a_page_to_sign_in_is_no_success_of_a_form(form, small, tmp_path):
    form.faults = [whole_then(200, False, form, SIGN_IN, Content_Type="text/html; charset=utf-8")]
    code, sentence = refused(small, "form", form.url, tmp_path / "r.json")
    assert code == "transfer.sign_in" and "sign in" in sentence
    # Nothing was kept, so the same receipt goes on; a page that asks for nothing is an answer as any other.
    form.faults = [whole_then(200, True, form, b"<p>Thank you</p>", Content_Type="text/html")]
    assert deliver(small, "form", form.url, tmp_path / "r.json").state == "confirmed"


@pytest.mark.parametrize(("page", "code"), [(SIGN_IN, "sign_in"), (b"<h1>A shop</h1>", "not_webdav")])
def test_a_web_site_is_no_folder_of_webdav(page, code, small, tmp_path):
    class Site(http.server.BaseHTTPRequestHandler):
        def answer(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.server.calls.append(self.command)
            send(self, 200, page, Content_Type="text/html", Connection="close")

        do_PROPFIND = do_HEAD = do_GET = do_PUT = answer  # noqa: N815

        def log_message(self, *_args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as site:
        site.calls = []
        thread = threading.Thread(target=site.serve_forever)
        thread.start()
        found, _ = refused(small, "webdav", f"http://127.0.0.1:{site.server_port}/dav", tmp_path / "r.json")
        site.shutdown()
        thread.join()
    assert found == f"transfer.{code}" and site.calls == ["PROPFIND"]


@pytest.fixture
def tiny_disk(tmp_path):
    """A disk of 8 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True).returncode:
        pytest.skip("a small disk can only be made by root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_of_nginx_loses_nothing(tiny_disk, middling, small, tmp_path):
    server = running(processes.nginx, tmp_path / "run", tiny_disk)
    try:
        code, sentence = refused(middling, "webdav", f"{server.url}/open", tmp_path / "r.json")
        assert code == "transfer.server_fault" and "full disk" in sentence
        assert files_in(tiny_disk / "open") == []
        assert deliver(small, "webdav", f"{server.url}/open", tmp_path / "s.json").state == "confirmed"
    finally:
        server.stop()


def test_a_full_disk_of_wsgidav_is_told_as_one(tiny_disk, middling, tmp_path):
    server = running(processes.wsgidav, tmp_path / "run", tiny_disk)
    try:
        url = f"{server.url}/remote.php/dav/files/{USER}/inbox"
        code, sentence = refused(middling, "webdav", url, tmp_path / "r.json")
        assert code == "transfer.server_full" and "no room for the package of 24 MB" in sentence
    finally:
        server.stop()


def test_a_full_disk_of_tus_is_gone_on_from_when_there_is_room(tiny_disk, middling, tmp_path):
    store = tiny_disk / "store"
    server = running(processes.tus, tmp_path / "run", store)
    try:
        code, _ = refused(middling, "tus", f"{server.url}/files", tmp_path / "r.json")
        assert code == "transfer.server_fault"
        subprocess.run(["mount", "-o", "remount,size=64m", str(tiny_disk)], check=True)
        sent = deliver(middling, "tus", f"{server.url}/files", tmp_path / "r.json")
        assert sent.state == "confirmed"
        (name,) = [n for n in files_in(store) if not n.endswith(".json")]
        assert digest(store / name) == digest(middling)
    finally:
        server.stop()


def test_a_full_disk_of_a_form_loses_nothing(tiny_disk, form, middling, small, tmp_path):
    def onto_the_disk(handler):
        """Keep the post on a disk that is too small for it, as a form does, and say so when it is full."""
        left = int(handler.headers["Content-Length"])
        try:
            with open(tiny_disk / "incoming", "wb", buffering=0) as file:
                while left:
                    piece = handler.rfile.read(min(left, 1 << 20))
                    left -= len(piece)
                    file.write(piece)
        except OSError as error:
            (tiny_disk / "incoming").unlink()
            return refuse(507, 0, str(error.strerror).encode())(handler)
        return False

    form.faults = [onto_the_disk]
    code, sentence = refused(middling, "form", form.url, tmp_path / "r.json")
    assert code == "transfer.server_full" and "No space left on device" in sentence
    assert form.received == [] and files_in(tiny_disk) == []
    assert json.loads((tmp_path / "r.json").read_text())["state"] == "created"
    # With room again, the same receipt goes on.
    assert deliver(middling, "form", form.url, tmp_path / "r.json").state == "confirmed"
    assert [entry["sha256"] for entry in form.received] == [digest(middling)]


@pytest.mark.parametrize("call", ["POST", "PATCH"])
@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "password"), (403, "forbidden"), (413, "too_large"), (429, "busy"), (500, "server_fault")],
)
def test_what_tus_refuses_reads_as_what_it_is(middling, tmp_path, status, code, call):
    with SmallTus() as server:
        server.refusals = {call: [status] * 20}
        found, sentence = refused(middling, "tus", server.url, tmp_path / "r.json")
        assert found == f"transfer.{code}" and str(status) in sentence and "No" in sentence
        assert server.content == b""
        server.refusals = {}
        assert deliver(middling, "tus", server.url, tmp_path / "r.json").state == "confirmed"
        assert hashlib.sha256(server.content).hexdigest() == digest(middling)


def test_tus_says_before_the_first_byte_what_it_takes(stores, middling, tmp_path):
    server = running(processes.tus, stores / "tus-least-run", stores / "tus-least", most_bytes=5 * MB)
    try:
        code, sentence = refused(middling, "tus", f"{server.url}/files", tmp_path / "r.json")
        assert code in ("transfer.too_large_known", "transfer.too_large") and "24 MB" in sentence
        assert files_in(stores / "tus-least") == []
    finally:
        server.stop()


def test_another_file_of_the_name_is_left_alone(nginx, small, tmp_path):
    folder = fresh_folder(nginx.store, "open/taken")
    for content in (b"another nomination", bytes(300_000)):
        (folder / "small.zip").write_bytes(content)
        code, sentence = refused(small, "webdav", f"{nginx.url}/open/taken", tmp_path / "r.json")
        assert code == "transfer.name_taken" and "small.zip" in sentence
        assert (folder / "small.zip").read_bytes() == content and files_in(folder) == ["small.zip"]


def test_a_file_that_comes_in_between_is_left_alone(nginx, small, tmp_path, monkeypatch):
    folder = fresh_folder(nginx.store, "open/race")
    move = transfer_webdav.DavSending._move

    def too_late(self, source, headers):
        (folder / "small.zip").write_bytes(b"somebody was faster")
        return move(self, source, headers)

    monkeypatch.setattr(transfer_webdav.DavSending, "_move", too_late)
    assert refused(small, "webdav", f"{nginx.url}/open/race", tmp_path / "r.json")[0] == "transfer.name_taken"
    assert (folder / "small.zip").read_bytes() == b"somebody was faster"


# ------------------------------------------------------------------------------------------- encryption and secrets


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return processes.certificate(tmp_path_factory.mktemp("certificate"))


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path, certificate, middling):
    server = running(processes.nginx, tmp_path / "run", tmp_path / "store", certificate)
    try:
        code, sentence = refused(middling, "webdav", f"{server.url}/closed", tmp_path / "r.json")
        assert code == "network.tls" and "certificate" in sentence
        assert files_in(tmp_path / "store" / "closed") == []
        trusting = NetworkSettings(ca_pem=Path(certificate[0]).read_text())
        # Named otherwise than by what it vouches for.
        named = server.url.replace("127.0.0.1", "localhost")
        assert (
            refused(middling, "webdav", f"{named}/closed", tmp_path / "r2.json", settings=trusting)[0] == "network.tls"
        )
        with Cutter(server.port) as line:
            line.cuts = cuts_of(24 * MB)
            url = f"https://127.0.0.1:{line.port}/closed"
            assert deliver(middling, "webdav", url, tmp_path / "r3.json", settings=trusting).state == "confirmed"
            assert line.cuts == []
        assert digest(tmp_path / "store" / "closed" / middling.name) == digest(middling)
        # Behind TLS, too, an answer in the middle of the body is heard.
        code, _ = refused(
            middling, "webdav", f"{server.url}/put-closed", tmp_path / "r4.json", credentials=WRONG, settings=trusting
        )
        assert code == "transfer.password"
    finally:
        server.stop()


def test_forms_and_tus_are_refused_with_such_a_certificate_too(tmp_path, certificate, small):
    context = processes.server_context(certificate)
    trusting = NetworkSettings(ca_pem=Path(certificate[0]).read_text())
    with FormServer(context=context) as server:
        code, sentence = refused(small, "form", server.url, tmp_path / "f.json")
        assert code == "network.tls" and "certificate" in sentence
        assert server.headers == [] and server.received == []
        assert deliver(small, "form", server.url, tmp_path / "f.json", settings=trusting).state == "confirmed"
    with SmallTus(context=processes.server_context(certificate)) as server:
        code, sentence = refused(small, "tus", server.url, tmp_path / "t.json")
        assert code == "network.tls" and "certificate" in sentence
        assert server.length == 0 and server.content == b""
        assert deliver(small, "tus", server.url, tmp_path / "t.json", settings=trusting).state == "confirmed"


@pytest.mark.parametrize("after", [0, 1 << 20])
def test_behind_tls_an_answer_in_the_middle_of_the_body_is_heard(tmp_path, certificate, middling, after):
    trusting = NetworkSettings(ca_pem=Path(certificate[0]).read_text())
    with FormServer(context=processes.server_context(certificate)) as server:
        server.faults = [refuse(401, after, b"Who?")]
        code, _ = refused(middling, "form", server.url, tmp_path / "r.json", settings=trusting)
        assert code == "transfer.password"
        assert deliver(middling, "form", server.url, tmp_path / "r.json", settings=trusting).state == "confirmed"


def test_a_server_that_hangs_up_on_tls_is_no_matter_of_certificates(small, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up():
            for _ in range(QUICK.attempts):
                connection, _ = listener.accept()
                connection.recv(1 << 16)
                connection.close()

        threading.Thread(target=hang_up, daemon=True).start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/inbox"
        assert refused(small, "webdav", url, tmp_path / "r.json")[0] == "transfer.connection"


def test_a_server_that_is_not_there_is_told_in_plain_words(small, tmp_path):
    url = f"http://127.0.0.1:{processes.free_port()}/inbox"
    code, sentence = refused(small, "webdav", url, tmp_path / "r.json")
    assert code == "transfer.connection" and "(Connection refused)" in sentence
    with Cutter(processes.free_port()) as line:
        code, sentence = refused(small, "webdav", f"http://127.0.0.1:{line.port}/inbox", tmp_path / "r2.json")
        assert code == "transfer.connection" and "Error(" not in sentence and "('" not in sentence


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://reviewers.example.org/inbox", "network.insecure"),
        ("ftp://127.0.0.1/inbox", "network.bad_address"),
        (f"https://{USER}:{PASSWORD.replace(' ', '')}@127.0.0.1/inbox", "network.bad_address"),
        ("https://127.0.0.1/inbox?token=abc", "network.bad_address"),
        ("https://127.0.0.1:99999/inbox", "network.bad_address"),
        ("", "network.bad_address"),
    ],
)
def test_addresses_that_are_not_called(url, code, small, tmp_path):
    with pytest.raises(AzeError) as raised:
        transfer.target("webdav", url)
    assert raised.value.code == code
    assert PASSWORD.replace(" ", "") not in text(raised.value.code, raised.value.params)


def test_credentials_go_to_no_other_server(form, middling, tmp_path):
    with FormServer() as other:
        for status in (301, 302, 307, 308):
            form.faults = [refuse(status, 0, Location=f"http://localhost:{other.port}/submit")]
            code, _ = refused(middling, "form", form.url, tmp_path / f"{status}.json")
            assert code in ("network.redirected", "transfer.moved")
        assert other.headers == [] and other.received == []
        # An address to check by may be elsewhere; it is asked without them.
        fields = json.dumps({"check": other.check})
        assert deliver(middling, "form", form.url, tmp_path / "r.json", fields=fields).state == "confirmed"
        assert other.headers and not any("Authorization" in headers for headers in other.headers)
    assert form.headers[-1]["Authorization"] == BASIC


def test_a_tus_server_that_names_another_host_gets_nothing(small, tmp_path):
    with FormServer() as other, FormServer() as server:
        named = f"http://localhost:{other.port}/files/1"
        server.faults = [lambda handler: send(handler, 201, Location=named) or True]
        code, _ = refused(small, "tus", server.url, tmp_path / "r.json")
        assert code == "network.redirected" and other.headers == []


def test_a_server_that_repeats_the_password_does_not_get_it_written_down(form, small, tmp_path):
    told = f"You are {USER} with {PASSWORD}, sent as {BASIC}"
    form.faults = [whole_then(200, True, form, told.encode(), ETag=f'"{PASSWORD}"')]
    deliver(small, "form", form.url, tmp_path / "r.json")
    form.faults = [whole_then(400, False, form, told.encode())]
    assert refused(small, "form", form.url, tmp_path / "bad.json")[0] == "transfer.refused"
    for name in ("r.json", "bad.json"):
        written = (tmp_path / name).read_text(encoding="utf-8")
        assert PASSWORD not in written and BASIC.split()[1] not in written and f"You are {USER}" in written


# ------------------------------------------------------------------------------------------------------- receipts


def test_a_receipt_serves_one_package_and_one_address(form, small, middling, tmp_path):
    deliver(small, "form", form.url, tmp_path / "r.json")
    before = (tmp_path / "r.json").read_bytes()
    assert refused(middling, "form", form.url, tmp_path / "r.json")[0] == "transfer.other_package"
    assert refused(small, "form", form.url + "2", tmp_path / "r.json")[0] == "transfer.other_target"
    assert refused(small, "tus", form.url, tmp_path / "r.json")[0] == "transfer.other_target"
    assert (tmp_path / "r.json").read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [b"PK\x03\x04", b"{", b"[]", b'{"schema": "aze-receipt/1", "state": "confirmed"}', b"[" * 100_000, b"\xff\xfe"],
)
def test_a_file_that_is_no_receipt_is_left_alone(form, small, tmp_path, content):
    (tmp_path / "r.json").write_bytes(content)
    assert refused(small, "form", form.url, tmp_path / "r.json")[0] == "transfer.receipt_foreign"
    assert (tmp_path / "r.json").read_bytes() == content and form.received == []


def test_a_file_that_changes_while_it_is_sent_is_not_finished(form, tmp_path):
    file = made_file(tmp_path / "p.zip", 3 * MB)
    with Cutter(form.port) as line:
        line.hold = 1000
        url = form.url.replace(str(form.port), str(line.port))

        def change():
            assert line.held.wait(60)
            made_file(file, 3 * MB, b"other")
            line.hold = None

        changer = threading.Thread(target=change)
        changer.start()
        code, _ = refused(file, "form", url, tmp_path / "r.json")
        changer.join()
    assert code in ("transfer.package_changed", "transfer.unknown") and form.received == []


def test_a_file_that_is_written_over_in_place_is_not_finished(tmp_path):
    file = made_file(tmp_path / "p.zip", 3 * MB)
    finishing = []
    body = Piece(transfer.identify(file, Progress()), before_last=lambda: finishing.append(True))
    assert len(body.read(1 << 20)) == 1 << 20
    with open(file, "r+b") as other:
        other.seek(2 * MB)
        other.write(b"another nomination")
    os.utime(file, ns=(1, 1))
    with pytest.raises(AzeError, match="package_changed"):
        while body.read(1 << 20):
            pass
    assert not finishing and body.done < 3 * MB


@pytest.mark.parametrize("fields", ["{", "[]", '{"file": ""}', '{"more": 1}', '{"fields": {"a": []}}', '{"check": 3}'])
def test_fields_that_cannot_be_understood(fields):
    with pytest.raises(AzeError, match="transfer.fields"):
        transfer.target("form", "https://127.0.0.1/", fields)
    with pytest.raises(AzeError, match="check_without_digest"):
        transfer.target("form", "https://127.0.0.1/", '{"check": "https://127.0.0.1/{name}"}')


def test_the_package_is_never_in_memory_as_a_whole(form, middling, tmp_path):
    tracemalloc.start()
    try:
        deliver(middling, "form", form.url, tmp_path / "r.json")
        assert tracemalloc.get_traced_memory()[1] < 8 * MB
    finally:
        tracemalloc.stop()


def test_every_code_has_a_sentence():
    import re

    from aze_plugin.services.wording.transfer import templates

    known = templates()
    used = set()
    for path in [*(ROOT / "aze_plugin" / "packaging").glob("transfer*.py"), ROOT / "aze_plugin/services/receipts.py"]:
        used |= set(re.findall(r'"(transfer\.[a-z_]+)"', path.read_text(encoding="utf-8")))
    assert len(used) > 25 and used <= set(known), used - set(known)
