"""Build the loadable plugin in ``build/aze_plugin``, and with ``--package`` the zip in ``dist/``."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAGED = ROOT / "build" / "aze_plugin"


def _ignore(_folder: str, names: list[str]) -> set[str]:
    return {n for n in names if n == "__pycache__" or n.endswith((".pyc", ".ts"))}


def vendor(target: Path) -> None:
    """Unpack the pinned pure-Python wheels; the copy is kept between runs while the pins stay the same."""
    pins = ROOT / "requirements" / "vendor.txt"
    cache = ROOT / "build" / "vendor"
    stamp = cache / ".pins"
    if not stamp.exists() or stamp.read_text() != pins.read_text():
        shutil.rmtree(cache, ignore_errors=True)
        wheels = ROOT / "build" / "wheels"
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
        # bagit comes as source only, so wheels are built first; of those only the ones that fit every system are taken.
        subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(wheels), "-r", str(pins)], check=True)
        anywhere = ["--only-binary=:all:", "--implementation", "py", "--abi", "none", "--platform", "any"]
        command = [*pip, "install", "--no-compile", "--no-deps", "--find-links", str(wheels), *anywhere]
        subprocess.run([*command, "--target", str(cache), "-r", str(pins)], check=True)
        stamp.write_text(pins.read_text())
    shutil.copytree(cache, target, ignore=lambda f, n: _ignore(f, n) | ({".pins", "bin"} & set(n)))


def stage() -> None:
    """Copy package, metadata, licence and resources together, compile translations, bundle the needs."""
    shutil.rmtree(STAGED, ignore_errors=True)
    shutil.copytree(ROOT / "aze_plugin", STAGED, ignore=_ignore)
    for name in ("metadata.txt", "LICENSE", "CHANGELOG.md", "README.md"):
        if (ROOT / name).exists():
            shutil.copy2(ROOT / name, STAGED / name)
    shutil.copytree(ROOT / "resources", STAGED / "resources", ignore=_ignore)
    (STAGED / "i18n").mkdir()
    lrelease = shutil.which("lrelease") or shutil.which("lrelease-qt5") or "/usr/lib/qt5/bin/lrelease"
    for ts in sorted((ROOT / "i18n").glob("*.ts")):
        subprocess.run([lrelease, "-silent", str(ts), "-qm", str(STAGED / "i18n" / f"{ts.stem}.qm")], check=True)
    vendor(STAGED / "_vendor")


def package() -> Path:
    """Zip the staged plugin with a fixed order and fixed dates, so that the same sources give the same file."""
    version = re.search(r"^version=(.+)$", (ROOT / "metadata.txt").read_text(encoding="utf-8"), re.M).group(1).strip()
    target = ROOT / "dist" / f"aze_plugin-{version}.zip"
    target.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(p for p in STAGED.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
            entry = zipfile.ZipInfo(str(Path("aze_plugin") / path.relative_to(STAGED)), (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return target


if __name__ == "__main__":
    if "--package" in sys.argv:
        print(package().relative_to(ROOT))
    else:
        stage()
