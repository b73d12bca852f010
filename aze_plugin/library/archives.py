"""Darwin Core archives: a zip or folder with a ``meta.xml`` that describes its tables (TDWG, Darwin Core Text Guide).

The descriptor is read by python-dwca-reader once it is known to be harmless; rows are read in bulk. Archives come from
anywhere: XML with a document type is refused, as entities need one; no path leads out of the archive; what is packed is
only ever read as a stream, and not at all where it unpacks to far more than honest text does.
"""

from __future__ import annotations

import codecs
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from operator import itemgetter
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from .. import paths
from ..domain.errors import AzeError
from ..domain.fields import resolve
from ..domain.progress import Progress
from .tables import Block, Layout, Table, known_encoding

DESCRIPTOR = "meta.xml"

# A descriptor or a page of metadata is some kilobytes long.
_LONGEST_XML = 16 << 20
_MOST_ENTRIES = 200_000
# Text packs to a tenth, at best to a fiftieth of its size; below this size any ratio is harmless.
_MOST_RATIO = 200
_RATIO_FROM = 64 << 20

_OCCURRENCE = "occurrence"
# What a table without a row type holds, by the guide: records.
_SIMPLE = "simpledarwinrecord"
# What the guide says of attributes that are not there.
_DEFAULTS = {"fieldsTerminatedBy": ",", "fieldsEnclosedBy": '"', "linesTerminatedBy": "\\n"}

_LINK = "core id"
# Roles that a record has from the row of its event or taxon where it has none of the group itself: a name, a place and
# a date are its own or the core's, never half of each.
_GROUPS = (
    ("scientific_name", "species", "genus", "epithet", "taxon_id"),
    ("lat", "lon"),
    ("year", "date"),
    ("basis",),
)
# Goes with the place.
_UNCERTAINTY = "uncertainty"


@dataclass(frozen=True)
class Files:
    """The files of a zip or folder. ``members``: path inside, with ``/``, to size in bytes; ``path`` is absolute."""

    path: str
    members: Mapping[str, int]
    zipped: bool

    @classmethod
    def of_zip(cls, path: str) -> Files:
        """Raises AzeError ``library.bad_zip`` or ``archives.too_many``."""
        with _unzipped(path) as archive:
            entries = archive.infolist()
            if len(entries) > _MOST_ENTRIES:
                raise AzeError("archives.too_many", file=path, count=len(entries), most=_MOST_ENTRIES)
            return cls(path, {e.filename: e.file_size for e in entries if _counts(e.filename)}, True)

    @classmethod
    def of_folder(cls, path: str) -> Files:
        """All files below a folder."""
        found = {}
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(f for f in folders if not f.startswith("."))
            for name in names:
                file = os.path.join(folder, name)
                inner = Path(file).relative_to(path).as_posix()
                if _counts(inner) and os.path.isfile(file):
                    found[inner] = os.path.getsize(file)
        return cls(path, found, False)

    def shown(self, name: str) -> str:
        """What errors call a file."""
        return f"{self.path}/{name}"

    def real(self, name: str) -> str:
        """The member of the zip, or the absolute path."""
        return name if self.zipped else os.path.join(self.path, *PurePosixPath(name).parts)

    @contextmanager
    def opened(self, name: str) -> Iterator[BinaryIO]:
        """The bytes of a file. Raises AzeError ``library.bad_zip`` or ``archives.bomb``."""
        if not self.zipped:
            with open(self.real(name), "rb") as stream:
                yield stream
            return
        try:
            with _unzipped(self.path) as archive:
                entry = archive.getinfo(name)
                if entry.file_size > _RATIO_FROM and entry.file_size > _MOST_RATIO * entry.compress_size:
                    raise AzeError("archives.bomb", file=self.shown(name))
                with archive.open(entry) as stream:
                    yield stream
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
            raise AzeError("library.bad_zip", file=self.path, detail=str(error)) from error

    def find(self, name: str) -> str:
        """A member by its name, whatever its letter case where none is written so; ``""`` where there is none."""
        if name in self.members:
            return name
        return next((m for m in self.members if m.lower() == name.lower()), "")

    def descriptors(self) -> list[str]:
        """The ``meta.xml`` files, but for those below the folder of another one."""
        found = [m for m in self.members if PurePosixPath(m).name.lower() == DESCRIPTOR]
        tops: list[str] = []
        for name in sorted(found, key=lambda m: (m.count("/"), m)):
            if not any(PurePosixPath(top).parent in PurePosixPath(name).parents for top in tops):
                tops.append(name)
        return tops


