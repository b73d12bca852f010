"""The first page of a review: problems, claims, boundary, decision."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication, QTimer
from qgis.PyQt.QtWidgets import QComboBox, QFormLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout

from ...services import figures, vocabulary
from .. import measure, style
from . import reviewparts as parts
from .basics import PageScroll, TextLabel, link
from .card import Card
from .plainrows import visible

_MOST_PROBLEMS = 40


class Overview(PageScroll):
    """What is wrong with the package, what it claims, where it is, and the reviewer's decision."""

    def __init__(self, dialog):
        super().__init__(dialog)
        translate = QCoreApplication.translate
        self._dialog = dialog
        self._filling = False
        self.problems = Card(translate("AzeReview", "Problems"))
        self._problem_rows = QVBoxLayout()
        self._problem_rows.setSpacing(3)
        self.problems.body.addLayout(self._problem_rows)
        self.claims = Card(translate("AzeReview", "What it claims"))
        self.criteria = TextLabel()
        self.claims.add(self.criteria)
        self.shares = Card(translate("AzeReview", "Shares"))
        self.shares_said = self.shares.add(TextLabel())
        self.shares.buttons.addWidget(
            link(translate("AzeReview", "show ▸"), lambda: dialog.tabs.setCurrentWidget(dialog.shares))
        )
        self.place = Card(translate("AzeReview", "Boundary"))
        self.place_said = self.place.add(TextLabel())
        self.look = self.place.add_button(translate("AzeReview", "Show on the map"), dialog.zoom)
        self.add = self.place.add_button(
            translate("AzeReview", "Add as a layer"),
            dialog.add_layer,
            translate("AzeReview", "A temporary layer, which is gone when the project is closed unless it is saved"),
        )
        self.decision = Card(translate("AzeReview", "Decision"))
        self.outcome = QComboBox()
        self.outcome.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.outcome.setMinimumContentsLength(8)
        self.outcome.setAccessibleName(translate("AzeReview", "Decision"))
        for key, word in (
            ("", translate("AzeReview", "None yet")),
            ("accept", translate("AzeReview", "Accept")),
            ("revise", translate("AzeReview", "Return to the nominator for revision")),
            ("reject", translate("AzeReview", "Decline")),
        ):
            self.outcome.addItem(word, key)
        self.outcome.activated.connect(lambda _row: self.commit())
        self.why = parts.box(translate("AzeReview", "Why; what has to be done"), 90)
        self.author = QLineEdit(dialog.review.author)
        self.author.setAccessibleName(translate("AzeReview", "Reviewer"))
        self.author.editingFinished.connect(lambda: dialog.review.set_author(self.author.text()))
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.addRow(QLabel(translate("AzeReview", "Decision")), self.outcome)
        form.addRow(QLabel(translate("AzeReview", "Reviewer")), self.author)
        self.decision.body.addLayout(form)
        self.decision.add(self.why)
        self.saved = TextLabel(muted=True)
        self.decision.add(self.saved)
        self.decision.add_button(translate("AzeReview", "Add another reviewer's comments…"), dialog.ask_and_merge)
        for card in (self.place, self.decision):
            for button in card.findChildren(QPushButton):
                button.setAutoDefault(False)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(800)
        self._later.timeout.connect(self.commit)
        self.why.textChanged.connect(self._typed)
        for card in (self.problems, self.shares, self.claims, self.place, self.decision):
            self.layout_.addWidget(card)
        self.layout_.addStretch(1)

    def show_review(self, fresh: bool) -> None:
        """Show the review; ``fresh``: the package was verified anew."""
        document = self._dialog.review.document
        if fresh:
            self._show_problems(document)
            self._show_claims(document)
            self._show_shares(document)
            self._show_place(document)
        decision = document["decision"] or {"outcome": "", "text": ""}
        self._filling = True
        self.outcome.setCurrentIndex(max(0, self.outcome.findData(decision["outcome"])))
        if decision["outcome"] and self.why.toPlainText().strip() != decision["text"].strip():
            self.why.setPlainText(decision["text"])
        self._filling = False

    def commit(self) -> None:
        """Take over the decision as it is written."""
        self._later.stop()
        if self._dialog.review.document is not None:
            self._dialog.review.decide(self.outcome.currentData(), self.why.toPlainText())

    def show_saved(self) -> None:
        """Say where the review was saved."""
        translate = QCoreApplication.translate
        review = self._dialog.review
        if review.save_problem:
            template = translate("AzeReview", "The review could not be saved. {problem}")
            self.saved.setText(template.format(problem=review.save_problem))
        else:
            self.saved.setText(translate("AzeReview", "Saved to {file}.").format(file=review.file))

    def _typed(self) -> None:
        if not self._filling:
            self._later.start()

    def _show_problems(self, document: Mapping[str, Any]) -> None:
        translate = QCoreApplication.translate
        while self._problem_rows.count():
            row = self._problem_rows.takeAt(0).widget()
            row.hide()
            row.deleteLater()
        problems = document["problems"]
        if not problems:
            self.problems.set_state("fine", translate("AzeReview", "nothing"))
            self._problem_rows.addWidget(
                TextLabel(
                    translate(
                        "AzeReview",
                        "Every file is there and as it was packed, all documents are of the right shape, and the "
                        "figures follow from each other.",
                    )
                )
            )
        else:
            self.problems.set_state("problem", figures.number(len(problems)))
        groups = {
            "integrity": translate("AzeReview", "Integrity"),
            "schema": translate("AzeReview", "Shape of the documents"),
            "content": translate("AzeReview", "Content of the nomination"),
            "figures": translate("AzeReview", "Figures"),
        }
        left = _MOST_PROBLEMS
        for key, title in groups.items():
            rows = [problem for problem in problems if problem.get("group", "integrity") == key]
            if rows and left:
                name = TextLabel(f"{title} ({figures.number(len(rows))})")
                name.setFont(style.scaled(self.font(), 1.0, bold=True))
                self._problem_rows.addWidget(name)
            for problem in rows[:left]:
                where = f"{problem['path']}: " if problem["path"] else ""
                said = visible(f"{style.MARKS['problem']} {where}{problem['message']}", 1500)
                self._problem_rows.addWidget(TextLabel(said))
            left -= min(left, len(rows))
        if len(problems) > _MOST_PROBLEMS:
            rest = translate("AzeReview", "And {count} more, which the exported review lists.")
            self._problem_rows.addWidget(
                TextLabel(rest.format(count=figures.number(len(problems) - _MOST_PROBLEMS)), muted=True)
            )
        for note in document["notes"][:_MOST_PROBLEMS]:
            self._problem_rows.addWidget(TextLabel(visible(note["message"], 1500), muted=True))

    def _show_claims(self, document: Mapping[str, Any]) -> None:
        translate = QCoreApplication.translate
        claimed = document["verdict"]
        if claimed["verdict"]:
            state = style.state_of(claimed["verdict"])
            self.claims.set_state(state, visible(vocabulary.word("verdict", claimed["verdict"]), 60))
        else:
            self.claims.set_state("empty", translate("AzeReview", "cannot be read"))
        lines = [
            f"{style.MARKS[style.state_of(status)]} {vocabulary.word('criterion', name)}: "
            f"{vocabulary.word('status', status)}"
            for name, status in claimed["criteria"].items()
        ]
        if claimed["a1e"]:
            mark = style.MARKS[style.state_of(claimed["a1e"])]
            word = vocabulary.word("status", claimed["a1e"])
            lines.append(translate("AzeReview", "{mark} KBA criterion A1e: {status}").format(mark=mark, status=word))
        self.criteria.setText(visible("\n".join(lines), 1000))
        self.criteria.setVisible(bool(lines))

    def _show_shares(self, document: Mapping[str, Any]) -> None:
        translate = QCoreApplication.translate
        shares = document["shares"]
        counts = {key: sum(share["class"] == key for share in shares) for key in parts.CLASSES}
        if not shares:
            self.shares.set_state("empty", translate("AzeReview", "none"))
            self.shares_said.setText(translate("AzeReview", "The package has no shares that can be read."))
            return
        if counts["differs"]:
            self.shares.set_state("problem", translate("AzeReview", "differing"))
        elif counts["cannot"] == len(shares):
            self.shares.set_state("empty", translate("AzeReview", "not recomputed"))
        else:
            self.shares.set_state("fine", translate("AzeReview", "recomputed"))
        templates = {
            "differs": translate("AzeReview", "{count} differ")
            if counts["differs"] != 1
            else translate("AzeReview", "one differs"),
            "cannot": translate("AzeReview", "{count} not compared"),
            "rounding": translate("AzeReview", "{count} the same but for rounding"),
            "same": translate("AzeReview", "{count} the same"),
        }
        lines = [t.format(count=figures.number(counts[key])) for key, t in templates.items() if counts[key]]
        library = self._dialog.review.library
        if document["generalised"]:
            why = translate("AzeReview", "The boundary is shown by a grid, so shares cannot be recomputed on it.")
        elif not library:
            why = translate(
                "AzeReview",
                "No species library is open in the panel, so no share was recomputed. Open yours on the page Data, "
                "then verify again.",
            )
        elif counts["cannot"] == len(shares):
            why = translate("AzeReview", "The shares could not be recomputed, because of what is wrong above.")
        else:
            why = translate("AzeReview", "Recomputed with {library}.").format(library=Path(library).name)
        self.shares_said.setText(", ".join(lines) + ".\n" + why)

    def _show_place(self, document: Mapping[str, Any]) -> None:
        translate = QCoreApplication.translate
        shape = parts.shape_of(self._dialog.review.wkb)
        there = not shape.isEmpty()
        self.look.setEnabled(there)
        self.add.setEnabled(there)
        if not there:
            self.place.set_state("problem", translate("AzeReview", "cannot be read"))
            self.place_said.setText(translate("AzeReview", "The package has no boundary that can be trusted."))
            return
        area = figures.square_metres(measure.area_m2(shape))
        count = shape.constGet().numGeometries() if shape.isMultipart() else 1
        said = (
            translate("AzeReview", "{area}, in one part.")
            if count == 1
            else translate("AzeReview", "{area}, in {count} parts.")
        )
        lines = [said.format(area=area, count=figures.number(count))]
        if document["generalised"]:
            lines.append(
                translate(
                    "AzeReview", "The nominator shows the place only by a grid: these are its cells, not the site."
                )
            )
        self.place.chip.hide()
        if document["generalised"]:
            self.place.set_state("work", translate("AzeReview", "by a grid"))
        self.place_said.setText("\n".join(lines))
