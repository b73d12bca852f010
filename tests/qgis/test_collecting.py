"""Who wakes the cycle collector where there is an event loop: the main thread, and not too soon."""

import gc
import threading

from collecting import awake, in_worker, rest_and_tell


def test_the_worker_that_ends_last_does_not_wake_it_itself(qgis_app):
    """Its last lines allocate, and would collect what belongs to the main thread."""
    assert awake()
    assert in_worker(lambda: (rest_and_tell(), gc.isenabled())) == (False, False)
    assert not gc.isenabled()
    assert awake()


def test_it_waits_for_threads_that_nobody_waits_for(qgis_app):
    assert awake()
    finish = threading.Event()
    left = threading.Thread(target=finish.wait, args=(20,), name="aze-cover_0", daemon=True)
    left.start()
    in_worker(rest_and_tell)
    assert not awake(0.4)
    finish.set()
    left.join()
    assert awake()
