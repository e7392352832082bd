"""All that is tried, by name."""

from .answers import ANSWERS
from .lists import LISTS
from .readers import READERS
from .scanners import SCANNERS
from .servers import SERVERS

PROGRAMS = {program.__name__.lower(): program for program in [*SERVERS, *ANSWERS, *LISTS, *READERS, *SCANNERS]}
