"""Layers of servers, opened from the panel: a real WFS, OGC API and PostGIS on loopback."""

import json
import shutil
import socket
import sys
import threading
from functools import partial, partialmethod
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from pages_support import *  # noqa: F403
from pages_support import SAMPLE, settle, wait_for
from qgis.core import QgsSettings
from qgis.gui import QgsBrowserTreeView
from qgis.PyQt.QtCore import QModelIndex

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "qgis"))

import map_servers  # noqa: E402
import processes  # noqa: E402

from aze_plugin.domain.errors import AzeError  # noqa: E402
from aze_plugin.domain.progress import Progress  # noqa: E402
from aze_plugin.gui import tasks  # noqa: E402
from aze_plugin.gui.connect_dialog import ConnectDialog, only_aze, open_layer  # noqa: E402
from aze_plugin.gui.pages.data import DataPage  # noqa: E402
from aze_plugin.services import network, servers  # noqa: E402


@pytest.fixture(scope="module")
def wfs(qgis_app, tmp_path_factory):
    if map_servers.why_no_wfs():
        pytest.skip(map_servers.why_no_wfs())
    folder = tmp_path_factory.mktemp("wfs")
    # A server that is ended leaves a GeoPackage that it had open otherwise than it was.
    shutil.copy(SAMPLE / "sites.gpkg", folder / "sites.gpkg")
    with map_servers.MapServer(folder, {"sites": str(folder / "sites.gpkg")}) as server:
        yield server


@pytest.fixture
def dialog(empty_session):
    QgsSettings().remove("aze_toolkit/server")
    made = ConnectDialog(empty_session, "sites", "AZE and KBA sites")
    made.show()
    settle()
    yield made
    made.reject()
    made.deleteLater()
    QgsSettings().remove("aze_toolkit/server")


def looked_up(dialog, address):
    dialog.address.setText(address)
    dialog._address_edited(address)
    dialog.look_up()
    wait_for(lambda: not dialog._looking.is_running)
    return [dialog.list.item(n).text() for n in range(dialog.list.count())]


@pytest.mark.parametrize("path", ["", "/wfs3"])
def test_layers_of_a_service_by_its_address(dialog, empty_session, wfs, path):
    assert not dialog.open_.isEnabled()
    assert looked_up(dialog, wfs.url + path) == ["sites"]
    assert dialog.open_.isEnabled() and not dialog.problem.isVisible()
    (layer,) = dialog.open_chosen()
    assert empty_session.sources.site_layers == [layer] and not dialog.isVisible()
    assert layer.providerType() == ("OAPIF" if path else "WFS")
    empty_session.sites.want()
    wait_for(lambda: empty_session.sites.rows)
    assert len(empty_session.sites.rows) == 4 and empty_session.sites.problems == []


def test_aze_sites_only_is_asked_of_the_server(dialog, empty_session, wfs):
    looked_up(dialog, wfs.url)
    dialog.only_aze.setChecked(True)
    (layer,) = dialog.open_chosen()
    assert "AzeStatus" in layer.subsetString()
    assert {f["AzeStatus"] for f in layer.getFeatures()} == {"confirmed"}
    page = DataPage(empty_session)
    box = page.sites.part.rows.itemAt(0).widget().findChild(type(dialog.only_aze))
    assert box.isChecked()
    box.click()
    assert layer.subsetString() == "" and layer.featureCount() == 4
    page.deleteLater()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://127.0.0.1:1/wfs", "cannot be reached"),
        ("http://no.such.host.invalid/wfs", "cannot be reached"),
        ("hello world", "no address"),
        ("https://me:secret@127.0.0.1/", "no address"),
    ],
)
def test_why_a_service_cannot_be_asked(dialog, address, said):
    assert looked_up(dialog, address) == []
    assert said in dialog.problem.plain() and "secret" not in dialog.problem.plain()
    assert not dialog.open_.isEnabled()


def test_another_service_than_expected_is_said(dialog, wfs):
    assert looked_up(dialog, f"{wfs.url}/rest/services") == []
    assert "no ArcGIS feature service" in dialog.problem.plain()


