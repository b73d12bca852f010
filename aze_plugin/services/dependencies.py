"""The one need that cannot be bundled, and how to meet it on each system."""

from __future__ import annotations

import importlib.util
import sys

from ..domain.errors import AzeError


def shapely_problem() -> AzeError | None:
    """Why checks cannot run here, or None. Does not import shapely."""
    if importlib.util.find_spec("shapely") is None:
        found = ""
    else:
        from importlib.metadata import PackageNotFoundError, version

        try:
            found = version("shapely")
        except PackageNotFoundError:
            found = "0"
        if int(found.split(".")[0]) >= 2:
            return None
    system = "windows" if sys.platform == "win32" else "macos" if sys.platform == "darwin" else "linux"
    return AzeError(f"dependency.shapely.{system}", found=found or "–")


def require_shapely() -> None:
    """Raise the AzeError of shapely_problem() where there is one."""
    problem = shapely_problem()
    if problem:
        raise problem
