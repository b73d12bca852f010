"""Two versions of a nomination compared, for the reviewer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtWidgets import QFormLayout, QLabel, QVBoxLayout, QWidget

from ...services import figures, vocabulary
from .. import style
from . import reviewparts as parts
from .basics import FlowLayout, TextLabel, link
from .comparison import GAINED, LOST, hatched
from .plainrows import PlainRows, Row, Tag, visible


class Changes(QWidget):
    """Two versions of the nomination beside each other."""

    def __init__(self, dialog):
        super().__init__(dialog)
        translate = QCoreApplication.translate
        self._dialog = dialog
        self.versions: tuple[str, str] | None = None
        self.head = TextLabel(
            translate(
                "AzeReview",
                "Choose another version of this nomination to see which fields, shares and parts of the boundary "
                "changed.",
            )
        )
        self.swap = link(translate("AzeReview", "⇄ the other way round"), self._swap)
        self.swap.hide()
        self.ask = parts.button(translate("AzeReview", "Compare with…"), dialog.ask_and_compare)
        self.gained, self.lost = TextLabel(), TextLabel()
        self._keys = QWidget()
        form = QFormLayout(self._keys)
        form.setContentsMargins(0, 0, 0, 0)
        for label, look in ((self.gained, GAINED), (self.lost, LOST)):
            key = QLabel()
            key.setPixmap(hatched(*look))
            form.addRow(key, label)
        self._keys.hide()
        self.rows = PlainRows(translate("AzeReview", "Changes"))
        self.rows.hide()
        row = FlowLayout()
        row.addWidget(self.ask)
        row.addWidget(self.swap)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addWidget(self.head)
        layout.addLayout(row)
        layout.addWidget(self._keys)
        layout.addWidget(self.rows, 1)
        layout.addStretch(0)

    def _swap(self) -> None:
        if self.versions is not None:
            before, after = self.versions
            self._dialog.compare(after, before)

    def show_comparison(self, comparison: Mapping[str, Any]) -> None:
        """Show an ``aze-comparison/1`` document."""
        translate = QCoreApplication.translate
        lines = [
            translate("AzeReview", "{before} → {after}").format(
                before=comparison["before"]["file"], after=comparison["after"]["file"]
            )
        ]
        for side in ("before", "after"):
            if not comparison[side]["valid"]:
                said = translate("AzeReview", "{file} is not sound; what is told of it may be untrue.")
                lines.append(f"{style.MARKS['problem']} {said.format(file=comparison[side]['file'])}")
        verdicts = [comparison[side]["verdict"] for side in ("before", "after")]
        if verdicts[0] != verdicts[1]:
            words = [vocabulary.word("verdict", v) if v else "–" for v in verdicts]
            lines.append(translate("AzeReview", "Verdict: {before} → {after}").format(before=words[0], after=words[1]))
        lines += self._show_boundary(comparison["boundary"])
        self.head.setText(visible("\n".join(lines), 2000))
        self.swap.show()
        self.rows.show()
        self.rows.clear()
        self._show_shares(comparison["shares"])
        self._show_fields(comparison["fields"])
        self._show_files(comparison["files"])
        if not self.rows.topLevelItemCount():
            nothing = translate("AzeReview", "No field, no share and no file of evidence changed.")
            self.rows.add_row(Row("", nothing)).setFlags(Qt.ItemFlag.ItemIsEnabled)

    def _show_boundary(self, boundary: Mapping[str, Any]) -> list[str]:
        """Show what the boundary gained and lost; lines to say where there is no such thing."""
        translate = QCoreApplication.translate
        self._keys.setVisible("cannot" not in boundary and not boundary["same"])
        if boundary.get("cannot") == "generalised":
            return [
                translate("AzeReview", "The boundaries cannot be compared, because a generalised one shows only cells.")
            ]
        if "cannot" in boundary:
            return [translate("AzeReview", "The boundaries cannot be compared, because one of them cannot be read.")]
        if boundary["same"]:
            return [translate("AzeReview", "The boundary is the same.")]
        for label, template, key in (
            (self.gained, translate("AzeReview", "Gained: {area}"), "gained_ha"),
            (self.lost, translate("AzeReview", "Lost: {area}"), "lost_ha"),
        ):
            nothing = translate("AzeReview", "nothing")
            label.setText(template.format(area=figures.hectares(boundary[key]) if boundary[key] else nothing))
        before, after = (figures.hectares(boundary[key]) for key in ("before_ha", "after_ha"))
        return [translate("AzeReview", "Area: {before} → {after}").format(before=before, after=after)]

    def _section(self, title: str, count: int):
        return self.rows.add_section(f"{title} ({figures.number(count)})")

    def _rest(self, count: int, top) -> None:
        if count > parts.MOST_ROWS:
            rest = QCoreApplication.translate("AzeReview", "And {count} more, which the exported review lists.")
            item = self.rows.add_row(Row(rest.format(count=figures.number(count - parts.MOST_ROWS))), None, top)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)

    def _show_shares(self, shares: Sequence[Mapping[str, Any]]) -> None:
        translate = QCoreApplication.translate
        changed = [s for s in shares if s["difference"] is None or abs(s["difference"]) > 1e-9]
        if not changed:
            return
        top = self._section(translate("AzeReview", "Shares that changed"), len(changed))
        for share in changed[: parts.MOST_ROWS]:
            by = f"{vocabulary.word('parameter', share['parameter'])}, {vocabulary.word('segment', share['segment'])}"
            change = parts.points(share["difference"])
            said = f"{parts.share(share['before'])} → {parts.share(share['after'])}"
            tag = Tag(translate("AzeReview", "{points} points").format(points=change), "work", "≠") if change else None
            head = f"{share['scientific_name']} · {by}"
            self.rows.add_row(Row(head, said, (tag,) if tag else (), (), True), None, top)
        self._rest(len(changed), top)

    def _show_fields(self, fields: Sequence[Mapping[str, Any]]) -> None:
        translate = QCoreApplication.translate
        if not fields:
            return
        words = parts.kind_words()
        top = self._section(translate("AzeReview", "Fields"), len(fields))
        for entry in fields[: parts.MOST_ROWS]:
            head = f"{entry['label']} ({entry['row']})" if entry["row"] else entry["label"]
            old, new = parts.value(entry["before"]), parts.value(entry["after"])
            if entry["kind"] == "added":
                body = new
            elif entry["kind"] == "removed":
                body = old
            elif len(old) + len(new) < 60 and "\n" not in old + new:
                body = f"{old} → {new}"
            else:
                body = f"{visible(old, 290)}\n→ {visible(new, 290)}"
            state, mark = parts.KINDS[entry["kind"]]
            self.rows.add_row(Row(head, body, [Tag(words[entry["kind"]], state, mark)]), None, top)
        self._rest(len(fields), top)

    def _show_files(self, files: Sequence[Mapping[str, Any]]) -> None:
        if not files:
            return
        words = parts.kind_words()
        top = self._section(QCoreApplication.translate("AzeReview", "Files of evidence"), len(files))
        for entry in files[: parts.MOST_ROWS]:
            state, mark = parts.KINDS[entry["kind"]]
            self.rows.add_row(Row("", entry["path"], [Tag(words[entry["kind"]], state, mark)]), None, top)
        self._rest(len(files), top)
