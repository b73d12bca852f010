"""Layers that a server gives out: whether all that was asked for has come.

QGIS's providers end a reading that fails as they end one that is complete, with whatever came before. For a check that
would be a layer without sites, so every reading of such a layer is looked at when it is over.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from qgis.core import QgsDataSourceUri, QgsFeature, QgsFeatureRequest, QgsFeatureSource, QgsRectangle, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication

from ..domain.errors import AzeError
from ..domain.progress import Progress
from .main_thread import on_main_thread

# Names of QGIS's providers whose features come over a network.
_BY_RECTANGLE = "restrictToRequestBBOX"
PROVIDERS = ("WFS", "OAPIF", "arcgisfeatureserver", "postgres", "mssql", "oracle", "hana")


def is_remote(layer: QgsVectorLayer) -> bool:
    """Whether a layer's features come from a server."""
    return layer.providerType() in PROVIDERS


def host_of(layer: QgsVectorLayer) -> str:
    """The server of a layer as people know it; empty where its source names none."""
    uri = QgsDataSourceUri(layer.source())
    return uri.host() or urlsplit(uri.param("url")).netloc.rpartition("@")[2]


def asks_by_rectangle(layer: QgsVectorLayer) -> bool:
    """Whether a WFS layer asks its server for what lies in a rectangle, in place of all to choose from itself.

    Servers differ in the order of axes that they take such a rectangle in, and one that takes it the other way round
    sends nothing, which nobody notices: its layers are read as a whole.
    """
    return layer.providerType() == "WFS" and QgsDataSourceUri(layer.source()).param(_BY_RECTANGLE) == "1"


def asking_for_all(source: str) -> str:
    """A WFS layer's source without the wish to ask by rectangles, which QGIS's own connections have."""
    uri = QgsDataSourceUri(source)
    if not uri.hasParam(_BY_RECTANGLE):
        return source
    uri.removeParam(_BY_RECTANGLE)
    return uri.uri(False)


class Watch:
    """Knows how many features a server's layer has, and which errors its provider has had so far.

    To be made in the layer's own thread; ``check`` may be called in any.
    """

    def __init__(self, layer: QgsVectorLayer, expected: int | None = None):
        self._provider = layer.dataProvider()
        self._name = layer.name()
        self._expected = layer.featureCount() if expected is None else expected
        self._errors = len(self._provider.errors())
        # Whether a rectangle is for the reader to look after, and not to be left to the server.
        self.chooses_here = asks_by_rectangle(layer)

    def check(self, source: QgsFeatureSource, read: int, whole: bool, progress: Progress) -> None:
        """Raise AzeError ``layer.incomplete`` where a reading that gave so many features cannot have been complete.

        ``whole``: all features were asked for; else, where a part came to nothing, one feature is asked for to see
        whether the server answers at all.
        """
        short = self._expected > 0 and (read < self._expected if whole else not read and not _answers(source))
        if short or self._has_failed(progress):
            raise AzeError("layer.incomplete", source=self._name, expected=max(self._expected, 0), read=read)

    def _has_failed(self, progress: Progress) -> bool:
        def look(_progress: Progress) -> int:
            # What the provider's own threads have to tell lies in its queue.
            QCoreApplication.sendPostedEvents(self._provider)
            return len(self._provider.errors())

        try:
            return on_main_thread(look, progress) > self._errors
        except RuntimeError as error:
            # The layer was removed, and its provider with it.
            raise AzeError("layer.unreadable", source=self._name) from error


def features(
    source: QgsFeatureSource, request: QgsFeatureRequest, progress: Progress | None = None, watch: Watch | None = None
) -> Iterator[QgsFeature]:
    """The features that a request asks of a source, a server's too: all of them, or AzeError ``layer.incomplete``.

    ``watch``: of a server's layer, where the source has none itself. Where the server cannot be trusted with the
    request's rectangle, the rectangle is held against what comes, and the request is changed.
    """
    progress = progress or Progress()
    total = max(1, source.featureCount())
    watch = watch or getattr(source, "watch", None)
    window = None
    if watch is not None and watch.chooses_here and not request.filterRect().isNull():
        window = request.filterRect()
        request.setFilterRect(QgsRectangle())
    read = 0
    for n, feature in enumerate(source.getFeatures(request)):
        if n % 256 == 0:
            progress.set(n / total)
        read = n + 1
        if window is None or feature.geometry().boundingBoxIntersects(window):
            yield feature
    if watch is not None:
        watch.check(source, read, request.filterRect().isNull(), progress)


def _answers(source: QgsFeatureSource) -> bool:
    request = QgsFeatureRequest().setLimit(1).setNoAttributes()
    request.setFlags(QgsFeatureRequest.Flag.NoGeometry)
    return any(True for _ in source.getFeatures(request))
