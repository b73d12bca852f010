"""A review as one page of HTML that needs nothing else: for the nominator, and for the file.

Whatever stands in it came in a package or from a reviewer: the page escapes it all and loads nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication

from ..services import figures, vocabulary
from ..services.reporting.html import Page, Rich, Text
from .comparing import ADDED, CHANGED, REMOVED

# Values longer than this are cut in the comparison, where both versions stand side by side.
_LONGEST_BESIDE = 600


def as_html(document: Mapping[str, Any], comparison: Mapping[str, Any] | None = None) -> str:
    """The page of an ``aze-review/1`` document, with an ``aze-comparison/1`` document beside it where there is one."""
    translate = QCoreApplication.translate
    package = document["package"]
    name = package["site"] or package["file"]
    page = Page(
        translate("AzeReview", "Review: {site}").format(site=name),
        subtitle=translate("AzeReview", "Package {file}").format(file=package["file"]),
        contents=translate("AzeReview", "Contents"),
    )
    page.facts(list(_facts(document)))
    _decision(page, document["decision"])
    for note in document["notes"]:
        page.note(note["message"], plain=True)
    _problems(page, document)
    _shares(page, document)
    if comparison is not None:
        _comparison(page, comparison)
    _nomination(page, document)
    page.footer(translate("AzeReview", "SHA-256 of the package: {digest}").format(digest=package["sha256"] or "–"))
    return page.render()


def _facts(document: Mapping[str, Any]) -> Iterator[tuple[str, Text]]:
    translate = QCoreApplication.translate
    valid, count = document["valid"], len(document["problems"])
    sound = translate("AzeReview", "sound") if valid else translate("AzeReview", "{n} problems").format(n=count)
    yield translate("AzeReview", "Package"), sound
    verdict = document["verdict"]["verdict"]
    yield translate("AzeReview", "Claimed verdict"), vocabulary.word("verdict", verdict) if verdict else "–"
    status = {"draft": translate("AzeReview", "draft"), "final": translate("AzeReview", "final")}
    yield translate("AzeReview", "Status"), status.get(document["package"]["status"], "–")
    if document["package"]["date"]:
        yield translate("AzeReview", "Proposed on"), document["package"]["date"]
    said = sum(len(comments) for comments in document["comments"].values())
    yield translate("AzeReview", "Comments"), figures.number(said)


def _decision(page: Page, decision: Mapping[str, Any] | None) -> None:
    translate = QCoreApplication.translate
    page.heading(2, translate("AzeReview", "Decision"))
    if decision is None:
        page.paragraph(translate("AzeReview", "None yet."), quiet=True)
        return
    words = {
        "accept": translate("AzeReview", "Accept"),
        "revise": translate("AzeReview", "Back to the nominator for revision"),
        "reject": translate("AzeReview", "Reject"),
    }
    page.paragraph(Rich(words[decision["outcome"]], bold=True))
    if decision["text"]:
        page.paragraph(decision["text"])
    page.paragraph(_signed(decision), quiet=True)


def _signed(said: Mapping[str, Any]) -> str:
    return ", ".join(part for part in (said["author"], said["date"]) if part)


def _problems(page: Page, document: Mapping[str, Any]) -> None:
    translate = QCoreApplication.translate
    page.heading(2, translate("AzeReview", "What is wrong with the package"))
    if not document["problems"]:
        page.paragraph(translate("AzeReview", "Nothing was found."))
        return
    groups = {
        "integrity": translate("AzeReview", "Integrity"),
        "schema": translate("AzeReview", "Shape of the documents"),
        "content": translate("AzeReview", "Content of the nomination"),
        "figures": translate("AzeReview", "Figures"),
    }
    head = [translate("AzeReview", "Where"), translate("AzeReview", "What")]
    for group, title in groups.items():
        rows = [(p["path"] or "–", p["message"]) for p in document["problems"] if p.get("group") == group]
        if rows:
            page.heading(3, title)
            page.table(head, rows)


def _shares(page: Page, document: Mapping[str, Any]) -> None:
    translate = QCoreApplication.translate
    if not document["shares"]:
        return
    page.heading(2, translate("AzeReview", "Shares, claimed and recomputed"))
    if all(share["class"] == "cannot" for share in document["shares"]):
        page.note(
            translate(
                "AzeReview", "No share could be recomputed: there was no library, or the boundary is generalised."
            )
        )
    words = {
        "same": translate("AzeReview", "the same"),
        "rounding": translate("AzeReview", "the same but for rounding"),
        "differs": translate("AzeReview", "▲ differs"),
        "cannot": translate("AzeReview", "cannot be compared"),
    }
    rows = [
        (
            Rich(share["scientific_name"], italic=True),
            f"{vocabulary.word('parameter', share['parameter'])}, {vocabulary.word('segment', share['segment'])}",
            _share(share["claimed"]),
            _share(share["recomputed"]),
            Rich(words[share["class"]], bold=share["class"] == "differs"),
        )
        for share in document["shares"]
    ]
    head = [
        translate("AzeReview", "Species"),
        translate("AzeReview", "Measured by"),
        translate("AzeReview", "Claimed"),
        translate("AzeReview", "Recomputed"),
        translate("AzeReview", "Comparison"),
    ]
    page.table(head, rows, numbers=(2, 3))


def _share(value: float | None) -> str:
    return "–" if value is None or not -1e6 < value < 1e6 else figures.percent(value, 2)


def _nomination(page: Page, document: Mapping[str, Any]) -> None:
    translate = QCoreApplication.translate
    page.heading(2, translate("AzeReview", "The nomination, with comments"))
    waiting = dict(document["comments"])
    _comments(page, waiting.pop("", []))
    head = [translate("AzeReview", "Field"), translate("AzeReview", "Value")]
    for section in document["sections"]:
        if section["title"]:
            page.heading(3, section["title"])
        rows: list[Sequence[Text]] = []
        for field in section["fields"]:
            # The heading has said the section's name.
            label = field["label"].removeprefix(f"{section['title']}: ")
            rows.append((label, _value(field["value"])))
            for said in waiting.pop(field["pointer"], []):
                rows.append((Rich(f"→ {_signed(said)}", quiet=True), Rich(said["text"], bold=True)))
        page.table(head, rows)
        if section["key"]:
            _comments(page, waiting.pop(f"/{section['key']}", []))
    if waiting:
        page.heading(3, translate("AzeReview", "Comments on fields that the nomination does not have"))
        for pointer, comments in sorted(waiting.items()):
            page.paragraph(Rich(pointer, quiet=True))
            _comments(page, comments)


def _comments(page: Page, comments: Sequence[Mapping[str, Any]]) -> None:
    for said in comments:
        page.note([Rich(said["text"], bold=True), "\n", Rich(_signed(said), quiet=True)])


def _value(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return str(value).lower()
    return figures.written(value) if isinstance(value, (int, float)) else value


# ---------------------------------------------------------------------------------------------------- comparison


def _comparison(page: Page, comparison: Mapping[str, Any]) -> None:
    translate = QCoreApplication.translate
    page.heading(2, translate("AzeReview", "What changed since the earlier version"))
    page.paragraph(
        translate("AzeReview", "{before} is the earlier version, {after} the later.").format(
            before=comparison["before"]["file"], after=comparison["after"]["file"]
        )
    )
    for side in ("before", "after"):
        if not comparison[side]["valid"]:
            file = comparison[side]["file"]
            page.note(
                translate("AzeReview", "{file} is not sound; what is told of it may be untrue.").format(file=file)
            )
    page.paragraph(_boundary(comparison["boundary"]))
    changed = [s for s in comparison["shares"] if s["difference"] is None or abs(s["difference"]) > 1e-9]
    head = [translate("AzeReview", "Species"), translate("AzeReview", "Measured by")]
    before_after = [translate("AzeReview", "Before"), translate("AzeReview", "After")]
    if changed:
        rows = [
            (
                Rich(s["scientific_name"], italic=True),
                f"{vocabulary.word('parameter', s['parameter'])}, {vocabulary.word('segment', s['segment'])}",
                _share(s["before"]),
                _share(s["after"]),
            )
            for s in changed
        ]
        page.table(head + before_after, rows, numbers=(2, 3), caption=translate("AzeReview", "Shares that changed"))
    else:
        page.paragraph(translate("AzeReview", "No share changed."))
    if comparison["fields"]:
        words = {
            ADDED: translate("AzeReview", "＋ added"),
            REMOVED: translate("AzeReview", "− removed"),
            CHANGED: translate("AzeReview", "≠ changed"),
        }
        rows = [
            (
                f"{f['label']} ({f['row']})" if f["row"] else f["label"],
                words[f["kind"]],
                _value(f["before"])[:_LONGEST_BESIDE],
                _value(f["after"])[:_LONGEST_BESIDE],
            )
            for f in comparison["fields"]
        ]
        head = [translate("AzeReview", "Field"), translate("AzeReview", "Change"), *before_after]
        page.table(head, rows, caption=translate("AzeReview", "Fields"))
    else:
        page.paragraph(translate("AzeReview", "No field changed."))
    words = {
        ADDED: translate("AzeReview", "{file}: added"),
        REMOVED: translate("AzeReview", "{file}: removed"),
        CHANGED: translate("AzeReview", "{file}: changed"),
    }
    page.items(words[f["kind"]].format(file=f["path"]) for f in comparison["files"])


def _boundary(boundary: Mapping[str, Any]) -> str:
    translate = QCoreApplication.translate
    if boundary.get("cannot") == "generalised":
        return translate("AzeReview", "The boundaries cannot be compared, because a generalised one shows only cells.")
    if "cannot" in boundary:
        return translate("AzeReview", "The boundaries cannot be compared, because one of them cannot be read.")
    if boundary["same"]:
        return translate("AzeReview", "The boundary is the same.")
    return translate(
        "AzeReview", "The boundary gained {gained} and lost {lost}; it had {before} and now has {after}."
    ).format(**{key: figures.hectares(boundary[f"{key}_ha"]) for key in ("gained", "lost", "before", "after")})
