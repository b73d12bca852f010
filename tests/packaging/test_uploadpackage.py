"""``aze:uploadpackage`` as users call it: what is sent, what never is, and what is kept of it."""

import hashlib
import json
import shutil
import sys
import zipfile
from pathlib import Path

import pytest
from auth_configurations import configurations
from package_helpers import execute
from qgis.core import QgsApplication, QgsProcessingException

sys.path.insert(0, str(Path(__file__).resolve().parent / "servers"))

import processes  # noqa: E402
from form import FormServer  # noqa: E402
from processes import PASSWORD, USER  # noqa: E402

DAV, FORM, TUS = 0, 1, 2


@pytest.fixture(scope="module")
def authcfg(qgis_app):
    """A maker of authentication configurations: method and settings in, id out."""
    login = {"username": USER, "password": PASSWORD}
    with configurations() as make:
        yield lambda method="Basic", **settings: make(method, **(settings or login))


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """nginx, WsgiDAV and the tus server by method and address, with where each keeps what it gets."""
    folder = tmp_path_factory.mktemp("servers")
    made = []
    try:
        made.append(processes.nginx(folder / "n", folder / "nginx"))
        made.append(processes.wsgidav(folder / "w", folder / "dav"))
        made.append(processes.tus(folder / "t", folder / "tus"))
        inbox = f"remote.php/dav/files/{USER}/inbox"
        yield {
            "nginx": (DAV, f"{made[0].url}/closed", folder / "nginx" / "closed"),
            "WsgiDAV": (DAV, f"{made[1].url}/{inbox}", folder / "dav" / "files" / USER / "inbox"),
            "tus": (TUS, f"{made[2].url}/files", folder / "tus"),
        }
    except processes.Missing as missing:
        pytest.skip(str(missing))
    finally:
        for server in made:
            server.stop()


def upload(package, method, url, receipt, **more):
    from aze_plugin.processing.uploadpackage import UploadPackage

    return execute(UploadPackage, PACKAGE=str(package), METHOD=method, URL=url, RECEIPT=str(receipt), **more)


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["nginx", "WsgiDAV", "tus"])
def test_a_valid_package_is_sent_once(name, servers, final_package, authcfg, tmp_path):
    method, url, store = servers[name]
    receipt = tmp_path / "receipt.json"
    first = upload(final_package, method, url, receipt, AUTHCFG=authcfg())
    assert (first["STATE"], first["SENT"], first["SHA256"]) == ("confirmed", True, digest(final_package))
    there = [digest(p) for p in store.iterdir() if p.suffix != ".json"]
    assert there == [digest(final_package)]
    written = receipt.read_bytes()
    again = upload(final_package, method, url, receipt, AUTHCFG=authcfg())
    assert (again["STATE"], again["SENT"]) == ("confirmed", False)
    assert receipt.read_bytes() == written and PASSWORD.encode() not in written
    assert len([p for p in store.iterdir() if p.suffix != ".json"]) == 1
    assert json.loads(written)["package"]["status"] == "final"


def test_a_form_without_a_password_gets_what_it_asks_for(final_package, tmp_path):
    with FormServer() as server:
        fields = '{"file": "upload", "fields": {"sum": "{sha256}"}}'
        assert upload(final_package, FORM, server.url, tmp_path / "r.json", FIELDS=fields)["SENT"]
        (entry,) = server.received
        assert (entry["field"], entry["fields"]) == ("upload", {"sum": digest(final_package)})
        assert entry["sha256"] == digest(final_package)


def refused(*arguments, **more):
    with pytest.raises(QgsProcessingException) as raised:
        upload(*arguments, **more)
    assert PASSWORD not in str(raised.value) and "transfer." not in str(raised.value)
    return str(raised.value)