def test_a_layer_that_is_gone_and_one_without_polygons(wfs, tmp_path):
    with pytest.raises(AzeError) as raised:
        open_layer(f"url='{wfs.url}/' typename='nothere' version='auto'", "nothere", "WFS", "sites")
    assert raised.value.code == "server.layer_gone" and raised.value.params["host"].startswith("127.0.0.1")
    if not map_servers.why_no_postgis():
        with map_servers.PostGis() as server:
            server.load(str(SAMPLE / "sites.gpkg"), "sites")
            layer = open_layer(server.uri("sites"), "sites", "postgres", "sites")
            assert only_aze(layer, True) and layer.featureCount() == 3
            with pytest.raises(AzeError) as raised:
                open_layer(server.uri("nothere"), "nothere", "postgres", "sites")
            assert raised.value.code == "server.layer_gone"
    points = tmp_path / "points.geojson"
    points.write_text('{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{}}')
    with pytest.raises(AzeError) as raised:
        open_layer(str(points), "points", "ogr", "sites")
    assert raised.value.code == "server.no_polygons"


# --------------------------------------- ArcGIS: a small stand-in that answers as the REST API's documentation has it


class ArcGisStandIn(BaseHTTPRequestHandler):
    """Not ArcGIS: answers ``?f=json`` of a service and a layer, and ``query`` by pages, as documented for ArcGIS REST
    (resultOffset, resultRecordCount, returnIdsOnly, returnCountOnly, objectIds). Keeps what was asked; QGIS 3.40 takes
    its pages by objectIds."""

    asked: list = []
    most = 20
    count = 54

    def log_message(self, *_args):
        pass

    def do_GET(self):
        parts = urlsplit(self.path)
        self._answer(parts.path, parse_qs(parts.query))

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self._answer(urlsplit(self.path).path, parse_qs(body))

    def _answer(self, path, query):
        query = {name: values[0] for name, values in query.items()}
        self.asked.append((path, query))
        if path.endswith("/FeatureServer"):
            found = {"currentVersion": 10.9, "layers": [{"id": 0, "name": "KBA", "type": "Feature Layer"}]}
            found["layers"][0]["geometryType"] = "esriGeometryPolygon"
            found["layers"].append({"id": 1, "name": "Roads", "type": "Feature Layer"})
            found["layers"][1]["geometryType"] = "esriGeometryPolyline"
        elif path.endswith("/secret/rest/FeatureServer/0"):
            found = {"error": {"code": 499, "message": "Token Required"}}
        elif path.endswith("/query"):
            found = self._query(query)
        else:
            found = {
                "currentVersion": 10.9,
                "id": 0,
                "name": "KBA",
                "type": "Feature Layer",
                "geometryType": "esriGeometryPolygon",
                "objectIdField": "OBJECTID",
                "maxRecordCount": self.most,
                "capabilities": "Query",
                "advancedQueryCapabilities": {"supportsPagination": True},
                "extent": {"xmin": 34, "ymin": -17, "xmax": 40, "ymax": -9, "spatialReference": {"wkid": 4326}},
                "fields": [
                    {"name": "OBJECTID", "type": "esriFieldTypeOID"},
                    {"name": "SitRecID", "type": "esriFieldTypeInteger"},
                    {"name": "IntName", "type": "esriFieldTypeString", "length": 80},
                    {"name": "AzeStatus", "type": "esriFieldTypeString", "length": 20},
                ],
            }
        body = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _query(self, query):
        ids = list(range(1, self.count + 1))
        if query.get("returnCountOnly") == "true":
            return {"count": len(ids)}
        if query.get("returnIdsOnly") == "true":
            return {"objectIdFieldName": "OBJECTID", "objectIds": ids}
        if query.get("objectIds"):
            ids = [int(n) for n in query["objectIds"].split(",")]
        start = int(query.get("resultOffset", 0))
        pages = ids[start : start + min(self.most, int(query.get("resultRecordCount", self.most)))]
        return {
            "objectIdFieldName": "OBJECTID",
            "geometryType": "esriGeometryPolygon",
            "spatialReference": {"wkid": 4326},
            "fields": [{"name": "OBJECTID", "type": "esriFieldTypeOID"}],
            "features": [
                {
                    "attributes": {
                        "OBJECTID": n,
                        "SitRecID": 500 + n,
                        "IntName": f"Site {n}",
                        "AzeStatus": "confirmed" if n % 2 else None,
                    },
                    "geometry": {
                        "rings": [
                            [[34 + n / 100, -15], [34 + n / 100, -14.99], [34.01 + n / 100, -14.99]]
                            + [[34.01 + n / 100, -15], [34 + n / 100, -15]]
                        ]
                    },
                }
                for n in pages
            ],
        }


