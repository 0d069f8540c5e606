"""The pictures of a case: the three numbers against the perimeter, lookups over time, and what the logs cover.

They read a results folder only, return the `Axes` they drew in, and show themselves in a notebook. Matplotlib
is imported when a picture is drawn, without pyplot: nothing depends on a display or on the user's style.
"""

from forensics.figures.against_perimeter import three_numbers
from forensics.figures.house_style import to_png, to_svg
from forensics.figures.log_coverage import coverage
from forensics.figures.over_time import timeline

__all__ = ["coverage", "three_numbers", "timeline", "to_png", "to_svg"]
