"""Whether a package is whole, harmless and true: an untrusted zip or folder in, a list of problems out.

Every step only runs on what the ones before it found sound, and whatever is wrong becomes a problem with a code, a
path inside the package and a sentence; no file can make the verification itself fail.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import numpy as np

from .. import paths
from ..domain import geometry
from ..domain import nomination as nominations
from ..domain.candidate import Candidate
from ..domain.criteria import irreplaceability
from ..domain.criteria.settings import Settings
from ..domain.criteria.shares import Share
from ..domain.errors import AzeError
from ..domain.progress import Progress
from ..domain.species import Estimate
from ..library.estimates import EstimateRow
from ..library.query import Library
from ..services import checking
from ..services.measure import ellipsoidal_area_m2
from ..services.wording import text
from . import bag, boundary, details, form, sources
from .unpacking import Problem, examine_folder, unpack

SCHEMA = "aze-verification/1"
# Two computations of one share agree to this, relative to the larger.
SHARE_TOLERANCE = 1e-9
AREA_TOLERANCE = 1e-6
_FIXED = ("nomination.json", "assessment.json", "coverage.json", "sources.csv", "forms/kba_proposal.xlsx")
_REPORTS = {"report/report.pdf": b"%PDF-", "report/map.png": b"\x89PNG\r\n\x1a\n"}
_TAG_FILES = {"bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"}
_MOST_XML = 64 * 2**20
# The largest file of a package that is no evidence; a boundary of a million vertices takes a tenth of it.
_MOST_READ = 256 * 2**20
_JSON_SCHEMAS = {
    "nomination.json": nominations.SCHEMA,
    "assessment.json": checking.SCHEMA,
    "coverage.json": "aze-coverage/1",
}


@dataclass
class Verification:
    """What was found. ``status``: ``draft`` or ``final`` as the package claims, empty where it cannot be read."""

    problems: list[Problem] = field(default_factory=list)
    recomputed: list[dict[str, Any]] = field(default_factory=list)
    status: str = ""

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        """The ``aze-verification/1`` document."""
        return {
            "schema": SCHEMA,
            "valid": self.valid,
            "status": self.status,
            "problems": [{"code": p.code, "path": p.path, "message": text(p.code, p.params)} for p in self.problems],
            "recomputed": {"species": self.recomputed},
        }


def verify(package: str | Path, library_path: str | None = None, progress: Progress | None = None) -> Verification:
    """Verify a zip or a folder; with a library, recompute every share on the packaged boundary and compare.

    Nothing is written but into a scratch folder that is removed again. Raises AzeError only where the package is not
    there, or where the library, which is the user's own, cannot be read.
    """
    progress = progress or Progress()
    path = Path(package)
    if not path.exists():
        raise AzeError("package.missing", file=str(package))
    found = Verification()
    with tempfile.TemporaryDirectory(prefix="aze-verify-") as scratch:
        if path.is_dir():
            root: Path | None = path
            found.problems += examine_folder(path, progress.part(0, 0.3))
        else:
            root, problems = unpack(path, Path(scratch), progress.part(0, 0.3))
            found.problems += problems
        if root is not None and not found.problems:
            _Check(root, library_path, found, progress.part(0.3, 1)).run()
    progress.set(1)
    return found


class _Check:
    """One verification of a folder whose names, kinds and sizes are sound."""

    def __init__(self, root: Path, library_path: str | None, found: Verification, progress: Progress):
        self.root, self.data = root, root / "data"
        self.library_path, self.found, self.progress = library_path, found, progress
        self.documents: dict[str, Any] = {}
        self.info: Mapping[str, str] = {}

    def add(self, code: str, path: str = "", **params) -> None:
        self.found.problems.append(Problem(f"package.{code}", path, params))

    def run(self) -> None:
        if not self._sizes() or not self._bag():
            return
        self._layout()
        self._documents()
        self._reports()
        self._workbook()
        self._sources()
        shape = self._boundary()
        if {"nomination.json", "assessment.json", "coverage.json"} <= set(self.documents):
            self._consistency(shape)
            self.progress.set(0.6)
            if self.library_path and shape is not None:
                self._recompute(shape)

    def _sizes(self) -> bool:
        """Whether every file that is read whole is of a size that can be; evidence is only ever read in pieces."""
        for path in self.root.rglob("*"):
            name = path.relative_to(self.root).as_posix()
            if path.is_file() and not name.startswith("data/evidence/") and path.stat().st_size > _MOST_READ:
                self.add("file_large", name, most=_MOST_READ // 2**20)
        return not self.found.problems

    # ------------------------------------------------------------------------------------------------- the bag

    def _bag(self) -> bool:
        """BagIt's own checks, by its reference library. False where there is no bag to look into."""
        paths.enable_vendored()
        import bagit

        if not (self.root / "bagit.txt").is_file():
            self.add("no_bag", "bagit.txt")
            return False
        for name in ("bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"):
            if not (self.root / name).is_file():
                self.add("missing_file", name)
        if (self.root / "fetch.txt").exists():
            # A bag may name files to be fetched from elsewhere; a nomination has to be complete in itself.
            self.add("fetch", "fetch.txt")
            return False
        if self.found.problems:
            return False
        try:
            opened = bagit.Bag(str(self.root))
            opened.validate(processes=1)
        except bagit.BagValidationError as error:
            for detail in error.details or [error]:
                self.add("bag", str(getattr(detail, "path", "")), detail=self._relative(str(detail)))
        except (bagit.BagError, OSError, ValueError, LookupError) as error:
            self.add("bag", "bagit.txt", detail=self._relative(str(error)))
            return False
        try:
            self.info = bag.read_info(self.root / "bag-info.txt")
        except UnicodeDecodeError as error:
            self.add("unreadable", "bag-info.txt", detail=str(error))
            return False
        return True

    def _relative(self, message: str) -> str:
        return message.replace(str(self.root), self.root.name)

    def _layout(self) -> None:
        """What has to be there, and nothing besides."""
        stem = self._stem()
        expected = {f"data/{name}" for name in (*_FIXED, *_REPORTS)} | _TAG_FILES
        expected |= {f"data/boundary/{stem}{suffix}" for suffix in (*boundary.FORMATS, *boundary.SHAPEFILE_PARTS)}
        present = {p.relative_to(self.root).as_posix() for p in self.root.rglob("*") if p.is_file()}
        for name in sorted(expected - present):
            self.add("missing_file", name)
        for name in sorted(present - expected):
            if not name.startswith("data/evidence/"):
                self.add("foreign", name)

    def _stem(self) -> str:
        """Name of the boundary files: the bag's, unless a folder was renamed after unpacking."""
        stems = sorted({p.stem for p in (self.data / "boundary").glob("*.gpkg")})
        return self.root.name if self.root.name in stems or len(stems) != 1 else stems[0]

    # ----------------------------------------------------------------------------------------------- documents

    def _documents(self) -> None:
        for name, schema in _JSON_SCHEMAS.items():
            path = self.data / name
            if not path.is_file():
                continue
            try:
                content = details.read_json(path)
            except details.JsonError as error:
                self.add("json", f"data/{name}", detail=error.detail)
                continue
            if not isinstance(content, dict) or content.get("schema") != schema:
                self.add("schema", f"data/{name}", expected=schema)
                continue
            self.documents[name] = content
        nomination = self.documents.get("nomination.json")
        if nomination is not None:
            self._nomination(nomination)
        for name, shaped in (("assessment.json", _is_assessment), ("coverage.json", _is_coverage)):
            if name in self.documents and not shaped(self.documents[name]):
                self.add("shape", f"data/{name}")
                del self.documents[name]

    def _nomination(self, nomination: Mapping[str, Any]) -> None:
        status = nomination.get("status")
        self.found.status = status if status in ("draft", "final") else ""
        if not self.found.status:
            self.add("status_missing", "data/nomination.json")
        if self.info.get("Nomination-Status") != status:
            self.add("status_differs", "bag-info.txt", bag=self.info.get("Nomination-Status", "–"), form=status)
        if status != "draft":
            for finding in details.schema_problems(nomination):
                self._finding(finding)

    def _finding(self, finding) -> None:
        self.found.problems.append(Problem(finding.code, "data/nomination.json", dict(finding.params)))

    def _reports(self) -> None:
        for name, mark in _REPORTS.items():
            path = self.data / name
            if path.is_file():
                with open(path, "rb") as file:
                    if file.read(len(mark)) != mark:
                        self.add("kind", f"data/{name}")
        report = self.data / "report" / "report.pdf"
        if report.is_file() and re.search(
            rb"/(?:JavaScript|JS|Launch|OpenAction|AA|EmbeddedFile|RichMedia)\b", report.read_bytes()
        ):
            self.add("pdf_active", "data/report/report.pdf")

    def _sources(self) -> None:
        path = self.data / "sources.csv"
        if not path.is_file():
            return
        try:
            rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
        except (UnicodeDecodeError, csv.Error) as error:
            self.add("unreadable", "data/sources.csv", detail=str(error))
            return
        if not rows or tuple(rows[0]) != sources.COLUMNS or any(len(row) != len(rows[0]) for row in rows):
            self.add("columns", "data/sources.csv", expected=list(sources.COLUMNS))
        for number, row in enumerate(rows, 1):
            if any(value.startswith(("=", "+", "-", "@")) for value in row):
                self.add("formula", "data/sources.csv", cell=str(number))

    # ------------------------------------------------------------------------------------------- the workbook

    def _workbook(self) -> None:
        path = self.data / "forms" / "kba_proposal.xlsx"
        name = "data/forms/kba_proposal.xlsx"
        if not path.is_file():
            return
        with tempfile.TemporaryDirectory(prefix="aze-form-") as scratch:
            inner = Path(scratch)
            if not self._workbook_parts(path, inner, name):
                return
        nomination = self.documents.get("nomination.json")
        if nomination is not None:
            self._workbook_values(path, name, nomination)

    def _workbook_parts(self, path: Path, scratch: Path, name: str) -> bool:
        """Every part of the workbook as XML, without entities, formulas, macros or links to other files."""
        before = len(self.found.problems)
        try:
            with zipfile.ZipFile(path) as archive:
                entries = archive.infolist()
                if len(entries) > 200 or sum(e.file_size for e in entries) > _MOST_XML:
                    self.add("workbook", name, detail="it is larger than a form")
                    return False
                for entry in entries:
                    part = entry.filename
                    if re.search(r"vbaProject|externalLinks|embeddings|activeX|connections\.xml", part, re.IGNORECASE):
                        self.add("workbook_active", name, part=part)
                    elif part.endswith((".xml", ".rels", ".vml")):
                        with archive.open(entry) as stream:
                            content = stream.read(_MOST_XML + 1)
                        self._workbook_part(content, part, name)
        except (zipfile.BadZipFile, OSError, ValueError, EOFError, RuntimeError, NotImplementedError) as error:
            self.add("workbook", name, detail=str(error))
        return len(self.found.problems) == before

    def _workbook_part(self, content: bytes, part: str, name: str) -> None:
        root = self._xml(content, name)
        if root is None:
            return
        for element in root.iter():
            tag = str(element.tag).rpartition("}")[2]
            if tag == "c" and any(str(child.tag).rpartition("}")[2] == "f" for child in element):
                self.add("formula", name, cell=f"{part.rpartition('/')[2]} {element.get('r', '')}")
            if tag == "Relationship" and element.get("TargetMode") == "External":
                self.add("workbook_active", name, part=part)

    def _xml(self, content: bytes, name: str):
        """Parsed XML; a document type, which could declare entities, is refused as such."""
        paths.enable_vendored()
        from defusedxml import DefusedXmlException
        from defusedxml.ElementTree import fromstring

        if len(content) > _MOST_XML:
            self.add("xml", name, detail="it is too large")
            return None
        try:
            return fromstring(content, forbid_dtd=True)
        except DefusedXmlException:
            self.add("xml_entities", name)
        except (ParseError, ValueError, LookupError) as error:
            self.add("xml", name, detail=str(error))
        return None

    def _workbook_values(self, path: Path, name: str, nomination: Mapping[str, Any]) -> None:
        """Whether the form says what the nomination says."""
        from openpyxl import load_workbook
        from openpyxl.utils import get_column_letter
        from openpyxl.utils.exceptions import InvalidFileException

        try:
            workbook = load_workbook(path, read_only=False, data_only=False, keep_links=False)
        except (InvalidFileException, KeyError, ValueError, TypeError, AttributeError, OSError, ParseError) as error:
            self.add("workbook", name, detail=str(error))
            return
        for cell in form.cells(nomination):
            where = f"{cell.sheet} {get_column_letter(cell.column)}{cell.row}"
            if cell.sheet not in workbook.sheetnames:
                self.add("form_tab", name, tab=cell.sheet)
                return
            if not _same_value(workbook[cell.sheet].cell(cell.row, cell.column).value, cell.value):
                self.add("form_differs", name, cell=where)

    # ------------------------------------------------------------------------------------------- the boundary

    def _boundary(self) -> geometry.Geometry | None:
        """The boundary, lon/lat, where all four files hold the same one."""
        stem = self._stem()
        kml = self.data / "boundary" / f"{stem}.kml"
        if kml.is_file():
            with open(kml, "rb") as stream:
                root = self._xml(stream.read(_MOST_XML + 1), f"data/boundary/{kml.name}")
            if root is None:
                return None
            if any(str(e.tag).rpartition("}")[2] in ("NetworkLink", "GroundOverlay", "Model") for e in root.iter()):
                self.add("kml_links", f"data/boundary/{kml.name}")
                return None
        geojson = self.data / "boundary" / f"{stem}.geojson"
        if geojson.is_file():
            try:
                details.read_json(geojson)
            except details.JsonError as error:
                self.add("json", f"data/boundary/{geojson.name}", detail=error.detail)
                return None
        shapes: dict[str, geometry.Geometry] = {}
        for suffix in boundary.FORMATS:
            path = self.data / "boundary" / f"{stem}{suffix}"
            if not path.is_file():
                continue
            self.progress.check()
            try:
                shapes[suffix] = boundary.read_boundary(path)
            except AzeError as error:
                self.found.problems.append(
                    Problem("package.boundary", f"data/boundary/{path.name}", {"detail": error.params["detail"]})
                )
        exact = shapes.get(".gpkg")
        if exact is None:
            return None
        for suffix, shape in shapes.items():
            if not geometry.same_shape(exact, shape, boundary.TOLERANCE_DEGREES):
                self.add("boundary_differs", f"data/boundary/{stem}{suffix}", file=f"{stem}.gpkg")
        return exact

    # -------------------------------------------------------------------------------------------- consistency

    def _consistency(self, shape: geometry.Geometry | None) -> None:
        """Whether the documents agree with each other, with the boundary and with the rules."""
        nomination = self.documents["nomination.json"]
        document = self.documents["assessment.json"]
        only = document["assessments"][0]
        cover = self.documents["coverage.json"]["sites"][0]
        rules = checking.default_settings()
        settings = self._settings(document["settings"], rules)
        if settings is not None:
            self._shares(only, settings)
        if shape is None:
            return
        candidate = _candidate(only["name"], shape)
        if candidate.geometry is None:
            self.add("boundary", f"data/boundary/{self._stem()}.gpkg", detail=candidate.reason)
            return
        if abs(candidate.area_ha - only["area_ha"]) > AREA_TOLERANCE * candidate.area_ha:
            self.add("area", "data/assessment.json", given_ha=only["area_ha"], measured_ha=candidate.area_ha)
        lon, lat = geometry.midpoint(candidate.geometry)
        place = nominations.Place(candidate.area_ha, lon, lat)
        attached = {p.name for p in (self.data / "evidence").glob("*") if p.is_file()}
        on_site = None if cover["cover_class"] == "not_assessed" else cover
        if nominations.folder_name(nomination) != self._stem():
            self.add("folder", f"data/boundary/{self._stem()}.gpkg", expected=nominations.folder_name(nomination))
        if nomination.get("status") == "final":
            for finding in nominations.problems(nomination, only, on_site, place, attached):
                if nominations.is_blocked([finding]):
                    self._finding(finding)

    def _settings(self, given: Mapping[str, Any], rules: Settings) -> Settings | None:
        """The rules that the assessment was made by; a package made by others than the criteria's is not valid."""
        expected = rules.as_json()
        for key in ("threshold", "aze_operator", "a1e_operator", "presence", "origin", "area_crs"):
            if given.get(key) != expected[key]:
                self.add("settings", "data/assessment.json", setting=key, given=str(given.get(key)))
                return None
        return rules

    def _shares(self, only: Mapping[str, Any], settings: Settings) -> None:
        """Whether each share is what its own numbers and the threshold make of it."""
        path = "data/assessment.json"
        for taxon in only["species"]:
            name = taxon["scientific_name"]
            for share in taxon["shares"]:
                low, best, high = share["low"], share["best"], share["high"]
                ratio = share["site_value"] / share["global_value"] if share["global_value"] else float("nan")
                if not low <= best <= high <= 1 + SHARE_TOLERANCE or not _close(best, min(1.0, ratio)):
                    self.add("share", path, taxon=name, parameter=share["parameter"], segment=share["segment"])
                    continue
                as_share = Share(
                    share["parameter"], share["segment"], low, best, high, share["site_value"], share["global_value"]
                )
                if irreplaceability.share_status(as_share, settings.aze_operator, settings) != share["status"]:
                    self.add("share_status", path, taxon=name, parameter=share["parameter"], segment=share["segment"])
            if taxon["trigger"] and taxon["category"] not in (*settings.threatened, *settings.reintroduction):
                self.add("trigger", path, taxon=name, category=taxon["category"])
            if taxon["trigger"] != (taxon["status"] == "met" and taxon["route"] != "none"):
                self.add("trigger_status", path, taxon=name)
        met = all(c["status"] == "met" for c in only["criteria"].values())
        if (only["verdict"] == "eligible") != met:
            self.add("verdict", path)

    def _recompute(self, shape: geometry.Geometry) -> None:
        """The same check on the packaged boundary with the reviewer's own library."""
        nomination, document = self.documents["nomination.json"], self.documents["assessment.json"]
        only = document["assessments"][0]
        candidate = _candidate(only["name"], shape)
        if candidate.geometry is None:
            return
        # Which range rows count depends on the category, so the same list has to give it.
        listed = document["settings"].get("authority_list")
        settings = checking.default_settings().with_choices(authority=listed if isinstance(listed, str) else "")
        with Library.open(self.library_path) as library:
            available = library.authorities()
        if settings.authority_list and settings.authority_list not in available:
            self.add("authority", "data/assessment.json", authority=settings.authority_list)
            return
        again = checking.check_candidates(
            [candidate],
            checking.Background(
                self.library_path,
                settings,
                statements=nominations.statements_for(nomination, only["name"]),
                estimates=_estimates(only),
            ),
            self.progress.part(0.6, 1),
        )["assessments"][0]
        claimed, computed = _by_share(only), _by_share(again)
        for key in sorted(set(claimed) | set(computed)):
            name, parameter, segment = key
            ours, theirs = computed.get(key), claimed.get(key)
            difference = None if ours is None or theirs is None else ours - theirs
            self.found.recomputed.append(
                {
                    "scientific_name": name,
                    "parameter": parameter,
                    "segment": segment,
                    "claimed": theirs,
                    "recomputed": ours,
                    "difference": difference,
                }
            )
            place = {"taxon": name, "parameter": parameter, "segment": segment}
            if theirs is None:
                self.add("share_omitted", "data/assessment.json", **place, share=ours)
            elif ours is None:
                self.add("share_unknown", "data/assessment.json", **place)
            elif not _close(ours, theirs):
                self.add("share_differs", "data/assessment.json", **place, claimed_share=theirs, found_share=ours)
        verdicts = {t["scientific_name"]: t for t in again["species"]}
        for taxon in only["species"]:
            mine = verdicts.get(taxon["scientific_name"])
            if mine is None:
                continue
            for key in ("category", "trigger", "route", "status"):
                if mine[key] != taxon[key]:
                    self.add(
                        "taxon_differs",
                        "data/assessment.json",
                        taxon=taxon["scientific_name"],
                        member=key,
                        claimed=str(taxon[key]),
                        found=str(mine[key]),
                    )


