"""A clock that goes on only when somebody rests by it, for tests of how long is waited for what."""


class HandClock:
    """Stands for the module ``time`` in a module that rests: resting takes no time, and is noted in ``rests``.

    ``now``: seconds. Whoever rests in short pieces, to be woken, has a piece an entry in ``rests``.
    """

    def __init__(self):
        self.now, self.rests = 1000.0, []

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.rests.append(seconds)
        self.now += seconds
