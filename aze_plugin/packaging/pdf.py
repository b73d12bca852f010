"""PDFs made the same for the same pages; see ``services.reporting.pdf``."""

from ..services.reporting.pdf import normalised

__all__ = ["normalised"]
