"""A package under review: opened and verified behind, commented on, saved by itself, compared with another one.

Everything in a package is of unknown origin. What is shown of it are plain values that the verification has read; its
files lie in a scratch folder for as long as the review is open, and leave it only when the reviewer saves a copy.
"""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication, QObject, QSettings, QTimer, pyqtSignal

from ..domain.errors import AzeError
from ..domain.progress import Progress
from ..services.wording import text
from .tasks import Busy, Task

_SAVE_DELAY_MS = 1500
_AUTHOR = "aze_toolkit/reviewer"
# So many files of a package are listed.
MOST_FILES = 2000


@dataclass
class Opened:
    """A package that was verified. ``wkb``: its boundary (WGS 84), empty where it has none that is sound; ``files``:
    paths inside of it and their sizes in bytes; ``held``: what keeps its files unpacked."""

    document: dict[str, Any]
    wkb: bytes
    root: Path
    files: list[tuple[str, int]] = field(default_factory=list)
    held: ExitStack = field(default_factory=ExitStack)

    def close(self) -> None:
        """Let go of the files."""
        self.held.close()


class Review(QObject):
    """The review of one package. ``changed``: the document is another; ``compared``: so is the comparison;
    ``failed`` carries a sentence; ``busyChanged``: work began, went on or ended."""

    changed = pyqtSignal()
    compared = pyqtSignal()
    saved = pyqtSignal()
    failed = pyqtSignal(str)
    busyChanged = pyqtSignal()

    def __init__(self, package: str, library: Callable[[], str], parent: QObject | None = None):
        """``library`` gives the reviewer's own species library, empty where there is none."""
        super().__init__(parent)
        self.package = package
        self.library = ""
        self.document: dict[str, Any] | None = None
        # How often the package was verified: with each time all of the document is another, else what is said of it.
        self.verified = 0
        self.comparison: dict[str, Any] | None = None
        self.file = ""
        self.save_problem = ""
        self._own_library = library
        self._opened: Opened | None = None
        translate = QCoreApplication.translate
        self._opening = Task(self, translate("AzeReview", "Verifying the package"), _let_go)
        self._opening.done.connect(self._on_opened)
        self._comparing = Task(self, translate("AzeReview", "Comparing the packages"))
        self._comparing.done.connect(self._on_compared)
        for task in (self._opening, self._comparing):
            task.failed.connect(self._fail)
            task.changed.connect(self.busyChanged)
        self._save_timer = QTimer(self)
        self._save_timer.setSingleShot(True)
        self._save_timer.setInterval(_SAVE_DELAY_MS)
        self._save_timer.timeout.connect(self.save)

    # ----------------------------------------------------------------------------------------------------- opening

    def open(self) -> None:
        """Verify the package and hold its files; with a library, recompute its shares. Comments that were saved of it
        are taken up, those of this session kept."""
        self.library = self._own_library()
        self.save()
        package, library, before = self.package, self.library, self.document
        self.cancel()
        self._opening.start(lambda progress: _open(package, library, before, progress))

    def _on_opened(self, found: tuple[Opened, str]) -> None:
        opened, file = found
        if self._opened is not None:
            self._opened.close()
        self._opened, self.file = opened, file
        self.document = opened.document
        self.verified += 1
        self.changed.emit()

    @property
    def wkb(self) -> bytes:
        """The boundary as WKB (WGS 84); empty where it has none that is sound."""
        return self._opened.wkb if self._opened is not None else b""

    @property
    def files(self) -> list[tuple[str, int]]:
        """Path inside the package and size in bytes of every file that was unpacked."""
        return self._opened.files if self._opened is not None else []

    def save_copy(self, name: str, target: str) -> None:
        """Copy a file of the package, as it was verified, to where the reviewer wants it.

        Raises AzeError ``output.unwritable``.
        """
        from ..services.files import replacing

        if self._opened is None or name not in dict(self._opened.files):
            raise KeyError(name)
        with replacing(target) as beside:
            shutil.copyfile(self._opened.root / name, beside, follow_symlinks=False)

    # ------------------------------------------------------------------------------------------------- what is said

    @property
    def author(self) -> str:
        """Who reviews: as it was written the last time, or the user's name, unless projects are to be without it."""
        settings = QSettings()
        if settings.contains(_AUTHOR):
            return str(settings.value(_AUTHOR, "", str))
        if settings.value("projects/anonymize_new_projects", False, bool):
            return ""
        return QgsApplication.userFullName()

    def set_author(self, name: str) -> None:
        """Remember who reviews."""
        QSettings().setValue(_AUTHOR, " ".join(name.split())[:200])

    def comment(self, pointer: str, said: str) -> None:
        """Add a comment on the field at a JSON pointer; ``""`` is the nomination as a whole."""
        from ..packaging import review

        if self.document is not None and said.strip():
            self._change(review.commented(self.document, pointer, said.strip()[:30_000], self.author, _now()))

    def remove_comment(self, pointer: str, number: int) -> None:
        """Take a comment back."""
        from ..packaging import review

        if self.document is not None:
            self._change(review.without_comment(self.document, pointer, number))

    def decide(self, outcome: str, said: str) -> None:
        """Decide: ``accept``, ``revise`` or ``reject``; for ``""`` no decision is made yet."""
        from ..packaging import review

        if self.document is None:
            return
        before = self.document["decision"]
        if not outcome:
            if before is not None:
                self._change({**self.document, "decision": None})
            return
        said = said.strip()[:30_000]
        if before is None or (before["outcome"], before["text"]) != (outcome, said):
            self._change(review.decided(self.document, outcome, said, self.author, _now()))

    def merge(self, path: str) -> None:
        """Add another reviewer's comments from a file.

        Raises AzeError ``review.unreadable``, and ``review.other_package`` for a review of another one.
        """
        from ..packaging import review

        if self.document is not None:
            self._change(review.merged(self.document, review.load(path)))

    def _change(self, document: dict[str, Any]) -> None:
        self.document = document
        self._save_timer.start()
        self.changed.emit()

    # --------------------------------------------------------------------------------------------- saving, exporting

    def save(self) -> None:
        """Write what waits to be saved; what went wrong is in ``save_problem``."""
        if not self._save_timer.isActive():
            return
        self._save_timer.stop()
        document = self.document
        if document is None or not document["package"]["sha256"]:
            return
        from ..packaging import review

        self.save_problem = ""
        for file in dict.fromkeys(filter(None, (self.file, str(_in_profile(document))))):
            try:
                review.save(file, document)
            except AzeError as error:
                self.save_problem = text(error.code, error.params)
                continue
            self.file, self.save_problem = file, ""
            break
        self.saved.emit()

    def export(self, path: str) -> None:
        """Write the review as JSON, where the file's name ends so, or as a page with the comparison in it.

        Raises AzeError ``output.unwritable``.
        """
        from ..packaging import review, review_page
        from ..services.files import replacing

        if self.document is None:
            return
        if path.lower().endswith(".json"):
            review.save(path, self.document)
            return
        with replacing(path) as beside:
            beside.write_text(review_page.as_html(self.document, self.comparison), encoding="utf-8")

    # --------------------------------------------------------------------------------------------------- comparing

    def compare(self, before: str, after: str) -> None:
        """Compare two packages, the earlier version first; the outcome is in ``comparison``."""
        from ..packaging import comparing

        self.cancel()
        self._comparing.start(lambda progress: comparing.compare(before, after, progress))

    def _on_compared(self, comparison: dict[str, Any]) -> None:
        self.comparison = comparison
        self.compared.emit()

    # -------------------------------------------------------------------------------------------------------- work

    @property
    def busy(self) -> Busy | None:
        """What is being done, or None."""
        task = next((task for task in (self._opening, self._comparing) if task.is_running), None)
        return None if task is None else Busy(task.title, task.fraction, self.cancel)

    def _fail(self, error: AzeError) -> None:
        self.failed.emit(text(error.code, error.params))

    def cancel(self) -> None:
        """Stop what is being done."""
        self._opening.cancel()
        self._comparing.cancel()

    def close(self) -> None:
        """Save, stop, and let go of the package's files."""
        self.save()
        self.cancel()
        if self._opened is not None:
            self._opened.close()
            self._opened = None


