"""Server programs that tests start on this computer, and end by their own process."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE.parents[2] / "build"
USER, PASSWORD = "reviewer", "pa55 word: of-nobody"
DAV_MODULE = Path("/usr/lib/nginx/modules/ngx_http_dav_ext_module.so")
TUS = {"@tus/server": "2.4.5", "@tus/file-store": "2.1.1"}


class Missing(Exception):
    """A server program is not on this computer; says what to do."""


def free_port():
    """A port that nothing listens on, and that the system gives to no call that goes out meanwhile."""
    while True:
        port = random.SystemRandom().randrange(20_000, 30_000)
        with socket.socket() as found, contextlib.suppress(OSError):
            found.bind(("127.0.0.1", port))
            return port


class Server:
    """A process that listens on ``port``; ``stop`` ends it at once, ``start`` starts it again on the same one."""

    def __init__(self, command, log, port=None, tls=False, environment=None):
        self.port = port or free_port()
        self._command = [str(word) for word in command]
        self._log, self._tls = log, tls
        self._environment = {**os.environ, **(environment or {})}
        self._process = None

    @property
    def url(self):
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def pid(self):
        return self._process.pid

    def start(self):
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                [word.replace("{port}", str(self.port)) for word in self._command],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=self._environment,
            )
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if self._process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"{self._command[0]} does not start: {Path(self._log).read_text()[-2000:]}")

    def stop(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait(60)
            self._process = None


def nginx(folder, store, certificate=None, body_mb=400):
    """nginx with its two WebDAV modules over ``store``: ``/open/`` for all, ``/closed/`` with a password, and places
    that refuse as nginx itself does."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(program).exists() or not DAV_MODULE.exists():
        raise Missing("nginx with libnginx-mod-http-dav-ext is not installed: run scripts/system.sh")
    port = free_port()
    folder.mkdir(parents=True)
    hashed = subprocess.run(["openssl", "passwd", "-apr1", PASSWORD], check=True, capture_output=True, text=True).stdout
    (folder / "users").write_text(f"{USER}:{hashed}", encoding="utf-8")
    secure = f"ssl_certificate {certificate[0]}; ssl_certificate_key {certificate[1]};" if certificate else ""
    dav = f"root {store}; dav_methods PUT DELETE MKCOL COPY MOVE; dav_ext_methods PROPFIND OPTIONS; dav_access user:rw;"
    login = f'auth_basic "x"; auth_basic_user_file {folder}/users;'
    (folder / "nginx.conf").write_text(
        f"""
load_module {DAV_MODULE};
daemon off; master_process off; pid {folder}/pid; error_log {folder}/errors;
{"user root;" if os.geteuid() == 0 else ""}
events {{ worker_connections 64; }}
http {{
  access_log off; client_max_body_size {body_mb}m; client_body_temp_path {store}/.incoming;
  proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  limit_req_zone $server_name zone=slow:64k rate=2r/s; limit_req_status 429;
  server {{
    listen 127.0.0.1:{port} {"ssl" if certificate else ""}; {secure}
    location /open/ {{ {dav} }}
    location /closed/ {{ {login} {dav} }}
    location /put-closed/ {{ limit_except GET PROPFIND {{ {login} }} {dav} }}
    location /denied/ {{ deny all; {dav} }}
    location /readonly/ {{ limit_except GET PROPFIND {{ deny all; }} {dav} }}
    location /small/ {{ client_max_body_size 1m; {dav} }}
    location /slow/ {{ limit_req zone=slow; {dav} }}
    location /broken/ {{ return 500; }}
    location /elsewhere/ {{ return 307 http://localhost:{port}/open/; }}
  }}
}}
""",
        encoding="utf-8",
    )
    for name in ("open", "closed", "put-closed", "denied", "readonly", "small", "slow", ".incoming"):
        (store / name).mkdir(parents=True, exist_ok=True)
    command = [program, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "errors"]
    return Server(command, folder / "log", port, bool(certificate)).start()


def wsgidav(folder, store):
    """WsgiDAV over ``store``, which lies at ``/remote.php/dav``; ``dav_app.py`` adds a Nextcloud's chunks."""
    try:
        import wsgidav as _found  # noqa: F401
    except ImportError:
        raise Missing("WsgiDAV is not installed: run scripts/setup.sh") from None
    folder.mkdir(parents=True)
    command = [sys.executable, HERE / "dav_app.py", "{port}", store]
    environment = {"DAV_USER": USER, "DAV_PASSWORD": PASSWORD}
    return Server(command, folder / "log", environment=environment).start()


def tus(folder, store, most_bytes=0, lasting_ms=0):
    """The reference server of tus for Node, at ``/files``; wants the password, as all here."""
    folder.mkdir(parents=True)
    store.mkdir(parents=True, exist_ok=True)
    command = [node(), HERE / "tus_server.mjs", tus_modules(), "{port}", store, str(most_bytes), str(lasting_ms)]
    return Server(command, folder / "log", environment={"TUS_USER": USER, "TUS_PASSWORD": PASSWORD}).start()


def node():
    """Node's program."""
    found = shutil.which("node")
    if found is None:
        raise Missing("Node is not installed: run scripts/system.sh")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if tuple(int(part) for part in version.lstrip("v").split(".")[:2]) < (20, 19):
        raise Missing(f"the servers need Node 20.19 or newer, and this is {version}")
    return found


def tus_modules():
    """Folder with the tus server's modules, fetched once from the npm registry."""
    return npm_modules("tus-server", TUS)


def npm_modules(name, pins):
    """Folder below ``build`` with modules of the npm registry, a version by name, fetched once."""
    folder = BUILD / name
    wanted = " ".join(f"{module}@{version}" for module, version in pins.items())
    stamp = folder / ".pins"
    if stamp.exists() and stamp.read_text() == wanted:
        return folder
    npm = shutil.which("npm")
    if npm is None:
        raise Missing("npm is not installed: run scripts/system.sh")
    folder.mkdir(parents=True, exist_ok=True)
    # Peers and optional needs are for other places than a server: a telephone, say.
    words = [npm, "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=optional"]
    words += ["--omit=peer", "--prefix", str(folder), *wanted.split()]
    try:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=180)
    except subprocess.TimeoutExpired:
        raise Missing(f"the npm registry did not give {name} in time") from None
    if done.returncode:
        raise Missing(f"{name} could not be fetched from the npm registry: {done.stderr[-300:]}")
    stamp.write_text(wanted)
    return folder


def certificate(folder):
    """Files of a fresh certificate for 127.0.0.1 and its key, signed by nobody else."""
    folder.mkdir(parents=True, exist_ok=True)
    made = (folder / "certificate.pem", folder / "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
        + ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(made[1]), "-out", str(made[0])],
        check=True,
        capture_output=True,
    )
    return str(made[0]), str(made[1])


def server_context(files):
    """What a server of Python's needs for TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    return context