def _candidate(name: str, lonlat: geometry.Geometry) -> Candidate:
    prepared = geometry.prepare(np.array([lonlat], dtype=object))
    shape = prepared.geometries[0]
    area_ha = 0.0 if shape is None else ellipsoidal_area_m2(lonlat) / 1e4
    return Candidate(
        name,
        shape,
        area_ha,
        repaired=bool(prepared.repaired[0]),
        crossing=bool(prepared.crossing[0]),
        reason=prepared.reasons[0],
    )


def _by_share(assessment: Mapping[str, Any]) -> dict[tuple[str, str, str], float]:
    return {
        (taxon["scientific_name"], share["parameter"], share["segment"]): share["best"]
        for taxon in assessment["species"]
        for share in taxon["shares"]
    }


def _close(one: float, other: float) -> bool:
    return abs(one - other) <= SHARE_TOLERANCE * max(abs(one), abs(other), 1e-300)


def _same_value(found: Any, expected: Any) -> bool:
    if isinstance(expected, (int, float)) and isinstance(found, (int, float)):
        return abs(found - expected) <= 1e-9 * max(1.0, abs(expected))
    # A workbook ends its lines with a line feed, whatever the text had.
    lines = [None if v is None else str(v).replace("\r\n", "\n").replace("\r", "\n") for v in (found, expected)]
    return lines[0] == lines[1]


