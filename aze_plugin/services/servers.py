"""What a service on the web offers: the layers of a WFS, of OGC API – Features, and of an ArcGIS feature service.

Listing is done here, in any thread and with reasons in plain words; the layers themselves are opened and read by QGIS's
own providers, with credentials by the id of an authentication configuration alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from qgis.core import QgsDataSourceUri

from .. import paths
from ..domain.errors import AzeError
from ..domain.progress import Progress
from .network import READ_SECONDS, Connection, Credentials, Fault, NetworkSettings, check_exact_address, shown_url

WFS, OGC_API, ARCGIS = "wfs", "ogc_api", "arcgis"
KINDS = {WFS: "WFS", OGC_API: "service of OGC API – Features", ARCGIS: "ArcGIS feature service"}

# Of a WFS's address, what QGIS says itself.
_OWN_WORDS = ("service", "request", "version", "acceptversions", "typename", "typenames", "outputformat")


@dataclass(frozen=True)
class Offered:
    """A layer that a service offers. ``provider`` and ``uri``: how QGIS opens it; ``url``: the service's address."""

    name: str
    title: str
    provider: str
    uri: str
    url: str


def checked_address(url: str, authcfg: str) -> str:
    """An address as it is typed, made whole. Raises AzeError ``network.bad_address`` for what is none, and
    ``network.insecure`` where credentials would go unencrypted to another computer."""
    url = url.strip()
    if "://" not in url:
        url = f"https://{url}"
    try:
        parts = urlsplit(url)
        sound = (
            parts.scheme in ("http", "https")
            and parts.hostname
            and parts.port != 0
            and url.isprintable()
            and " " not in url
        )
    except ValueError:
        sound = False
    if not sound or parts.username is not None or parts.password is not None:
        raise AzeError("network.bad_address", url=url.rpartition("@")[2].partition("?")[0])
    return check_exact_address(url, query=True) if authcfg else url


def kind_of(url: str) -> str:
    """Which kind of service an address most likely is of, by its words."""
    low = url.lower()
    if "/featureserver" in low or "/mapserver" in low or "/rest/services" in low:
        return ARCGIS
    return OGC_API if "/collections" in low or "/wfs3" in low or "ogcapi" in low else WFS


def offered(
    kind: str,
    url: str,
    authcfg: str,
    credentials: Credentials,
    settings: NetworkSettings,
    progress: Progress,
    patience_s: float = READ_SECONDS,
) -> list[Offered]:
    """The layers of a service, in its order.

    ``credentials`` and ``settings`` are taken in the main thread (see ``network``). ``patience_s``: seconds of silence
    after which the server is given up. Raises AzeError ``server.…`` or
    ``network.…`` with the reason, and Cancelled.
    """
    with Connection(settings) as connection:
        service = _Service(kind, url, authcfg, credentials, connection, progress, patience_s)
        found = list({WFS: _wfs, OGC_API: _ogc_api, ARCGIS: _arcgis}[kind](service))
    if not found:
        raise AzeError("server.no_layers", url=shown_url(url))
    return found


class _Service:
    def __init__(self, kind, url: str, authcfg: str, credentials, connection: Connection, progress, patience_s: float):
        self.kind, self.url, self.authcfg = kind, url, authcfg
        self._patience_s = patience_s
        self._credentials, self._connection, self._progress = credentials, connection, progress

    def get(self, url: str, params: Mapping[str, str]) -> bytes:
        """What the service answers."""
        host = urlsplit(url).netloc.rpartition("@")[2]
        try:
            answer = self._connection.get(url, self._credentials, self._progress, params, self._patience_s)
        except Fault as fault:
            if fault.kind == "timeout":
                raise AzeError("server.timeout", host=host) from None
            raise AzeError("server.unreachable", host=host, detail=fault.detail or fault.kind) from None
        if answer.status in (401, 403):
            raise AzeError("server.refused", host=host, status=str(answer.status))
        if answer.status == 404 or answer.status == 400:
            raise self.foreign()
        if answer.status != 200:
            raise AzeError("server.status", host=host, status=str(answer.status), url=shown_url(url))
        return answer.body

    def get_json(self, url: str, params: Mapping[str, str]) -> dict[str, Any]:
        """A JSON object that the service answers."""
        try:
            document = json.loads(self.get(url, params))
        except ValueError:
            raise self.foreign() from None
        if not isinstance(document, dict):
            raise self.foreign()
        return document

    def foreign(self) -> AzeError:
        """That the address is of something else."""
        return AzeError("server.not_a_service", url=shown_url(self.url), service=KINDS[self.kind])

    def uri(self, **parameters: str) -> str:
        """A source for QGIS's provider, with the authentication configuration's id."""
        uri = QgsDataSourceUri()
        for name, value in parameters.items():
            uri.setParam(name, value)
        if self.authcfg:
            uri.setAuthConfigId(self.authcfg)
        return uri.uri(False)


