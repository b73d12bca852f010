"""Errors that a person can act on."""


class AzeError(Exception):
    """Something the user can mend.

    ``code`` is stable and language-free, such as ``library.locked``; ``params`` fill the translated sentence, which
    names the file, the row where there is one, and the remedy (see ``services.wording``).
    """

    def __init__(self, code: str, **params):
        super().__init__(code, params)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        details = ", ".join(f"{key}={value}" for key, value in self.params.items())
        return f"{self.code} ({details})" if details else self.code


class Cancelled(Exception):
    """The user asked to stop; whatever was being written is left as it was before."""
