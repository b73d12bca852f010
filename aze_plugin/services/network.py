"""Calls to servers by ``requests``, with QGIS's proxy, its trusted certificates and its stored credentials.

What QGIS holds is taken in the main thread (``network_settings``, ``headers_of``, ``token_headers``), as it may ask for
the master password; calls are made in any thread. A secret is never part of an error, a log or anything written.
"""

from __future__ import annotations

import base64
import binascii
import io
import ipaddress
import os
import queue
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Protocol
from urllib.parse import quote, urljoin, urlsplit

from qgis.core import QgsApplication, QgsAuthMethodConfig, QgsSettings
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtNetwork import QNetworkProxy, QNetworkRequest

from .. import paths
from ..domain.errors import AzeError, Cancelled
from ..domain.progress import Progress
from .collector import hold, release

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
# An answer that takes longer than this in all is given up, however steadily it drips.
WHOLE_SECONDS = 90.0
MOST_BYTES = 8 << 20

_POLL_SECONDS = 0.1
_PIECE = 1 << 12
# Of a body, what is handed to the system at a time.
_BLOCK = 1 << 17
_MOST_REDIRECTS = 3
_REDIRECTS = (301, 302, 303, 307, 308)
_SAME_AGAIN = (307, 308)


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

    def scrubbed(self, said: str) -> str:
        """What a server said without the secrets, should it repeat them: some show the headers that they got."""
        for secret in sorted(self._secrets(), key=len, reverse=True):
            for form in {secret, quote(secret, safe="")}:
                said = said.replace(form, "…")
        return said

    def _secrets(self) -> set[str]:
        found = set()
        for name, value in self.headers.items():
            if name.lower() in _NO_SECRETS:
                continue
            found.add(value)
            scheme, _, rest = value.partition(" ")
            if scheme.lower() == "basic":
                try:
                    login = base64.b64decode(rest, validate=True).decode("utf-8")
                except (binascii.Error, UnicodeDecodeError):
                    login = ""
                # The user's name is no secret, and would take out too much of a sentence.
                found |= {login, login.partition(":")[2]}
            found.add(rest)
        return {secret for secret in found if len(secret) > 2}


# Headers that QGIS may add to any request.
_NO_SECRETS = ("user-agent", "accept", "accept-encoding", "accept-language", "content-type")


class Body(Protocol):
    """What a call sends: ``length`` bytes, read piece by piece, from its begin again after ``rewind``."""

    length: int

    def read(self, most: int) -> bytes:
        """The next bytes; none at the end. An error that it raises ends the call and reaches the caller."""

    def rewind(self) -> None:
        """Begin anew."""


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
    return check_exact_address(url.strip().rstrip("/"))


def check_exact_address(url: str, query: bool = False) -> str:
    """The URL as it is given; with ``query`` it may have one. Raises what check_address raises."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        raise AzeError("network.bad_address", url=url.rpartition("@")[2].partition("?")[0]) from None
    secret = parts.username is not None or parts.password is not None or (parts.query and not query)
    if not sound or secret or parts.fragment or not url.isprintable():
        raise AzeError("network.bad_address", url=shown_url(url))
    if parts.scheme == "http" and not is_loopback(url):
        raise AzeError("network.insecure", url=shown_url(url))
    return url


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this computer."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def shown_url(url: str) -> str:
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
        return self._followed(_Request("GET", url, dict(params or {})), credentials, progress, read_s, whole_s)

    def request(
        self,
        method: str,
        url: str,
        credentials: Credentials,
        progress: Progress,
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        read_s: float = READ_SECONDS,
        sink: Callable[[bytes], None] | None = None,
    ) -> Answer:
        """Call a URL by any method; raises what get() raises.

        ``body`` is sent in pieces. ``read_s``: seconds without a byte going or coming after which the call is given up;
        there is no limit for all of it. A server that answers before it has the whole body is heard at once. ``sink``
        takes the answer's body piece by piece in place of ``Answer.body``. A redirect of a call that sends a body is
        followed where its meaning is to send the same once more (307, 308), any other is returned.
        """
        asked = _Request(method, url, {}, dict(headers or {}), body, sink)
        return self._followed(asked, credentials, progress, read_s, None)

    def _followed(
        self, asked: _Request, credentials: Credentials, progress: Progress, read_s: float, whole_s: float | None
    ) -> Answer:
        url, target = asked.url, asked.url
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._once(asked, credentials, progress, read_s, whole_s)
            if answer.status not in (_REDIRECTS if asked.repeatable else _SAME_AGAIN):
                return answer
            onward = urljoin(target, answer.headers.get("location", ""))
            if origin(onward) != origin(url) or onward == target:
                raise AzeError("network.redirected", url=shown_url(url), onward=origin(onward))
            target = onward
            asked = replace(asked, url=onward, params={})
            if asked.body is not None:
                asked.body.rewind()
        raise AzeError("network.redirected", url=shown_url(url), onward=origin(target))

    def _once(
        self, asked: _Request, credentials: Credentials, progress: Progress, read_s: float, whole_s: float | None
    ) -> Answer:
        if self._session is None:
            self._session = _session(self._settings)
        call = _Call(self._session, asked, credentials.headers, self._proxies(asked.url), read_s)
        try:
            answer = call.wait(progress, whole_s)
        except (AzeError, Fault, Cancelled):
            # Whatever is still under way belongs to the old session.
            call.abandon()
            self._drop()
            raise
        if call.answered_early:
            # The connection still expects the rest of the body.
            self._drop()
        return answer

    def _proxies(self, url: str) -> dict[str, str]:
        from requests import utils

        if any(url.startswith(beginning) for beginning in self._settings.direct):
            return {}
        if self._settings.system_proxy:
            return utils.get_environ_proxies(url)
        return {"http": self._settings.proxy, "https": self._settings.proxy} if self._settings.proxy else {}


@dataclass(frozen=True)
class _Request:
    method: str
    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body | None = field(default=None, repr=False)
    sink: Callable[[bytes], None] | None = field(default=None, repr=False)

    @property
    def repeatable(self) -> bool:
        """Whether any redirect of it can be followed without changing what is asked."""
        return self.method in ("GET", "HEAD", "OPTIONS", "PROPFIND")


def origin(url: str) -> str:
    """Scheme, host and port: what a credential is given to."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{parts.hostname}:{port}"


