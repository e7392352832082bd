"""All that is tried, by name."""

from .answers import ANSWERS
from .lists import LISTS
from .readers import READERS
from .rules import Rules
from .scanners import SCANNERS
from .servers import SERVERS
from .webmail import WEBMAIL

ALL = [*SERVERS, *ANSWERS, *LISTS, *READERS, *WEBMAIL, *SCANNERS, Rules]
PROGRAMS = {program.__name__.lower(): program for program in ALL}
