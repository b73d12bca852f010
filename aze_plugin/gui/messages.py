"""Levels of messages as numbers, which Qt signals carry under Qt 5 and Qt 6 alike (see Qgis.MessageLevel)."""

INFO = 0
WARNING = 1
CRITICAL = 2
SUCCESS = 3