def test_what_is_not_valid_is_never_sent(final_package, unpacked, tmp_path):
    with FormServer() as server:
        tampered = tmp_path / "tampered.zip"
        with zipfile.ZipFile(final_package) as source, zipfile.ZipFile(tampered, "w") as target:
            for name in source.namelist():
                target.writestr(name, source.read(name) + (b" " if name.endswith("nomination.json") else b""))
        said = refused(tampered, FORM, server.url, tmp_path / "r.json")
        assert "no valid package" in said and "not those that were packaged" in said
        (tmp_path / "text.zip").write_bytes(b"no zip")
        assert "no valid package" in refused(tmp_path / "text.zip", FORM, server.url, tmp_path / "r.json")
        assert "is a folder" in refused(unpacked, FORM, server.url, tmp_path / "r.json")
        assert server.headers == [] and not (tmp_path / "r.json").exists()


def test_a_draft_is_sent_only_when_it_is_meant(package, example, tmp_path):
    del example["consultation"]
    results = package(example, ALLOW_INCOMPLETE=True)
    with FormServer() as server:
        said = refused(results["OUTPUT"], FORM, server.url, tmp_path / "r.json")
        assert "it is a draft" in said and server.headers == []
        assert upload(results["OUTPUT"], FORM, server.url, tmp_path / "r.json", ALLOW_DRAFT=True)["SENT"]
        assert json.loads((tmp_path / "r.json").read_text())["package"]["status"] == "draft"


def test_a_wrong_password_is_said_and_the_right_one_goes_on(servers, final_package, authcfg, tmp_path):
    _, url, store = servers["nginx"]
    package = shutil.copy(final_package, tmp_path / "Second.zip")
    wrong = authcfg(username=USER, password="not-this-one")
    said = refused(package, DAV, url, tmp_path / "r.json", AUTHCFG=wrong)
    assert "did not accept the user name or the password (401)" in said
    kept = (tmp_path / "r.json").read_text(encoding="utf-8")
    assert json.loads(kept)["problem"]["code"] == "transfer.password" and "not-this-one" not in kept
    assert "wants a user name and a password" in refused(package, DAV, url, tmp_path / "r.json")
    assert upload(package, DAV, url, tmp_path / "r.json", AUTHCFG=authcfg())["SENT"]
    assert json.loads((tmp_path / "r.json").read_text())["problem"] is None
    assert digest(store / "Second.zip") == digest(final_package)


def test_what_is_known_to_have_arrived_needs_no_password(servers, final_package, authcfg, tmp_path):
    method, url, _ = servers["tus"]
    upload(final_package, method, url, tmp_path / "r.json", AUTHCFG=authcfg())
    assert upload(final_package, method, url, tmp_path / "r.json", AUTHCFG="gone123")["STATE"] == "confirmed"
    assert "gone123" in refused(final_package, method, url, tmp_path / "other.json", AUTHCFG="gone123")


def test_an_address_without_encryption_is_refused(final_package, tmp_path):
    said = refused(final_package, DAV, "http://reviewers.example.org/inbox", tmp_path / "r.json")
    assert "not encrypted" in said and not (tmp_path / "r.json").exists()


def test_nothing_is_logged_that_is_secret(servers, final_package, authcfg, tmp_path, caplog):
    caplog.set_level(0)
    method, url, _ = servers["tus"]
    logged = []
    QgsApplication.messageLog().messageReceived.connect(lambda *said: logged.append(str(said)))
    upload(final_package, method, url, tmp_path / "r.json", AUTHCFG=authcfg())
    assert PASSWORD not in caplog.text + "".join(logged) and "Authorization" not in caplog.text


def test_the_algorithm_is_offered(provider):
    algorithm = provider.algorithm("uploadpackage")
    names = [p.name() for p in algorithm.parameterDefinitions()]
    assert names == ["PACKAGE", "URL", "METHOD", "AUTHCFG", "ALLOW_DRAFT", "FIELDS", "RECEIPT"]
    assert algorithm.parameterDefinition("METHOD").options()[DAV].startswith("WebDAV")
    assert "never sent" in algorithm.shortHelpString()
