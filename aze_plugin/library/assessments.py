"""The Red List's CSV export: assessments with what its other tables say of their taxa; and national lists, which are
tables of names and categories."""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import os
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from .. import paths
from ..domain.errors import AzeError
from ..domain.fields import resolve
from ..domain.progress import Progress
from ..domain.redlist import Category, parse_category
from . import names, values
from .report import RowNote, SourceReport

# Narrative columns hold whole articles, more than the csv module expects of a field.
_LONGEST_FIELD = 2**30
_BLOCK = 1 << 20

_MAIN = ("assessments", "simple_summary")
_BESIDE = ("taxonomy", "simple_summary")
_NAMES = "common_names"
_DELIMITERS = ",;\t|"


class Export:
    """A zip, a folder or one CSV (plain or gzip) of a Red List export, or with an ``authority`` the national list of
    that name. Names the file in all AzeErrors it raises."""

    def __init__(self, path: str, authority: str = ""):
        self.authority = " ".join(authority.split())
        self.path = os.path.realpath(path)
        if not os.path.exists(self.path):
            raise AzeError("library.source_missing", file=path)
        self._is_zip = os.path.isfile(self.path) and self.path.lower().endswith(".zip")
        # Table name (base name without ending, lower case) to file or member.
        self._tables: dict[str, str] = {}
        for name in sorted(self._names(), key=lambda n: (n.count("/") + n.count(os.sep), n)):
            base = PurePosixPath(name.replace(os.sep, "/")).name.lower()
            endings = (".csv",) if self._is_zip else (".csv", ".csv.gz")
            if base.endswith(endings) and not base.startswith("."):
                self._tables.setdefault(base.partition(".csv")[0], name)
        if os.path.isfile(self.path) and not self._is_zip:
            self.main = next(iter(self._tables), "")
            self._tables = self._tables or {"table": self.path}
            self.main = self.main or "table"
        else:
            self.main = next((t for t in _MAIN if t in self._tables), "")
            if not self.main and len(self._tables) == 1:
                self.main = next(iter(self._tables))
        if not self.main:
            raise AzeError("library.no_assessments", file=self.path)

    def _names(self) -> list[str]:
        if self._is_zip:
            try:
                with zipfile.ZipFile(self.path) as archive:
                    return [n for n in archive.namelist() if not n.startswith("__MACOSX/")]
            except zipfile.BadZipFile as error:
                raise AzeError("library.bad_zip", file=self.path, detail=str(error)) from error
        if os.path.isdir(self.path):
            return [os.path.join(folder, f) for folder, _, files in os.walk(self.path) for f in files]
        return [self.path]

    def size(self) -> int:
        """Bytes of the main table as stored."""
        if self._is_zip:
            with zipfile.ZipFile(self.path) as archive:
                return archive.getinfo(self._tables[self.main]).compress_size
        return os.path.getsize(self._tables[self.main])

    def sha256(self, progress: Progress) -> str:
        """Hash of the tables one after the other, by their names."""
        digest = hashlib.sha256()
        for table in sorted(self._tables):
            with self._stream(table) as stream:
                while block := stream.read(_BLOCK):
                    progress.check()
                    digest.update(block)
        return digest.hexdigest()

    @contextmanager
    def _stream(self, table: str) -> Iterator[BinaryIO]:
        name = self._tables[table]
        try:
            if self._is_zip:
                with zipfile.ZipFile(self.path) as archive, archive.open(name) as stream:
                    yield stream
            elif name.lower().endswith(".gz"):
                with gzip.open(name) as stream:
                    yield stream
            else:
                with open(name, "rb") as stream:
                    yield stream
        except (zipfile.BadZipFile, zlib.error, EOFError, gzip.BadGzipFile) as error:
            raise AzeError("library.bad_zip", file=self.path, detail=str(error)) from error

    def _encoding(self, table: str) -> str:
        decoder = codecs.getincrementaldecoder("utf-8")()
        with self._stream(table) as stream:
            while block := stream.read(_BLOCK):
                try:
                    decoder.decode(block)
                except UnicodeDecodeError:
                    return "cp1252"
        return "utf-8-sig"

    def rows(self, table: str, progress: Progress) -> Iterator[tuple[int, dict[str, str], dict[str, str]]]:
        """1-based number, values by role, and the field of each role, for each row; nothing for a missing table."""
        if table not in self._tables:
            return
        sections = paths.load_json("schemas", "fields.json")
        aliases = sections["national_list" if self.authority else "assessments"]
        aliases = sections[_NAMES] if table == _NAMES else aliases
        name = self._tables[table]
        limit = csv.field_size_limit(_LONGEST_FIELD)
        try:
            with self._stream(table) as stream:
                lines = io.TextIOWrapper(stream, encoding=self._encoding(table), errors="replace", newline="")
                first = lines.readline()
                # Where decimals have a comma, spreadsheets write semicolons between the values.
                delimiter = max(_DELIMITERS, key=first.count)
                header = next(csv.reader([first], delimiter=delimiter), [])
                reader = csv.reader(lines, delimiter=delimiter)
                fields = resolve(header, aliases)
                columns = {role: header.index(field) for role, field in fields.items()}
                if table == self.main and not ("category" in fields and {"taxon_id", "scientific_name"} & set(fields)):
                    code = "library.national_fields" if self.authority else "library.assessment_fields"
                    raise AzeError(code, file=self._shown(name), fields=header[:12] or ["–"])
                for number, record in enumerate(reader, 1):
                    progress.check()
                    if not any(record):
                        continue
                    found = {r: values.plain(record[c]) if c < len(record) else "" for r, c in columns.items()}
                    if "category" in columns and columns["category"] < len(record):
                        # "NA" is no gap here but a category: not applicable.
                        found["category"] = values.text(record[columns["category"]])
                    yield number, found, fields
        except csv.Error as error:
            raise AzeError("library.bad_csv", file=self._shown(name), detail=str(error)) from error
        finally:
            csv.field_size_limit(limit)

    def _shown(self, name: str) -> str:
        return f"{self.path}/{name}" if self._is_zip else name


