"""Item models behind the panel's tables."""
