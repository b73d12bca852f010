"""Which of many units to choose so that together they hold enough, on as little land as can be.

*Units* may overlap: the land is cut into *pieces* that do not, and each piece belongs to one or more units. What counts
are *items* (square metres of a range in one piece, or a cell of 2 × 2 km) with weights: an item is held when any unit
is chosen that has a piece with it, and it is held once. So neither land nor a cell counts twice.

The problem is: of all sets of units whose held weight is at least ``target``, find one of the least area. Outlines come
second: among the feasible sets of at most (1 + tolerance) times the least area, the one of the shortest outline, where
every further part weighs as much as a stated length. Ties go to the smaller area, then to fewer units. Other trade-offs
put another objective in the place of the outline and allow more area; see ``Objective``.

``problem`` states it, ``exact`` solves it for up to 25 units and ``greedy`` for any number. ``bounds`` says how small
the area of any feasible set is at least, so that a greedy answer comes with its distance from the best at most.
"""

from .bounds import lower_bound
from .exact import EXACT_UNITS, Exact
from .greedy import Greedy
from .problem import Objective, Problem, components

__all__ = ["EXACT_UNITS", "Exact", "Greedy", "Objective", "Problem", "components", "lower_bound"]