def read(export: Export, source_id: int, known: dict[str, str], report: SourceReport, progress: Progress) -> list[dict]:
    """The export's assessments as rows of the library; the rows that cannot be used go into the report.

    Of a national list every row counts whatever its scope, but for that list alone: none is global. Its taxa are known
    by their names, as a number in such a list may be anybody's.
    """
    beside = _taxa(export, progress)
    rows = []
    regional = 0
    for number, found, fields in export.rows(export.main, progress):
        report.rows_read += 1
        report.fields = fields
        name = values.text(found.get("scientific_name"))
        given_id = values.taxon_id(found.get("taxon_id"))
        if export.authority:
            name, given_id = _without_author(name), ""
        more = beside.get(given_id, {})
        name = name or more.get("scientific_name", "")
        if not name and not given_id:
            report.rejected.append(RowNote(number, "", "row.name_missing"))
            continue
        category = _national_category(found["category"]) if export.authority else parse_category(found["category"])
        if category is None:
            report.rejected.append(
                RowNote(number, name or given_id, "row.unknown_category", {"value": found["category"]})
            )
            continue
        told = {role: found.get(role) or more.get(role, "") for role in _TOLD}
        scopes = found.get("scopes", "")
        rank = values.rank(name, told["infra_type"], told["infra_name"], told["subpopulation"])
        if export.authority and rank == "species" and name.split()[2:3] and name.split()[2].islower():
            # Three words without the sign between them.
            rank = "subspecies"
        if given_id and name and rank == "species":
            known.setdefault(name.lower(), given_id)
        counts = values.is_global(scopes) and not export.authority
        regional += not counts and not export.authority
        rows.append(
            {
                "source_id": source_id,
                "row": number,
                "taxon_id": given_id or known.get(name.lower(), name),
                "scientific_name": name,
                "category": category.code,
                "criteria": found.get("criteria", ""),
                "year": values.year(found.get("year")),
                "date": found.get("date", "")[:10],
                "possibly_extinct": int(category.possibly_extinct or values.is_true(found.get("possibly_extinct"))),
                "possibly_extinct_in_the_wild": int(
                    category.possibly_extinct_in_the_wild or values.is_true(found.get("possibly_extinct_in_the_wild"))
                ),
                "scopes": scopes,
                "is_global": int(counts),
                "rank": rank,
                "common_name": told["common_name"],
                "group_name": told["group"],
                "authority": export.authority,
            }
        )
    report.rows_imported = len(rows)
    if regional:
        report.notes.append(("import.regional", {"count": regional}))
    return rows


def _without_author(name: str) -> str:
    """A species' name without its authorship; names of subspecies stay as they are, whose category is their own."""
    binomial = names.binomial(name)
    if not binomial or values.rank(name, "", "", "") != "species":
        return name
    rest = name.split(binomial.split()[1], 1)[-1].strip(" ,")
    return binomial if not rest or rest[0] in "([" or rest[0].isupper() else name


def _national_category(text: object) -> Category | None:
    """A category as national lists write it: a code, the word in their language, or both, with its flag."""
    raw = values.text(text)
    words, flags = _category_words()
    # What stands in brackets may be the code of the word before them, or a flag, or a code with its flag.
    tokens = [t for t in re.split(r"[()\[\]/–—:;-]+", raw) if t.strip()]
    codes = (c.code for t in (raw, *tokens) if (c := parse_category(t.strip())))
    code = next(codes, None) or next((words[k] for t in (raw, *tokens) if (k := _letters(t)) in words), None)
    if code is None:
        return None
    raised = {flags[k] for t in tokens if (k := t.strip().upper()) in flags}
    return Category(code, "possibly_extinct" in raised, "possibly_extinct_in_the_wild" in raised)


@cache
def _category_words() -> tuple[dict[str, str], dict[str, str]]:
    """Letters of a word to its category's code, and a flag's sign in capitals to its name."""
    known = paths.load_json("schemas", "category_words.json")
    words = {_letters(word): code for code, spelt in known["words"].items() for word in spelt}
    return words, {sign.upper(): flag for flag, signs in known["flags"].items() for sign in signs}


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain if c.isalpha()).lower()


_TOLD = ("infra_type", "infra_name", "subpopulation", "group", "common_name")


def _taxa(export: Export, progress: Progress) -> dict[str, dict[str, Any]]:
    """What the tables beside the main one say of each taxon, by its id."""
    taxa: dict[str, dict[str, Any]] = {}
    for table in _BESIDE:
        if table != export.main:
            for _, found, _ in export.rows(table, progress):
                # Scopes belong to one assessment, not to the taxon.
                told = {role: value for role, value in found.items() if value and role not in ("scopes", "category")}
                taxa.setdefault(values.taxon_id(found.get("taxon_id")), {}).update(told)
    if export.main != _NAMES:
        for _, found, _ in export.rows(_NAMES, progress):
            entry = taxa.setdefault(values.taxon_id(found.get("taxon_id")), {})
            if found.get("common_name") and (values.is_true(found.get("is_main")) or "common_name" not in entry):
                entry["common_name"] = found["common_name"]
    taxa.pop("", None)
    return taxa