# ------------------------------------------------------------------------------------------------------ shapes


def _has(value: Any, members: Mapping[str, Any]) -> bool:
    """Whether a value is an object with members of these types."""
    if not isinstance(value, Mapping):
        return False
    for key, kind in members.items():
        member = value.get(key)
        if not isinstance(member, kind) or (isinstance(member, bool) and bool not in _kinds(kind)):
            return False
    return True


def _kinds(kind: Any) -> tuple:
    return kind if isinstance(kind, tuple) else (kind,)


_NUMBER = (int, float)
_NUMBER_OR_NONE = (int, float, type(None))


def _all_have(values: Iterable[Any], members: Mapping[str, Any]) -> bool:
    return all(_has(value, members) for value in values)


def _estimates(only: Mapping[str, Any]) -> list[EstimateRow]:
    """The estimates that an assessment rests on: they are the nominator's, a reviewer's library need not have them."""
    columns = ("scope", "parameter", "segment", "low", "best", "high")
    return [
        EstimateRow(0, taxon["taxon_id"], taxon["scientific_name"], only["name"], Estimate(*(e[c] for c in columns)))
        for taxon in only["species"]
        for e in taxon.get("estimates", [])
    ]


def _is_assessment(document: Any) -> bool:
    """Whether an ``aze-assessment/1`` document has every member that is read here, of the right type."""
    if not _has(document, {"settings": dict, "assessments": list}) or len(document["assessments"]) != 1:
        return False
    only = document["assessments"][0]
    if not _has(only, {"name": str, "area_ha": _NUMBER, "verdict": str, "a1e": str, "criteria": dict, "species": list}):
        return False
    if set(only["criteria"]) != {"endangerment", "irreplaceability", "discreteness"}:
        return False
    if not _all_have(only["criteria"].values(), {"status": str, "findings": list}):
        return False
    if not all(_all_have(c["findings"], {"code": str}) for c in only["criteria"].values()):
        return False
    taxon = {
        "taxon_id": str,
        "scientific_name": str,
        "category": str,
        "trigger": bool,
        "route": str,
        "status": str,
        "shares": list,
    }
    share = {
        "parameter": str,
        "segment": str,
        "low": _NUMBER,
        "best": _NUMBER,
        "high": _NUMBER,
        "site_value": _NUMBER,
        "global_value": _NUMBER,
        "unit": str,
        "status": str,
    }
    estimate = {
        "scope": str,
        "parameter": str,
        "segment": str,
        "low": _NUMBER,
        "best": _NUMBER,
        "high": _NUMBER,
    }
    return _all_have(only["species"], taxon) and all(
        _all_have(t["shares"], share)
        and isinstance(t.get("estimates", []), list)
        and _all_have(t.get("estimates", []), estimate)
        and all(s["parameter"] in nominations.PARAMETER_LABELS for s in t["shares"])
        and all(s["segment"] in nominations.SEASON_LABELS for s in t["shares"])
        for t in only["species"]
    )


def _is_coverage(document: Any) -> bool:
    """Whether an ``aze-coverage/1`` document has its one site with what is read here."""
    if not _has(document, {"sites": list}) or len(document["sites"]) != 1:
        return False
    site = {"name": str, "cover_class": str, "both_pct": _NUMBER_OR_NONE, "protected_areas": list}
    return _has(document["sites"][0], site) and _all_have(
        document["sites"][0]["protected_areas"], {"name": str, "pct": _NUMBER}
    )
