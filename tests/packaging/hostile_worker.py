"""Opens packages of unknown intent as a reviewer would, each in a process of its own with little memory and time.

``hostile_worker.py RESULTS PACKAGE…`` writes, for each package in order, the codes found, seconds, megabytes, and how
the process ended. Each is verified, reviewed, and held beside the first one, which is sound. The modules are loaded
once; the processes are forked from that.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MEGABYTE = 2**20
# Beyond what the loaded program takes before it has read a byte of the package.
ROOM = 400 * MEGABYTE


def loaded():
    """QGIS, the verification, and what it would import on first use."""
    sys.path.insert(0, str(ROOT))
    from qgis.core import QgsApplication

    application = QgsApplication([], False)
    application.initQgis()
    from aze_plugin import paths

    paths.enable_vendored()
    import bagit  # noqa: F401
    import defusedxml.ElementTree  # noqa: F401
    import jsonschema  # noqa: F401
    import openpyxl  # noqa: F401

    from aze_plugin.packaging import comparing, review, review_page, verification

    def opened(package, sound):
        """The verification, and seconds of it and of everything else that is done with a package."""
        began = time.process_time()
        found = verification.verify(package).as_json()
        verified = time.process_time()
        document = review.review(package)
        # Where nothing could be read there is nothing to hold beside the sound one.
        beside = comparing.compare(sound, package) if document["sections"] else None
        page = review_page.as_html(document, beside)
        return found, document, len(page), verified - began, time.process_time() - verified

    return application, opened


def in_use():
    """Bytes of address space that this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def examine(opened, package, sound, answer_to):
    limit = in_use() + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    # Of the processor, whatever else the machine does; only what would never end gets so far.
    resource.setrlimit(resource.RLIMIT_CPU, (120, 120))
    found, document, length, seconds, others = opened(package, sound)
    codes = sorted({p["code"] for p in found["problems"]})
    if codes != sorted({p["code"] for p in document["problems"]}):
        raise ValueError("the review says otherwise")
    answer = {
        "codes": codes,
        "valid": found["valid"],
        "said": [p["message"] for p in found["problems"]],
        "seconds": seconds,
        "others": others,
        "page": length,
    }
    Path(answer_to).write_text(json.dumps(answer), encoding="utf-8")


def begun(opened, package, sound, answer_to):
    """The process that examines a package."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        examine(opened, package, sound, answer_to)
        status = 0
    finally:
        os._exit(status)


def main(results, packages):
    application, opened = loaded()
    # Whatever is read or imported at the first time of all is there for all of them.
    opened(packages[0], packages[0])
    found, running, left = {}, {}, list(packages)
    while left or running:
        # As many at a time as the machine has processors.
        while left and len(running) < (os.cpu_count() or 1):
            package = left.pop(0)
            answer = Path(f"{results}.{len(left)}")
            running[begun(opened, package, packages[0], answer)] = package, answer
        child, status, usage = os.wait4(-1, 0)
        package, answer = running.pop(child)
        found[package] = json.loads(answer.read_text(encoding="utf-8")) if answer.exists() else {}
        found[package].update(ended=status, megabytes=usage.ru_maxrss / 1024)
    Path(results).write_text(json.dumps([found[package] for package in packages]), encoding="utf-8")
    application.exitQgis()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
