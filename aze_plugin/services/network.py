"""Calls to servers by ``requests``, with QGIS's proxy, its trusted certificates and its stored credentials.

What QGIS holds is taken in the main thread (``network_settings``, ``headers_of``, ``token_headers``), as it may ask for
the master password; calls are made in any thread. A secret is never part of an error, a log or anything written.
"""

from __future__ import annotations

import ipaddress
import os
import queue
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from qgis.core import QgsApplication, QgsAuthMethodConfig, QgsSettings
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtNetwork import QNetworkProxy, QNetworkRequest

from .. import paths
from ..domain.errors import AzeError, Cancelled
from ..domain.progress import Progress
from .collector import collector_at_rest

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
# An answer that takes longer than this in all is given up, however steadily it drips.
WHOLE_SECONDS = 90.0
MOST_BYTES = 8 << 20

_POLL_SECONDS = 0.1
_PIECE = 1 << 12
_MOST_REDIRECTS = 3
_REDIRECTS = (301, 302, 303, 307, 308)


class Fault(Exception):
    """A call that failed in a way that may pass: ``kind`` is ``timeout``, ``connection`` or ``truncated``."""

    def __init__(self, kind: str, detail: str = ""):
        super().__init__(kind, detail)
        self.kind = kind
        self.detail = detail


@dataclass(frozen=True)
class Credentials:
    """Headers that carry a secret; they do not show when this is printed."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class NetworkSettings:
    """QGIS's proxy and trusted certificates as plain data; a proxy's address may hold its password.

    ``proxy``: its URL, ``""`` for none; ``system_proxy``: the system's own is used; ``direct``: beginnings of URLs that
    are called without one; ``ca_pem``: certificates in PEM.
    """

    proxy: str = field(default="", repr=False)
    system_proxy: bool = False
    direct: tuple[str, ...] = ()
    ca_pem: str = field(default="", repr=False)


@dataclass(frozen=True)
class Answer:
    """What a server said. ``headers``: names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


def check_address(url: str) -> str:
    """The URL without a slash at its end.

    Raises AzeError ``network.bad_address`` for what is none, and ``network.insecure`` for an unencrypted one of another
    computer: anybody on the way could read the token.
    """
    url = url.strip().rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise AzeError("network.bad_address", url=_shown(url))
    if parts.scheme == "http" and not is_loopback(url):
        raise AzeError("network.insecure", url=url)
    return url


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this computer."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _shown(url: str) -> str:
    """A URL without user name, password and query, any of which may be secret."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


# -- what QGIS holds


def headers_of(authcfg: str, url: str) -> Credentials:
    """The headers by which an authentication configuration signs calls to a URL, as QGIS itself would set them.

    Raises AzeError ``network.auth_…`` where there is no such configuration, where it cannot be opened, or where its
    method signs in another way than by headers.
    """
    manager = _manager(authcfg)
    answer = manager.updateNetworkRequest(QNetworkRequest(QUrl(url)), authcfg)
    accepted, request = answer if isinstance(answer, tuple) else (answer, None)
    if not accepted or request is None:
        raise AzeError("network.auth_locked", authcfg=authcfg)
    found = {bytes(name).decode("latin-1"): bytes(request.rawHeader(name)) for name in request.rawHeaderList()}
    if not found:
        raise AzeError("network.auth_no_header", authcfg=authcfg)
    return _checked(authcfg, {name: value.decode("latin-1") for name, value in found.items()})


def token_headers(authcfg: str, url: str) -> Credentials:
    """The ``Authorization`` header for a service that wants a bare token in it.

    The configuration may be of the method *API Header* with a header ``Authorization``, of *Basic* with the token as
    the password, or of *ESRI Token*. Raises AzeError as headers_of does.
    """
    manager = _manager(authcfg)
    answer = manager.loadAuthenticationConfig(authcfg, QgsAuthMethodConfig(), True)
    loaded, config = answer if isinstance(answer, tuple) else (answer, None)
    if not loaded or config is None:
        raise AzeError("network.auth_locked", authcfg=authcfg)
    key = {"Basic": "password", "EsriToken": "token"}.get(config.method())
    if key is not None:
        return _checked(authcfg, {"Authorization": config.config(key)})
    found = headers_of(authcfg, url)
    token = next((value for name, value in found.headers.items() if name.lower() == "authorization"), "")
    if not token:
        raise AzeError("network.auth_no_header", authcfg=authcfg)
    return Credentials({"Authorization": token})


def _manager(authcfg: str):
    manager = QgsApplication.authManager()
    if manager.isDisabled():
        raise AzeError("network.auth_disabled", detail=manager.disabledMessage())
    if not authcfg:
        raise AzeError("network.auth_none")
    if authcfg not in manager.configIds():
        raise AzeError("network.auth_missing", authcfg=authcfg)
    return manager


def _checked(authcfg: str, headers: Mapping[str, str]) -> Credentials:
    """Headers that can be sent: what cannot be would stand in the error that ``requests`` raises."""
    clean = {name: value.strip() for name, value in headers.items()}
    if any(not value.isascii() or not value.isprintable() or not value for value in clean.values()):
        raise AzeError("network.auth_bad_header", authcfg=authcfg)
    return Credentials(clean)


def network_settings() -> NetworkSettings:
    """QGIS's settings for the network, taken in the main thread."""
    settings = QgsSettings()
    pem = bytes(QgsApplication.authManager().trustedCaCertsPemText()).decode("ascii", errors="ignore")
    if not settings.value("proxy/proxyEnabled", False, bool):
        return NetworkSettings(ca_pem=pem)
    direct = [
        str(url)
        for key in ("proxy/noProxyUrls", "proxy/proxyExcludedUrls")
        for url in (settings.value(key, [], list) or [])
        if str(url).strip()
    ]
    kind = str(settings.value("proxy/proxyType", ""))
    host, port = str(settings.value("proxy/proxyHost", "")), str(settings.value("proxy/proxyPort", ""))
    if kind == "DefaultProxy" or not host:
        return NetworkSettings(system_proxy=True, direct=tuple(direct), ca_pem=pem)
    user, password = str(settings.value("proxy/proxyUser", "")), str(settings.value("proxy/proxyPassword", ""))
    authcfg = str(settings.value("proxy/authcfg", ""))
    if authcfg:
        answer = QgsApplication.authManager().updateNetworkProxy(QNetworkProxy(), authcfg)
        if isinstance(answer, tuple) and answer[0]:
            user, password = answer[1].user(), answer[1].password()
    scheme = "socks5h" if kind == "Socks5Proxy" else "http"
    return NetworkSettings(_proxy_url(scheme, host, port, user, password), False, tuple(direct), pem)


