"""The module's path up to 19.0.1.0.2, for companion addons: it goes with the release after 19.0.1.0.3."""

from .engine.schedule import *  # noqa: F403
