"""The cycle collector rests while workers run, and only then."""

import gc
import threading
import weakref

import pytest
from collecting import awake, in_worker, rest_and_tell

from aze_plugin.services.collector import Rest, collector_at_rest, hold, release
from aze_plugin.services.latest import Latest


@pytest.fixture(autouse=True)
def nobody_else():
    awake()
    yield
    awake()


def test_it_rests_in_a_worker_and_goes_on_after():
    assert in_worker(rest_and_tell) is False
    assert awake()


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
    assert in_worker(rest_and_tell) is False
    assert not gc.isenabled()
    finish.set()
    first.join()
    assert awake()


def test_it_stays_off_where_it_was_off():
    gc.disable()
    try:
        in_worker(rest_and_tell)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_is_held_twice_is_released_twice():
    hold()
    hold()
    release()
    assert not awake(0.05)
    release()
    # What calls this goes on first: it may tell others of its end, whom the collector would have emptied by then.
    assert not gc.isenabled()
    assert awake()


def test_what_has_gathered_is_collected_before_it_goes_on():
    """Not by the next allocation, which may be one of PyQt's, on its way to what is collected."""
    collections = []

    def note(phase, _info):
        if phase == "start":
            collections.append(gc.isenabled())

    hold()
    gathered = [[] for _ in range(10 * gc.get_threshold()[0])]
    for one in gathered:
        one.append(one)
    garbage = Garbage()
    garbage.itself, gone = garbage, weakref.ref(garbage)
    del gathered, one, garbage
    gc.callbacks.append(note)
    try:
        release()
        assert gone() is not None and collections == []
        assert awake()
    finally:
        gc.callbacks.remove(note)
    assert gone() is None and collections[0] is False


class Garbage:
    """What only the collector finds."""


def test_a_thread_that_waits_in_between_holds_it_only_while_it_works():
    rest = Rest()
    rest.begin()
    rest.begin()
    assert not gc.isenabled()
    rest.end()
    rest.end()
    assert awake()


def test_the_thread_of_the_newest_job_holds_it_from_the_moment_a_job_is_given():
    seen, begun, go_on = [], threading.Event(), threading.Event()

    def work(job, _is_closed):
        begun.set()
        go_on.wait(60)
        seen.append((job, gc.isenabled()))

    worker = Latest(work, "test", lambda: seen.append(("end", gc.isenabled())))
    worker.put(1)
    assert not gc.isenabled() and begun.wait(60)
    worker.put(2)
    go_on.set()
    assert awake()
    assert [job for job, _ in seen][-1] == 2 and not any(enabled for _, enabled in seen)
    assert worker.close() and worker.close()
    assert seen[-1] == ("end", False)
    assert awake()