def _session(settings: NetworkSettings):
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util.ssl_ import create_urllib3_context

    pools = _pools()

    class Adapter(HTTPAdapter):
        """Trusts what QGIS trusts, and listens while it sends."""

        def init_poolmanager(self, *args, **kwargs):
            super().init_poolmanager(*args, ssl_context=_context(), **kwargs)
            self.poolmanager.pool_classes_by_scheme = pools

        def proxy_manager_for(self, proxy, **kwargs):
            manager = super().proxy_manager_for(proxy, ssl_context=_context(), **kwargs)
            if not proxy.lower().startswith("socks"):
                manager.pool_classes_by_scheme = pools
            return manager

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
    session.mount("http://", Adapter())
    return session


# The call that a thread is making.
_here = threading.local()


def _pools() -> dict[str, type]:
    """Pools whose connections look, before each block that they send, whether the server has answered already.

    A server that refuses a body answers and closes. Who goes on sending gets an error of the connection, and on some
    systems loses the answer that says why.
    """
    from urllib3 import HTTPConnectionPool, HTTPSConnectionPool

    class Listening:
        def send(self, data):
            call = getattr(_here, "call", None)
            if call is None or not isinstance(data, (bytes, bytearray, memoryview)):
                super().send(data)
                return
            if self.sock is None:
                self.connect()
            call.use(self.sock)
            self.blocksize = _BLOCK
            _send_listening(self, memoryview(data), call)

    class Plain(Listening, HTTPConnectionPool.ConnectionCls):
        pass

    class Encrypted(Listening, HTTPSConnectionPool.ConnectionCls):
        pass

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    return {"http": PlainPool, "https": EncryptedPool}


def _send_listening(connection, data: memoryview, call: _Call) -> None:
    """Send a block; raises BrokenPipeError, upon which urllib3 reads the answer, where the server wants no more."""
    from urllib3.util.wait import wait_for_read, wait_for_socket, wait_for_write

    silent_since = time.monotonic()
    while data:
        if call.abandoned:
            raise ConnectionAbortedError("nobody waits for this call")
        if time.monotonic() - silent_since > call.read_s:
            raise socket.timeout("timed out")
        wait_for_socket(connection.sock, read=True, write=True, timeout=_POLL_SECONDS)
        if wait_for_read(connection.sock, 0):
            _hear(connection, call)
        if not wait_for_write(connection.sock, _POLL_SECONDS):
            continue
        try:
            sent = connection.sock.send(data)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            _hear(connection, call)
            raise BrokenPipeError from None
        data = data[sent:]
        silent_since = time.monotonic()


def _hear(connection, call: _Call) -> None:
    """Take what has come before all was sent. Nothing happens where that is no answer, as tickets of TLS are not."""
    patience = connection.sock.gettimeout()
    connection.sock.settimeout(0)
    try:
        heard = connection.sock.recv(_BLOCK)
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return
    except OSError:
        heard = b""
    finally:
        connection.sock.settimeout(patience)
    call.answered_early = True
    connection.response_class = _after(heard, connection.response_class)
    raise BrokenPipeError


def _after(heard: bytes, response_class):
    """A maker of answers that begin with what was heard already."""

    def made(sock, *args, **kwargs):
        return response_class(_Heard(heard, sock), *args, **kwargs)

    return made


class _Heard(io.RawIOBase):
    """Stands for a socket of which some bytes were read."""

    def __init__(self, heard: bytes, sock):
        super().__init__()
        self._heard, self._rest = io.BytesIO(heard), sock.makefile("rb", 0)

    def makefile(self, *_args):
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        return self._heard.readinto(buffer) or self._rest.readinto(buffer)

    def fileno(self) -> int:
        return self._rest.fileno()

    def close(self) -> None:
        if not self.closed:
            self._rest.close()
        super().close()


