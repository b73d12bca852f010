"""Real servers on loopback that give out layers: QGIS Server (WFS, OGC API – Features), PostgreSQL with PostGIS, and
Koop, an implementation of the specification that ArcGIS feature services follow."""

from __future__ import annotations

import contextlib
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from qgis.core import QgsProject, QgsVectorLayer

sys.path.insert(0, str(Path(__file__).parents[1] / "packaging" / "servers"))

import processes  # noqa: E402

_SERVER = shutil.which("qgis_mapserver")
_POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
_KOOP = {"@koopjs/koop-core": "10.4.19", "@koopjs/provider-file-geojson": "2.2.0"}


def why_no_wfs() -> str:
    """Why there can be no WFS here; empty where there can."""
    return "" if _SERVER else "qgis_mapserver (Debian: qgis-server) is not installed"


def why_no_postgis() -> str:
    """Why there can be no PostGIS here; empty where there can."""
    if not _POSTGRES:
        return "PostgreSQL is not installed"
    version = _POSTGRES[-1].parent.parent.name
    extension = Path(f"/usr/share/postgresql/{version}/extension/postgis.control")
    return "" if extension.exists() else "PostGIS (Debian: postgresql-postgis) is not installed"


def free_port() -> int:
    """A port that nothing listens on, and that the system gives to no call that goes out meanwhile."""
    while True:
        port = random.SystemRandom().randrange(10_000, 20_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def _wait_for(port: int, process: subprocess.Popen, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server does not answer")


class MapServer:
    """QGIS Server with a project of vector layers, all of them published; ``url`` is its address."""

    def __init__(self, folder: Path, files: dict[str, str]):
        self._folder = folder
        project = QgsProject()
        layers = [QgsVectorLayer(path, name, "ogr") for name, path in files.items()]
        for layer in layers:
            if not layer.isValid():
                raise RuntimeError(f"{layer.name()} cannot be opened")
            project.addMapLayer(layer)
        project.writeEntry("WFSLayers", "/", [layer.id() for layer in layers])
        for layer in layers:
            project.writeEntry("WFSLayersPrecision", f"/{layer.id()}", 15)
        project.setCrs(layers[0].crs())
        if not project.write(str(folder / "served.qgs")):
            raise RuntimeError("the project cannot be written")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> MapServer:
        values = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QGIS_SERVER_LOG_LEVEL": "2"}
        values["QGIS_SERVER_LOG_STDERR"] = "1"
        values["XDG_RUNTIME_DIR"] = str(self._folder)
        for name in ("QGIS_PLUGINPATH", "PYTHONPATH", "QGIS_CUSTOM_CONFIG_PATH"):
            values.pop(name, None)
        with (self._folder / "server.log").open("wb") as log:
            self._process = subprocess.Popen(
                [_SERVER, "-p", str(self._folder / "served.qgs"), f"127.0.0.1:{self.port}"],
                env=values,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        _wait_for(self.port, self._process)
        return self

    def stop(self) -> None:
        """End the server."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)

    def __exit__(self, *_exception) -> None:
        self.stop()


class PostGis:
    """A PostgreSQL server of its own with PostGIS; ``uri(table)`` is how QGIS opens a table of it."""

    def __init__(self):
        # Not below pytest's folders, which other users cannot enter: PostgreSQL refuses to run as root.
        self._holder = tempfile.TemporaryDirectory(prefix="aze-pg-", ignore_cleanup_errors=True)
        self._folder, self._bin = Path(self._holder.name), _POSTGRES[-1].parent
        self.port = free_port()
        self._process: subprocess.Popen | None = None
        self._user = "postgres" if os.geteuid() == 0 else None

    def __enter__(self) -> PostGis:
        data = self._folder / "data"
        data.mkdir()
        if self._user:
            owner = pwd.getpwnam(self._user)
            for path in (self._folder, data):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        self._run("initdb", "-D", str(data), "-A", "trust", "-U", "aze", "-E", "UTF8", "--no-sync")
        with (self._folder / "server.log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(self._bin / "postgres"), "-D", str(data), "-p", str(self.port), "-c", "fsync=off"]
                + ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self._folder}"],
                stdout=log,
                stderr=subprocess.STDOUT,
                user=self._user,
                cwd=self._folder,
            )
        _wait_for(self.port, self._process)
        deadline = time.monotonic() + 60
        while self._psql("SELECT 1", check=False) and time.monotonic() < deadline:
            time.sleep(0.2)
        self._psql("CREATE EXTENSION postgis")
        return self

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), *arguments]
        subprocess.run(command, check=True, user=self._user, cwd=self._folder, capture_output=True, timeout=120)

    def _psql(self, sql: str, check: bool = True) -> int:
        target = f"host=127.0.0.1 port={self.port} user=aze dbname=postgres"
        return subprocess.run(
            ["psql", "-X", "-q", target, "-c", sql], check=check, capture_output=True, timeout=60
        ).returncode

    def load(self, path: str, table: str) -> None:
        """Copy a layer of a file into a table."""
        target = f"PG:host=127.0.0.1 port={self.port} user=aze dbname=postgres"
        command = ["ogr2ogr", "-f", "PostgreSQL", target, path, "-nln", table, "-nlt", "PROMOTE_TO_MULTI"]
        command += ["-lco", "GEOMETRY_NAME=geom", "-lco", "LAUNDER=NO"]
        subprocess.run(command, check=True, capture_output=True, timeout=120)

    def uri(self, table: str, key: str = "fid") -> str:
        """A layer's source."""
        return (
            f"dbname='postgres' host=127.0.0.1 port={self.port} user='aze' sslmode=disable key='{key}' "
            f'srid=4326 type=MultiPolygon table="public"."{table}" (geom)'
        )

    def stop(self) -> None:
        """End the server."""
        if self._process is not None and self._process.poll() is None:
            # Without waiting for who is connected.
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)

    def __exit__(self, *_exception) -> None:
        self.stop()
        self._holder.cleanup()


class FeatureService:
    """Koop over GeoJSON files; ``address(name)`` is the feature service of one of them.

    It gives at most ``most`` features an answer. Raises processes.Missing where it cannot be run here.
    """

    def __init__(self, folder: Path, files: dict[str, str], most: int = 20):
        modules, program = processes.npm_modules("feature-server", _KOOP), processes.node()
        for name, path in files.items():
            target = str(folder / f"{name}.geojson")
            command = ["ogr2ogr", "-f", "GeoJSON", "-lco", "COORDINATE_PRECISION=15", target, path]
            subprocess.run(command, check=True, capture_output=True, timeout=120)
        script = Path(__file__).with_name("feature_server.cjs")
        words = [program, script, modules, "{port}", folder, most]
        self._server = processes.Server(words, folder / "server.log")

    def __enter__(self) -> FeatureService:
        self._server.start()
        return self

    def address(self, name: str) -> str:
        """Of one of the files."""
        return f"{self._server.url}/file-geojson/rest/services/{name}/FeatureServer"

    def stop(self) -> None:
        """End the server."""
        self._server.stop()

    def __exit__(self, *_exception) -> None:
        self.stop()
