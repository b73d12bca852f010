"""Okabe and Ito's colours (2008), which people with any of the common deficiencies of colour vision tell apart."""

GREEN, BLUE, ORANGE, VERMILLION, SKY, PURPLE = "#009e73", "#0072b2", "#e69f00", "#d55e00", "#56b4e9", "#cc79a7"
