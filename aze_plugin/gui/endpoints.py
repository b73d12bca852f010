"""Where packages can be sent: the user's list, kept in QGIS's settings without any secret."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from uuid import uuid4

from qgis.core import QgsSettings

from ..services.outbox import Endpoint

_KEY = "aze_toolkit/endpoints"
_LAST = "aze_toolkit/endpoint_last"


def new_id() -> str:
    """An id for a new endpoint."""
    return uuid4().hex[:12]


def load() -> list[Endpoint]:
    """The user's endpoints in their order; what cannot be read is left out."""
    try:
        listed = json.loads(str(QgsSettings().value(_KEY, "[]")) or "[]")
    except ValueError:
        return []
    names = [f.name for f in fields(Endpoint)]
    found = []
    for each in listed if isinstance(listed, list) else []:
        if isinstance(each, dict) and all(isinstance(each.get(name), str) for name in names) and each["id"]:
            found.append(Endpoint(**{name: each[name] for name in names}))
    return found


def save(endpoints: Sequence[Endpoint]) -> None:
    """Keep the list. Of credentials it holds the id of their configuration."""
    QgsSettings().setValue(_KEY, json.dumps([asdict(each) for each in endpoints], ensure_ascii=False))


def find(identifier: str) -> Endpoint | None:
    """The endpoint of an id; None once it is gone."""
    return next((each for each in load() if each.id == identifier), None)


def last_used() -> str:
    """Id of the endpoint that something was sent to last."""
    return str(QgsSettings().value(_LAST, ""))


def use(endpoint: Endpoint) -> None:
    """Remember an endpoint as the one used last."""
    QgsSettings().setValue(_LAST, endpoint.id)
