"""The cycle collector rests while workers run, and only then."""

import gc
import threading

from aze_plugin.services.collector import collector_at_rest


def in_worker(work):
    seen = []
    thread = threading.Thread(target=lambda: seen.append(work()))
    thread.start()
    thread.join()
    return seen[0]


def _rest_and_tell():
    with collector_at_rest():
        return gc.isenabled()


def test_it_rests_in_a_worker_and_goes_on_after():
    assert in_worker(_rest_and_tell) is False
    assert gc.isenabled()


def test_the_main_thread_is_left_alone():
    with collector_at_rest():
        assert gc.isenabled()


def test_the_last_of_several_workers_wakes_it():
    begun, finish = threading.Event(), threading.Event()

    def long():
        with collector_at_rest():
            begun.set()
            finish.wait(60)

    first = threading.Thread(target=long)
    first.start()
    assert begun.wait(60)
    assert in_worker(_rest_and_tell) is False
    assert not gc.isenabled()
    finish.set()
    first.join()
    assert gc.isenabled()


def test_it_stays_off_where_it_was_off():
    gc.disable()
    try:
        in_worker(_rest_and_tell)
        assert not gc.isenabled()
    finally:
        gc.enable()