@pytest.fixture
def arcgis():
    ArcGisStandIn.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), ArcGisStandIn)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_an_arcgis_stand_in_by_pages(dialog, empty_session, arcgis):
    assert looked_up(dialog, f"{arcgis}/rest/services/kba/FeatureServer") == ["KBA (0)"]
    (layer,) = dialog.open_chosen()
    assert layer.providerType() == "arcgisfeatureserver" and layer.featureCount() == 54
    empty_session.sites.want()
    wait_for(lambda: empty_session.sites.rows or empty_session.sites.problems)
    assert empty_session.sites.problems == []
    rows = sorted(empty_session.sites.rows, key=lambda row: int(row.site_id))
    assert [row.site_id for row in rows] == [str(500 + n) for n in range(1, 55)]
    assert [row.aze for row in rows[:2]] == ["confirmed", "none"]
    # North is up: the order of axes is right.
    assert rows[0].extent == pytest.approx((34.01, -15, 34.02, -14.99))
    asked = [query for path, query in ArcGisStandIn.asked if path.endswith("/query") and query.get("objectIds")]
    assert len(asked) >= 3


def test_an_arcgis_feature_service_and_its_aze_sites_alone(dialog, empty_session, tmp_path):
    """Koop: a server of the specification that is not ours."""
    shutil.copy(SAMPLE / "sites.gpkg", tmp_path / "sites.gpkg")
    try:
        server = map_servers.FeatureService(tmp_path, {"kba": str(tmp_path / "sites.gpkg")})
    except processes.Missing as missing:
        pytest.skip(str(missing))
    with server:
        assert looked_up(dialog, server.address("kba")) == ["kba.geojson (0)"]
        dialog.only_aze.setChecked(True)
        (layer,) = dialog.open_chosen()
        assert layer.providerType() == "arcgisfeatureserver" and layer.subsetString()
        assert [f["AzeStatus"] for f in layer.getFeatures()] == ["confirmed"] * 3
        assert only_aze(layer, False) and layer.featureCount() == 4
        empty_session.sites.want()
        wait_for(lambda: len(empty_session.sites.rows) == 4 or empty_session.sites.problems)
        assert empty_session.sites.problems == []