def _proxy_url(scheme: str, host: str, port: str, user: str, password: str) -> str:
    login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""
    return f"{scheme}://{login}{host}{':' + port if port else ''}"


# -- calls


class Connection:
    """A ``requests`` session under QGIS's settings. Use it in a ``with`` block, for one call at a time."""

    def __init__(self, settings: NetworkSettings):
        self._settings = settings
        self._session = None

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_exception) -> None:
        self._drop()

    def _drop(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def get(
        self,
        url: str,
        credentials: Credentials,
        progress: Progress,
        params: Mapping[str, str] | None = None,
        read_s: float = READ_SECONDS,
        whole_s: float = WHOLE_SECONDS,
    ) -> Answer:
        """Ask for a URL; redirects are followed on the same server only, as the credentials go with them.

        ``read_s``: seconds of silence after which the call is given up, ``whole_s`` those for all of it. Raises Fault
        for what may pass, AzeError for what will not (``network.tls``, ``network.proxy``, ``network.redirected``), and
        Cancelled within a fraction of a second, also while the server is silent.
        """
        target, query = url, dict(params or {})
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._once(target, query, credentials, progress, read_s, whole_s)
            if answer.status not in _REDIRECTS:
                return answer
            onward = urljoin(target, answer.headers.get("location", ""))
            if _origin(onward) != _origin(url) or onward == target:
                raise AzeError("network.redirected", url=_shown(url), onward=_origin(onward))
            target, query = onward, {}
        raise AzeError("network.redirected", url=_shown(url), onward=_origin(target))

    def _once(
        self,
        url: str,
        params: Mapping[str, str],
        credentials: Credentials,
        progress: Progress,
        read_s: float,
        whole_s: float,
    ) -> Answer:
        if self._session is None:
            self._session = _session(self._settings)
        call = _Call(self._session, url, params, credentials.headers, self._proxies(url), read_s)
        try:
            return call.wait(progress, whole_s)
        except (Fault, Cancelled):
            # Whatever is still under way belongs to the old session.
            call.abandon()
            self._drop()
            raise

    def _proxies(self, url: str) -> dict[str, str]:
        from requests import utils

        if any(url.startswith(beginning) for beginning in self._settings.direct):
            return {}
        if self._settings.system_proxy:
            return utils.get_environ_proxies(url)
        return {"http": self._settings.proxy, "https": self._settings.proxy} if self._settings.proxy else {}


def _origin(url: str) -> str:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{parts.hostname}:{port}"


def _session(settings: NetworkSettings):
    import ssl

    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util.ssl_ import create_urllib3_context

    class Adapter(HTTPAdapter):
        """Trusts what QGIS trusts."""

        def init_poolmanager(self, *args, **kwargs):
            return super().init_poolmanager(*args, ssl_context=_context(), **kwargs)

        def proxy_manager_for(self, *args, **kwargs):
            return super().proxy_manager_for(*args, ssl_context=_context(), **kwargs)

    def _context():
        # Not the ssl module's: urllib3 1.26 checks names itself, and cannot with that one where the host is a number.
        context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
        context.load_default_certs()
        if settings.ca_pem:
            context.load_verify_locations(cadata=settings.ca_pem)
        return context

    session = requests.Session()
    # The environment's .netrc would take the place of the token.
    session.trust_env = False
    session.headers["User-Agent"] = f"AZE-Toolkit/{paths.version()}"
    session.headers["Accept"] = "application/json"
    session.mount("https://", Adapter())
    return session


class _Call:
    """One call in a thread of its own, so that waiting for it can be broken off."""

    def __init__(self, session, url: str, params, headers, proxies, read_s: float):
        self._given = (session, url, params, headers, proxies, read_s)
        self._result: queue.Queue = queue.Queue(1)
        self._response: Any = None
        self._abandoned = False

    def wait(self, progress: Progress, whole_s: float) -> Answer:
        """Make the call; ends in its answer or raises what get() raises."""
        threading.Thread(target=self._run, name="aze-call", daemon=True).start()
        end = time.monotonic() + whole_s
        while True:
            try:
                found = self._result.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                progress.check()
                if time.monotonic() > end:
                    raise Fault("timeout") from None
                continue
            if isinstance(found, Exception):
                raise found
            return found

    def abandon(self) -> None:
        """Let a call that nobody waits for come to its end."""
        self._abandoned = True
        response = self._response
        if response is None:
            return
        try:
            copy = socket.socket(fileno=os.dup(response.raw.fileno()))
        except (OSError, ValueError, AttributeError):
            # The server has closed it already.
            return
        with copy:
            try:
                copy.shutdown(socket.SHUT_RDWR)
            except OSError:
                return

    def _run(self) -> None:
        with collector_at_rest():
            try:
                self._result.put(self._call())
            except Exception as error:  # whoever waits raises it in his own thread, whatever it is
                self._result.put(error)

    def _call(self) -> Answer:
        import requests

        session, url, params, headers, proxies, read_s = self._given
        try:
            with session.get(
                url,
                params=params,
                headers=headers,
                proxies=proxies,
                timeout=(CONNECT_SECONDS, read_s),
                allow_redirects=False,
                stream=True,
            ) as response:
                self._response = response
                return Answer(
                    response.status_code,
                    {name.lower(): value for name, value in response.headers.items()},
                    self._body(response),
                )
        except requests.exceptions.ProxyError as error:
            raise AzeError("network.proxy", detail=_reason(error)) from None
        except requests.exceptions.SSLError as error:
            raise AzeError("network.tls", url=_shown(url), detail=_reason(error)) from None
        except requests.exceptions.Timeout:
            raise Fault("timeout") from None
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
            raise Fault("truncated") from None
        except requests.exceptions.ConnectionError as error:
            # A read that times out in the middle of a body comes as this.
            kind = "timeout" if "timed out" in str(error).lower() else "connection"
            raise Fault(kind, _reason(error)) from None
        except requests.exceptions.InvalidSchema as error:
            raise AzeError("network.proxy", detail=_reason(error)) from None
        except requests.exceptions.InvalidURL:
            raise AzeError("network.bad_address", url=_shown(url)) from None

    def _body(self, response) -> bytes:
        pieces, size = [], 0
        for piece in response.iter_content(_PIECE):
            size += len(piece)
            if size > MOST_BYTES or self._abandoned:
                raise Fault("truncated")
            pieces.append(piece)
        announced = response.headers.get("Content-Length", "")
        if announced.isdigit() and response.raw.tell() < int(announced):
            raise Fault("truncated")
        return b"".join(pieces)


def _reason(error: BaseException) -> str:
    """The innermost reason of a failure in a few words, without addresses of objects or of proxies with passwords."""
    inner: Any = error
    while inner.args and isinstance(getattr(inner.args[0], "reason", None) or inner.args[0], BaseException):
        inner = getattr(inner.args[0], "reason", None) or inner.args[0]
    said = getattr(inner, "strerror", None) or str(inner)
    said = said.rpartition(">: ")[2] or said
    return " ".join(said.split())[:200] if "@" not in said else type(inner).__name__