class _Call:
    """One call in a thread of its own, so that waiting for it can be broken off.

    ``answered_early``: the server did not wait for the whole body. ``read_s``: the longest silence.
    """

    def __init__(self, session, asked: _Request, headers: Mapping[str, str], proxies, read_s: float):
        self.answered_early = False
        self.abandoned = False
        self.read_s = read_s
        self._given = (session, asked, headers, proxies)
        self._result: queue.Queue = queue.Queue(1)
        self._response: Any = None
        self._socket: Any = None

    def wait(self, progress: Progress, whole_s: float | None) -> Answer:
        """Make the call; ends in its answer or raises what get() raises."""
        hold()
        threading.Thread(target=self._run, name="aze-call", daemon=True).start()
        end = None if whole_s is None else time.monotonic() + whole_s
        while True:
            try:
                found = self._result.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                progress.check()
                if end is not None and time.monotonic() > end:
                    raise Fault("timeout") from None
                continue
            if isinstance(found, Exception):
                raise found
            return found

    def use(self, sock) -> None:
        """Note the socket that the call goes over."""
        self._socket = sock

    def abandon(self) -> None:
        """Let a call that nobody waits for come to its end."""
        self.abandoned = True
        holder = self._socket if self._response is None else getattr(self._response, "raw", None)
        if holder is None:
            return
        try:
            copy = socket.socket(fileno=os.dup(holder.fileno()))
        except (OSError, ValueError, AttributeError):
            # The server has closed it already.
            return
        with copy:
            try:
                copy.shutdown(socket.SHUT_RDWR)
            except OSError:
                return

    def _run(self) -> None:
        _here.call = self
        try:
            self._result.put(self._call())
        except Exception as error:  # whoever waits raises it in his own thread, whatever it is
            self._result.put(error)
        finally:
            release()

    def _call(self) -> Answer:
        import requests

        session, asked, headers, proxies = self._given
        url = asked.url
        try:
            with session.request(
                asked.method,
                url,
                params=asked.params,
                data=_Reader(asked.body) if asked.body is not None and asked.body.length else None,
                headers={**asked.headers, **headers},
                proxies=proxies,
                timeout=(CONNECT_SECONDS, self.read_s),
                allow_redirects=False,
                stream=True,
            ) as response:
                self._response = response
                return Answer(
                    response.status_code,
                    {name.lower(): value for name, value in response.headers.items()},
                    self._body(response, asked),
                )
        except requests.exceptions.ProxyError as error:
            raise AzeError("network.proxy", detail=_reason(error)) from None
        except requests.exceptions.SSLError as error:
            if "EOF" in str(error):
                # Cut off, as any connection can be; of the certificate it says nothing.
                raise Fault("connection", _reason(error)) from None
            raise AzeError("network.tls", url=shown_url(url), detail=_reason(error)) from None
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
            raise AzeError("network.bad_address", url=shown_url(url)) from None

    def _body(self, response, asked: _Request) -> bytes:
        pieces, size = [], 0
        for piece in response.iter_content(_PIECE if asked.sink is None else _BLOCK):
            size += len(piece)
            if size > MOST_BYTES and asked.sink is None or self.abandoned:
                raise Fault("truncated")
            if asked.sink is None:
                pieces.append(piece)
            else:
                asked.sink(piece)
        if asked.method == "HEAD" or response.status_code in (204, 304):
            return b""
        announced = response.headers.get("Content-Length", "")
        if announced.isdigit() and response.raw.tell() < int(announced):
            raise Fault("truncated")
        return b"".join(pieces)


class _Reader:
    """A body as ``requests`` wants it: a file with a length."""

    def __init__(self, body: Body):
        self._body = body
        self.len = body.length

    def read(self, most: int = _BLOCK) -> bytes:
        return self._body.read(most)

    def __iter__(self):
        return iter(lambda: self.read(), b"")


def _reason(error: BaseException) -> str:
    """The innermost reason of a failure in a few words, without addresses of objects or of proxies with passwords."""
    inner: Any = error
    while (deeper := _cause(inner)) is not None:
        inner = deeper
    said = getattr(inner, "strerror", None) or str(inner)
    said = said.rpartition(">: ")[2] or said
    said = said.rpartition("] ")[2] if said.rpartition("] ")[0].rpartition("[")[2].startswith("Errno") else said
    return " ".join(said.split())[:200] if "@" not in said else type(inner).__name__


def _cause(error: Any) -> BaseException | None:
    """The failure that another one was made of: its ``reason``, or one of its first two arguments."""
    for found in (getattr(error, "reason", None), *error.args[:2]):
        if isinstance(found, BaseException):
            return found
    first = error.args[0] if error.args else None
    reason = getattr(first, "reason", None)
    return reason if isinstance(reason, BaseException) else None