@dataclass(frozen=True)
class Archive:
    """One archive. ``tables`` hold its records; ``core`` the rows they belong to, where these are events or taxa.

    ``used``: the files that say something, for the archive's hash; ``core_type``: what a row of the core is;
    ``fields``: the term of each role; ``citation``: as the archive's own metadata gives it.
    """

    tables: tuple[Table, ...]
    core: Table | None
    core_type: str
    used: tuple[str, ...]
    fields: dict[str, str]
    citation: str = ""
    notes: tuple[tuple[str, dict[str, Any]], ...] = ()

    def blocks(self, progress: Progress) -> Iterator[tuple[Table, Block]]:
        """Rows of records, those of extensions with what they have from the core; ``orphan`` holds the id of a core
        row that is not there. Raises what ``Table.blocks`` raises."""
        core = _core_rows(self.core, progress) if self.core else {}
        for table in self.tables:
            for block in table.blocks(progress):
                if self.core:
                    _inherit(block, core, self.core)
                yield table, block


def read(files: Files, descriptor: str) -> Archive:
    """The archive that a ``meta.xml`` describes.

    Raises AzeError ``archives.unsafe_xml``, ``archives.bad_descriptor``, ``archives.location``,
    ``archives.file_missing``, ``archives.bomb`` or ``library.bad_zip``; all name the file.
    """
    shown = files.shown(descriptor)
    root = _xml(files, descriptor)
    encodings = _normalise(root, shown)
    described = _described(root, shown)
    base = PurePosixPath(descriptor).parent
    core_type = _kind(described.core.type)
    sections = list(zip([described.core, *described.extensions], encodings))
    used = [descriptor]
    fields: dict[str, str] = {}
    if core_type in (_OCCURRENCE, _SIMPLE):
        # Extensions of records hold media and measurements, or the same records as they came: GBIF's verbatim table.
        chosen, linked = sections[:1], None
    else:
        chosen = [pair for pair in sections[1:] if _kind(pair[0].type) == _OCCURRENCE]
        linked = sections[0] if chosen else None
    core = None
    if linked:
        (core,) = _tables(files, base, shown, *linked, link="id_index", fields=fields)[:1]
        used.append(core.file)
    tables = []
    for pair in chosen:
        tables.extend(_tables(files, base, shown, *pair, link="coreid_index" if linked else "", fields=fields))
    used.extend(table.file for table in tables)
    citation, notes = _citation(files, base, described.metadata_filename)
    if not tables:
        notes.append(("import.no_occurrences", {"kind": described.core.type.rpartition("/")[2]}))
    return Archive(
        tuple(replace(table, file=files.shown(table.file)) for table in tables),
        core and replace(core, file=files.shown(core.file)),
        core_type,
        tuple(dict.fromkeys(used)),
        fields,
        citation,
        tuple(notes),
    )


# ------------------------------------------------------------------------------------------------------ descriptor


def _xml(files: Files, name: str):
    """Root of a small XML file that declares no document type, and thus no entities."""
    paths.enable_vendored()
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    with files.opened(name) as stream:
        text = stream.read(_LONGEST_XML + 1)
    shown = files.shown(name)
    if len(text) > _LONGEST_XML:
        raise AzeError("archives.bomb", file=shown)
    try:
        # Blanks before the declaration are a common slip.
        return fromstring(text.lstrip(), forbid_dtd=True)
    except DefusedXmlException as error:
        raise AzeError("archives.unsafe_xml", file=shown) from error
    except (ParseError, ValueError, LookupError) as error:
        raise AzeError("archives.bad_descriptor", file=shown, detail=str(error)) from error