@pytest.fixture
def silent():
    """A server that takes calls and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/wfs"


def test_a_server_that_does_not_answer_is_given_up(silent):
    given = (servers.WFS, silent, "", network.Credentials(), network.network_settings(), Progress())
    with pytest.raises(AzeError) as raised:
        servers.offered(*given, patience_s=0.3)
    assert raised.value.code == "server.timeout"


def test_looking_can_be_stopped_while_a_server_is_silent(dialog, silent, monkeypatch):
    # Nothing else ends it.
    monkeypatch.setattr(servers, "offered", partial(servers.offered, patience_s=3600))
    monkeypatch.setattr(network.Connection, "get", partialmethod(network.Connection.get, whole_s=3600))
    dialog.address.setText(silent)
    dialog.look_up()
    wait_for(lambda: dialog.busy.isVisible())
    dialog.busy.stop.click()
    assert dialog.look.isEnabled() and not dialog.busy.isVisible()
    wait_for(lambda: tasks.under_way() == 0)


def test_an_arcgis_that_wants_a_token(arcgis):
    with pytest.raises(AzeError) as raised:
        servers.offered(
            servers.ARCGIS,
            f"{arcgis}/secret/rest/FeatureServer/0",
            "",
            network.Credentials(),
            network.network_settings(),
            Progress(),
        )
    assert raised.value.code == "server.refused"


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("https://a.org/geoserver/wfs", servers.WFS),
        ("https://a.org/cgi?map=/x.map&service=WFS", servers.WFS),
        ("https://a.org/arcgis/rest/services/X/FeatureServer/0", servers.ARCGIS),
        ("https://a.org/ogcapi/collections", servers.OGC_API),
    ],
)
def test_kinds_are_told_by_the_address(address, kind):
    assert servers.kind_of(address) == kind


def test_an_address_with_credentials_goes_encrypted_or_not_at_all():
    assert servers.checked_address("a.org/wfs", "") == "https://a.org/wfs"
    assert servers.checked_address("http://a.org/wfs?map=1", "") == "http://a.org/wfs?map=1"
    with pytest.raises(AzeError) as raised:
        servers.checked_address("http://a.org/wfs", "abc1234")
    assert raised.value.code == "network.insecure"


def test_a_connection_that_qgis_knows(empty_session):
    from qgis.core import QgsProviderRegistry

    if map_servers.why_no_postgis():
        pytest.skip(map_servers.why_no_postgis())
    metadata = QgsProviderRegistry.instance().providerMetadata("postgres")
    with map_servers.PostGis() as server:
        server.load(str(SAMPLE / "sites.gpkg"), "sites")
        source = f"dbname='postgres' host=127.0.0.1 port={server.port} user='aze' sslmode=disable"
        metadata.saveConnection(metadata.createConnection(source, {"saveUsername": True}), "aze test")
        dialog = ConnectDialog(empty_session, "sites", "AZE and KBA sites")
        try:
            dialog.show()
            dialog.tabs.setCurrentWidget(dialog.browser)
            view = dialog.browser.findChild(QgsBrowserTreeView)
            proxy = view.model()
            model = dialog.model
            place = QModelIndex()
            for path in ("pg:", "pg:/aze test", "pg:/aze test/public", "pg:/aze test/public/sites"):
                found = [model.index(n, 0, place) for n in range(model.rowCount(place))]
                place = next(index for index in found if model.dataItem(index).path() == path)
                if path != "pg:/aze test/public/sites":
                    model.dataItem(place).populate(True)
            there = proxy.mapFromSource(place)
            view.setCurrentIndex(there)
            view.clicked.emit(there)
            assert dialog.open_.isEnabled()
            (layer,) = dialog.open_chosen()
            assert layer.providerType() == "postgres" and layer.featureCount() == 4
            empty_session.sites.want()
            wait_for(lambda: empty_session.sites.rows)
            empty_session.project.clear()
        finally:
            dialog.deleteLater()
            metadata.deleteConnection("aze test")


def test_several_layers_of_which_a_server_stopped_are_not_taken_for_less(empty_session, tmp_path):
    from qgis.core import QgsCoordinateTransformContext, QgsVectorLayer

    from aze_plugin.services import candidates
    from aze_plugin.services.joined import Joined
    from aze_plugin.services.layers import LayerSnapshot

    if map_servers.why_no_wfs():
        pytest.skip(map_servers.why_no_wfs())
    for name in ("served.gpkg", "own.gpkg"):
        shutil.copy(SAMPLE / "sites.gpkg", tmp_path / name)
    said = []
    empty_session.message.connect(lambda sentence, _level: said.append(sentence))
    with map_servers.MapServer(tmp_path, {"sites": str(tmp_path / "served.gpkg")}) as server:
        (offered,) = servers.offered(
            servers.WFS, server.url, "", network.Credentials(), network.network_settings(), Progress()
        )
        asking = f"{offered.uri} restrictToRequestBBOX='1'"
        remote = open_layer(asking, "sites", offered.provider, "sites")
        assert "restrictToRequestBBOX" not in remote.source()
        empty_session.sources.add_layer(remote, "sites")
        empty_session.sources.add_layer(QgsVectorLayer(str(tmp_path / "own.gpkg"), "own", "ogr"), "sites")
        given = empty_session.sources.site_parameters()
        joined = Joined([LayerSnapshot(given["SITES"]), *map(LayerSnapshot, given["MORE_SITES"])])
        server.stop()
        with pytest.raises(AzeError) as raised:
            candidates.read_sites(joined, QgsCoordinateTransformContext(), Progress())
        assert raised.value.code == "layer.incomplete"
        empty_session.project.clear()