def _let_go(found: tuple[Opened, str]) -> None:
    """A package was opened that nobody waits for any more."""
    found[0].close()


# ------------------------------------------------------------------------------------------------ behind, in a thread


def _open(package: str, library: str, before: dict[str, Any] | None, progress: Progress) -> tuple[Opened, str]:
    """The package as it was found, and the file that its review is saved to."""
    from ..domain import geometry
    from ..packaging import review, verification

    path = Path(package)
    with ExitStack() as stack:
        examined = stack.enter_context(verification.opened(path, library or None, progress.part(0, 0.95)))
        document = review.of(examined, path, progress)
        wkb = geometry.to_wkb(examined.shape) if examined.shape is not None else b""
        file, document = _taken_up(path, document)
        if before is not None and before["package"]["sha256"] == document["package"]["sha256"]:
            document = {**document, "comments": before["comments"], "decision": before["decision"]}
        files = []
        if not _refused(examined):
            for inside in sorted(p for p in examined.root.rglob("*") if p.is_file() and not p.is_symlink()):
                files.append((inside.relative_to(examined.root).as_posix(), inside.stat().st_size))
                if len(files) >= MOST_FILES:
                    break
        progress.set(1)
        return Opened(document, wkb, examined.root, files, stack.pop_all()), file


def _refused(examined: Any) -> bool:
    """Whether nothing was unpacked, because names, links or sizes are hostile."""
    return not (examined.root / "bagit.txt").is_file()


def _taken_up(path: Path, document: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Where the review is saved, and the document with what was saved there before.

    Beside the package where that can be written to and does not hold somebody else's file, else in the profile.
    """
    from ..packaging import review

    if not document["package"]["sha256"]:
        return "", document
    beside = path.with_name(f"{path.name}.review.json")
    for file in (_in_profile(document), beside):
        try:
            if file.is_file():
                return str(file), review.resumed(document, review.load(file))
        except AzeError:
            # It is of another package, or no review: it is neither read nor written over.
            if file == beside:
                return str(_in_profile(document)), document
    return str(beside), document


def _in_profile(document: dict[str, Any]) -> Path:
    folder = Path(QgsApplication.qgisSettingsDirPath()) / "aze_toolkit" / "reviews"
    return folder / f"{document['package']['sha256'][:32]}.json"


def _now() -> str:
    return datetime.datetime.now().astimezone().isoformat(timespec="seconds")