def _wfs(service: _Service) -> Iterator[Offered]:
    parts = urlsplit(service.url)
    own = [(name, value) for name, value in parse_qsl(parts.query) if name.lower() not in _OWN_WORDS]
    base = urlunsplit((*parts[:3], urlencode(own), ""))
    asked = {"SERVICE": "WFS", "REQUEST": "GetCapabilities", "ACCEPTVERSIONS": "2.0.0,1.1.0,1.0.0"}
    root = _parsed(service, service.get(base, asked))
    if _local(root.tag) != "WFS_Capabilities":
        raise service.foreign()
    for element in root.iter():
        if _local(element.tag) != "FeatureType":
            continue
        told = {_local(child.tag): (child.text or "").strip() for child in element}
        name = told.get("Name", "")
        if name:
            uri = service.uri(url=base, typename=name, version="auto", pagingEnabled="true")
            yield Offered(name, told.get("Title") or name, "WFS", uri, service.url)


def _parsed(service: _Service, body: bytes):
    paths.enable_vendored()
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        return fromstring(body, forbid_dtd=True)
    except (DefusedXmlException, ParseError, ValueError, LookupError):
        raise service.foreign() from None


def _local(tag: Any) -> str:
    return str(tag).rpartition("}")[2]


def _ogc_api(service: _Service) -> Iterator[Offered]:
    base = service.url.partition("?")[0].rstrip("/").removesuffix("/collections")
    document = service.get_json(f"{base}/collections", {"f": "json"})
    collections = document.get("collections")
    if not isinstance(collections, list):
        raise service.foreign()
    for one in collections:
        name = one.get("id") if isinstance(one, dict) else None
        if isinstance(name, str) and name and one.get("itemType", "feature") == "feature":
            title = one.get("title")
            uri = service.uri(url=base, typename=name, pageSize="1000")
            yield Offered(name, title if isinstance(title, str) and title else name, "OAPIF", uri, service.url)


def _arcgis(service: _Service) -> Iterator[Offered]:
    base = service.url.partition("?")[0].rstrip("/")
    document = service.get_json(base, {"f": "json"})
    failed = document.get("error")
    if isinstance(failed, dict):
        host = urlsplit(base).netloc
        if failed.get("code") in (401, 403, 498, 499):
            raise AzeError("server.refused", host=host, status=str(failed["code"]))
        raise AzeError("server.status", host=host, status=str(failed.get("message", "")), url=shown_url(base))
    layers = document.get("layers")
    if not isinstance(layers, list):
        if "geometryType" not in document:
            raise service.foreign()
        # The address of one layer.
        base, _, number = base.rpartition("/")
        layers = [{**document, "id": number}]
    for one in layers:
        if not isinstance(one, dict) or "id" not in one:
            continue
        shape = one.get("geometryType", "esriGeometryPolygon")
        if one.get("type", "Feature Layer") != "Feature Layer" or shape not in _SHAPES:
            continue
        name = str(one.get("name") or one["id"])
        # QGIS has the server give WGS 84, whatever it keeps.
        uri = service.uri(crs="EPSG:4326", url=f"{base}/{one['id']}")
        yield Offered(str(one["id"]), name, "arcgisfeatureserver", uri, service.url)


_SHAPES = ("esriGeometryPolygon", "esriGeometryPoint", "esriGeometryMultipoint")
