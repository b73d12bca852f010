"""Speed against peers, measured in the same run on the same data. ``make bench`` prints the table."""
