"""Several layers read as one, for what looks at all existing sites, whatever layers they are in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureRequest,
    QgsFeatureSource,
    QgsField,
    QgsFields,
    QgsWkbTypes,
)

from ..domain.errors import AzeError
from .layers import LayerSnapshot, is_table
from .reference_systems import is_placed
from .remote import features

# Between the feature ids of one layer and those of the next, so that all differ.
_APART = 1 << 40


class Joined:
    """Stands in for a QgsFeatureSource: the features of all sources one after the other, each with every field, those
    of its own layer filled. Fields of the same name, whatever their case, are one.

    Feature ids are those of the first source, and of the others so much higher that none comes twice. Sources may be
    read in any thread if they may themselves. Raises AzeError ``layer.no_crs`` for one without reference system, and
    ``layer.incomplete``, when it is read, for one of which a server did not send all.
    """

    def __init__(self, sources: Sequence[QgsFeatureSource | LayerSnapshot]):
        self._sources = tuple(sources)
        # What lies nowhere, as an empty file, says nothing of where the others do.
        placed = [source for source in self._sources if not is_table(source)] or self._sources[:1]
        self._crs, self._kind = placed[0].sourceCrs(), placed[0].wkbType()
        for source in placed:
            if not is_placed(source.sourceCrs()) and not is_table(source):
                raise AzeError("layer.no_crs", source=source.sourceName())
        self._fields = QgsFields()
        places: dict[str, int] = {}
        # For each field of each source the place of its values.
        self._places: list[list[int]] = []
        for source in self._sources:
            own = []
            for field in source.fields():
                key = field.name().lower()
                if key not in places:
                    places[key] = self._fields.count()
                    self._fields.append(QgsField(field.name(), field.type()))
                own.append(places[key])
            self._places.append(own)

    def sourceName(self) -> str:
        """The names of all, each once."""
        return "; ".join(dict.fromkeys(source.sourceName() for source in self._sources))

    def sourceCrs(self) -> QgsCoordinateReferenceSystem:
        """That of the first with geometry; readers ask for features in one of their own choice."""
        return self._crs

    def wkbType(self) -> QgsWkbTypes.Type:
        """Of the first with geometry."""
        return self._kind

    def fields(self) -> QgsFields:
        return self._fields

    def featureCount(self) -> int:
        """All of them; -1 where one is not known."""
        counts = [source.featureCount() for source in self._sources]
        return -1 if min(counts) < 0 else sum(counts)

    def getFeatures(self, request: QgsFeatureRequest) -> Iterator[QgsFeature]:
        """What a request without limit or filter by expression asks of all of them."""
        chosen = set(request.subsetOfAttributes())
        some = bool(request.flags() & QgsFeatureRequest.Flag.SubsetOfAttributes)
        for number, (source, places) in enumerate(zip(self._sources, self._places)):
            own = QgsFeatureRequest(request)
            if some:
                own.setSubsetOfAttributes([i for i, place in enumerate(places) if place in chosen])
            for feature in features(source, own):
                values = [None] * self._fields.count()
                for place, value in zip(places, feature.attributes()):
                    values[place] = value
                feature.setAttributes(values)
                feature.setId(feature.id() + number * _APART)
                yield feature
