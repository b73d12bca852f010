"""The bag: sizes that can be read, BagIt's own rules, the profile, and nothing that does not belong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ... import paths
from .. import bag, boundary, evidence
from .examined import Examined

FIXED = ("nomination.json", "assessment.json", "coverage.json", "sources.csv", "forms/kba_proposal.xlsx")
REPORTS = {"report/report.pdf": b"%PDF-", "report/map.png": b"\x89PNG\r\n\x1a\n"}
# Packages of the first version had none.
OPTIONAL = ("report/report.html",)
TAG_FILES = ("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt")
_MB = 2**20
# The largest file that is read whole, by what it is; ten times what a large nomination needs.
_LARGEST = {
    ".json": 16 * _MB,
    ".txt": 4 * _MB,
    ".csv": 4 * _MB,
    ".xlsx": 8 * _MB,
    ".html": 16 * _MB,
    ".kml": 20 * _MB,
    ".geojson": 20 * _MB,
    ".gpkg": 16 * _MB,
    ".shp": 16 * _MB,
}
_LARGEST_OTHER = 32 * _MB


def sizes(examined: Examined) -> bool:
    """Whether every file that is read whole is of a size that can be; evidence is only ever read in pieces."""
    sound = True
    for path in examined.root.rglob("*"):
        name = path.relative_to(examined.root).as_posix()
        if not path.is_file() or name.startswith("data/evidence/"):
            continue
        most = _LARGEST.get(path.suffix.lower(), _LARGEST_OTHER)
        if path.stat().st_size > most:
            examined.add("file_large", name, most=most // _MB)
            sound = False
    return sound


def rules(examined: Examined) -> bool:
    """BagIt's own checks, by its reference library. False where there is no bag to look into."""
    paths.enable_vendored()
    import bagit

    root = examined.root
    if not (root / "bagit.txt").is_file():
        examined.add("no_bag", "bagit.txt")
        return False
    for name in TAG_FILES[1:]:
        if not (root / name).is_file():
            examined.add("missing_file", name)
    if (root / "fetch.txt").exists():
        # A bag may name files to be fetched from elsewhere; a nomination has to be complete in itself.
        examined.add("fetch", "fetch.txt")
        return False
    if examined.found.problems:
        return False

    def relative(message: object) -> str:
        return str(message).replace(str(root), root.name)

    opened = None
    try:
        opened = bagit.Bag(str(root))
        opened.validate(processes=1)
    except bagit.BagValidationError as error:
        for detail in error.details or [error]:
            examined.add("bag", str(getattr(detail, "path", "")), detail=relative(detail))
    except (bagit.BagError, OSError, ValueError, LookupError, AttributeError, TypeError) as error:
        examined.add("bag", "bagit.txt", detail=relative(error))
        return False
    try:
        examined.info = bag.read_info(root / "bag-info.txt")
    except UnicodeDecodeError as error:
        examined.add("unreadable", "bag-info.txt", detail=str(error))
        return False
    if opened is not None and opened.encoding.lower().replace("_", "-") not in ("utf-8", "utf8"):
        # Labels that mean one thing here and another there.
        examined.add("bag", "bagit.txt", detail="its tag files are not in UTF-8")
    labels = [line.partition(":")[0].strip() for line in _lines(root / "bag-info.txt") if not line[:1].isspace()]
    for label in sorted({label for label in labels if labels.count(label) > 1} & set(bag.profile()["Bag-Info"])):
        examined.add("profile_twice", "bag-info.txt", tag=label)
    _profile(examined)
    return True


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8-sig").splitlines()


def _profile(examined: Examined) -> None:
    """Whether the bag keeps to the profile that it names; bags older than the profile name none."""
    named = examined.info.get(bag.PROFILE_TAG)
    if named is None:
        return
    own = bag.profile()
    if named != own["BagIt-Profile-Info"]["BagIt-Profile-Identifier"]:
        examined.add("profile_unknown", "bag-info.txt", profile=named)
        return
    for label, rule in own["Bag-Info"].items():
        value = examined.info.get(label)
        if value is None:
            if rule.get("required"):
                examined.add("profile_missing", "bag-info.txt", tag=label)
        elif rule.get("values") and value not in rule["values"]:
            examined.add("profile_value", "bag-info.txt", tag=label, given=value)


def layout(examined: Examined) -> None:
    """What has to be there, and nothing besides; evidence by its kind and size."""
    expected = {f"data/{name}" for name in (*FIXED, *REPORTS)} | set(TAG_FILES)
    expected |= {f"data/boundary/{examined.stem}{suffix}" for suffix in (*boundary.FORMATS, *boundary.SHAPEFILE_PARTS)}
    files = {p.relative_to(examined.root).as_posix(): p for p in examined.root.rglob("*") if p.is_file()}
    for name in sorted(expected - set(files)):
        examined.add("missing_file", name)
    attached = []
    for name in sorted(set(files) - expected - {f"data/{name}" for name in OPTIONAL}):
        if not name.startswith("data/evidence/") or name.count("/") > 2:
            examined.add("foreign", name)
        else:
            attached.append(files[name])
    for path in attached:
        examined.progress.check()
        refused = evidence.refusal(path)
        if refused:
            examined.add(refused[0], f"data/evidence/{path.name}", **refused[1])
    too_much: Mapping[str, Any] | None = evidence.too_much(attached)
    if too_much:
        examined.add("evidence_too_much", "data/evidence", **too_much)
