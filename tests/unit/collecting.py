"""Looking at the cycle collector from the main thread and from a worker."""

import gc
import threading
import time

from qgis.PyQt.QtCore import QCoreApplication

from aze_plugin.services.collector import collector_at_rest


def awake(seconds=60.0):
    """Whether the collector goes on, as soon as the main thread has had its turn."""
    end = time.monotonic() + seconds
    while not gc.isenabled() and time.monotonic() < end:
        QCoreApplication.processEvents()
        time.sleep(0.005)
    return gc.isenabled()


def in_worker(work):
    """What a function gives in a thread of its own."""
    seen = []
    thread = threading.Thread(target=lambda: seen.append(work()))
    thread.start()
    thread.join()
    return seen[0]


def rest_and_tell():
    """Whether the collector goes on while it is to rest."""
    with collector_at_rest():
        return gc.isenabled()
