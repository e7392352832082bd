from . import (
    clocks,
    hours,
)
