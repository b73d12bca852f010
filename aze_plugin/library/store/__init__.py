"""The library's file: a GeoPackage, made by OGR and filled and asked through SQLite. All SQL is in this package."""

from .files import check_address
from .reader import Reader
from .schema import blob, wkb_of
from .writer import Writer

__all__ = ["Reader", "Writer", "blob", "check_address", "wkb_of"]
