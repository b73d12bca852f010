"""Whether a package is whole, harmless and true: an untrusted zip or folder in, a list of problems out.

Every step only runs on what the ones before it found sound, and whatever is wrong becomes a problem with a code, a
path inside the package and a sentence; no file can make the verification itself fail. The steps are in ``checks``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..domain.errors import AzeError
from ..domain.progress import Progress
from .checks import bags, boundaries, documents, figures, pages, workbook
from .checks.examined import MOST_PROBLEMS, Examined, Verification
from .unpacking import examine_folder, unpack

__all__ = ["Verification", "opened", "verify"]


def verify(package: str | Path, library_path: str | None = None, progress: Progress | None = None) -> Verification:
    """Verify a zip or a folder; with a library, recompute every share on the packaged boundary and compare.

    Nothing is written but into a scratch folder that is removed again. Raises AzeError only where the package is not
    there, or where the library, which is the user's own, cannot be read.
    """
    progress = progress or Progress()
    with opened(package, library_path, progress) as examined:
        progress.set(1)
        return examined.found


@contextmanager
def opened(
    package: str | Path, library_path: str | None = None, progress: Progress | None = None
) -> Iterator[Examined]:
    """A package, verified, for as long as it is looked at: its files, its documents, and what is wrong with it.

    Its files lie in a scratch folder that is gone afterwards. Where names, links or sizes are hostile nothing is
    unpacked, and there are no documents. Raises what ``verify`` raises.
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
        del found.problems[MOST_PROBLEMS:]
        sound = root is not None and not found.problems
        examined = Examined(root if sound and root else Path(scratch), found, progress.part(0.3, 0.6))
        if sound:
            _examine(examined, library_path, progress.part(0.6, 1))
        yield examined


def _examine(examined: Examined, library_path: str | None, progress: Progress) -> None:
    if not bags.sizes(examined) or not bags.rules(examined):
        return
    bags.layout(examined)
    documents.documents(examined)
    documents.reports(examined)
    pages.page(examined)
    workbook.workbook(examined)
    documents.list_of_sources(examined)
    boundaries.boundaries(examined)
    if not examined.whole():
        return
    figures.consistency(examined)
    if library_path and examined.shape is not None:
        figures.recompute(examined, library_path, progress)