def _normalise(root, shown: str) -> list[str]:
    """Bring a descriptor into the form that the reader takes for granted; the encodings that its sections declare.

    Namespaces go, attributes that are not there get the guide's defaults, a core may do without an id.
    """
    for element in root.iter():
        element.tag = str(element.tag).rpartition("}")[2]
    core = root.find("core")
    if root.tag != "archive" or core is None:
        raise AzeError("archives.bad_descriptor", file=shown, detail="archive/core")
    encodings = []
    for section in (core, *root.findall("extension")):
        location = section.find("files/location")
        if location is None or not (location.text or "").strip():
            raise AzeError("archives.bad_descriptor", file=shown, detail=f"{section.tag}/files/location")
        if section is not core and section.find("coreid") is None:
            raise AzeError("archives.bad_descriptor", file=shown, detail="extension/coreid")
        if section is core and core.find("id") is None:
            core.append(core.makeelement("id", {"index": "-1"}))
        for attribute, default in _DEFAULTS.items():
            if section.get(attribute) is None:
                section.set(attribute, default)
        section.set("rowType", section.get("rowType") or _SIMPLE)
        encodings.append(section.get("encoding") or "utf-8")
        # The reader unescapes delimiters by way of this encoding: Python unescapes Latin-1 only.
        section.set("encoding", "latin-1")
    return encodings


def _described(root, shown: str):
    from defusedxml.ElementTree import tostring
    from dwca.descriptors import ArchiveDescriptor

    try:
        described = ArchiveDescriptor(tostring(root, encoding="unicode"))
        for section in (described.core, *described.extensions):
            places = [f["index"] for f in section.fields if f["index"] is not None]
            if min(places, default=0) < 0 or section.lines_to_ignore < 0 or not section.fields_terminated_by:
                raise ValueError("index")
            if len(section.fields_enclosed_by) > 1 or (
                section.fields_enclosed_by and len(section.fields_terminated_by) > 1
            ):
                raise ValueError("fieldsEnclosedBy")
    except (AttributeError, TypeError, ValueError) as error:
        # What the reader says where an attribute is missing or no number.
        raise AzeError("archives.bad_descriptor", file=shown, detail=str(error)) from error
    return described


def _kind(row_type: str) -> str:
    return row_type.rstrip("/#").replace("#", "/").rpartition("/")[2].lower()


def _tables(
    files: Files, base: PurePosixPath, shown: str, section, encoding: str, link: str, fields: dict
) -> list[Table]:
    """The tables of one section of a descriptor, a file each."""
    terms: dict[str, dict] = {}
    for term in section.fields:
        if term["term"]:
            terms.setdefault(term["term"].rstrip("/").rpartition("/")[2], term)
    roles = resolve(terms, paths.load_json("schemas", "fields.json")["occurrences"])
    places, defaults = {}, {}
    for role, name in roles.items():
        fields.setdefault(role, name)
        if terms[name]["index"] is not None:
            places[role] = terms[name]["index"]
        if terms[name]["default"]:
            defaults[role] = terms[name]["default"]
    if link:
        places[_LINK] = getattr(section, link)
        if places[_LINK] < 0:
            raise AzeError("archives.bad_descriptor", file=shown, detail=link.replace("_", "/@"))
    layout = Layout(
        section.fields_terminated_by,
        section.fields_enclosed_by,
        known_encoding(encoding),
        section.lines_terminated_by,
        section.lines_to_ignore,
    )
    found = []
    for location in section.raw_element.findall("files/location"):
        name = _located(files, base, (location.text or "").strip(), shown)
        opened = partial(files.opened, name)
        found.append(Table(name, opened, layout, places, defaults, _width(opened, layout)))
    return found


