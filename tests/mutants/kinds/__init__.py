"""Bugs of the small shop by kind, each kind a class of its own that is mixed in before the healthy parts."""

from tests.mutants.kinds.edges import Edges
from tests.mutants.kinds.elsewhere import Elsewhere
from tests.mutants.kinds.families import Families
from tests.mutants.kinds.later import Later
from tests.mutants.kinds.messages import Messages
from tests.mutants.kinds.names import Names
from tests.mutants.kinds.outages import Outages
from tests.mutants.kinds.purchases import Purchases
from tests.mutants.kinds.repeats import Repeats
from tests.mutants.kinds.restarts import Restarts


class Kinds(Elsewhere, Later, Purchases, Outages, Families, Messages, Names, Repeats, Edges, Restarts):
    """Mixed into the shop, before what is right."""