def _located(files: Files, base: PurePosixPath, location: str, shown: str) -> str:
    """The member that a descriptor points to, which lies in its own folder or below."""
    path = PurePosixPath(location.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in location or "\0" in location:
        raise AzeError("archives.location", file=shown, location=location)
    name = files.find(str(base / path))
    if not name:
        raise AzeError("archives.file_missing", file=shown, location=location)
    # A link inside a folder may lead out of it.
    if not files.zipped and not Path(files.real(name)).resolve().is_relative_to(Path(files.path).resolve()):
        raise AzeError("archives.location", file=shown, location=location)
    return name


def _width(opened, layout: Layout) -> int:
    """Columns of a table that has a header; 0 where there is none, as columns that nothing describes are no fault."""
    if not layout.skip:
        return 0
    with opened() as stream:
        head = stream.read(1 << 16)
    encoding = "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else layout.encoding
    line = head.decode(encoding, "replace")
    for end in (layout.terminator or "\n", "\n", "\r"):
        line = line.partition(end)[0]
    return len(line.split(layout.delimiter))


def _citation(files: Files, base: PurePosixPath, metadata: str | None) -> tuple[str, list[tuple[str, dict[str, Any]]]]:
    """How the archive's own metadata (EML) wants it cited, else its title; ``""`` where they are missing or broken."""
    try:
        name = _located(files, base, (metadata or "eml.xml").strip(), "")
    except AzeError:
        # Nobody needs it.
        return "", []
    try:
        root = _xml(files, name)
    except AzeError as error:
        if error.code != "archives.bad_descriptor":
            raise
        return "", [("import.metadata_unreadable", {"file": name})]
    found: dict[str, str] = {}
    for element in root.iter():
        tag = str(element.tag).rpartition("}")[2]
        if tag in ("citation", "title") and tag not in found:
            found[tag] = " ".join("".join(element.itertext()).split())
    return found.get("citation") or found.get("title", ""), []


# ------------------------------------------------------------------------------------------------------ inheritance


def _core_rows(core: Table, progress: Progress) -> dict[str, tuple]:
    """The core's values that records may have from it, by id; of several rows with one id the first counts."""
    roles = _inherited(core)
    rows: dict[str, tuple] = {}
    for block in core.blocks(progress):
        for key, row in zip(block.columns[_LINK], zip(*(block.columns[role] for role in roles)) if roles else ()):
            rows.setdefault(key.strip(), row)
        if not roles:
            rows.update((key.strip(), ()) for key in block.columns[_LINK])
    return rows


def _inherited(core: Table) -> list[str]:
    roles = (*(role for group in _GROUPS for role in group), _UNCERTAINTY)
    return [role for role in roles if role in core.places or role in core.defaults]


def _inherit(block: Block, core: Mapping[str, tuple], table: Table) -> None:
    own = dict(block.columns)
    keys = [key.strip() for key in own[_LINK]]
    roles = _inherited(table)
    nothing = ("",) * len(roles)
    parents = [core.get(key, nothing) for key in keys]
    theirs = {role: list(map(itemgetter(i), parents)) for i, role in enumerate(roles)}
    blank: Sequence[str] = [""] * len(keys)
    for group in _GROUPS:
        lacks = [not any(values) for values in zip(*(own.get(role, blank) for role in group))]
        for role in (*group, _UNCERTAINTY) if "lat" in group else group:
            if role in theirs:
                pairs = zip(lacks, own.get(role, blank), theirs[role])
                block.columns[role] = [given if lacking else mine for lacking, mine, given in pairs]
    if _UNCERTAINTY in theirs:
        # What a record says itself of its precision stays.
        mine = zip(own.get(_UNCERTAINTY, blank), block.columns[_UNCERTAINTY])
        block.columns[_UNCERTAINTY] = [value or given for value, given in mine]
    block.columns["orphan"] = ["" if key in core else key or "–" for key in keys]


def _counts(name: str) -> bool:
    return not name.endswith("/") and not name.startswith("__MACOSX/") and not PurePosixPath(name).name.startswith(".")


def _unzipped(path: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise AzeError("library.bad_zip", file=path, detail=str(error)) from error
