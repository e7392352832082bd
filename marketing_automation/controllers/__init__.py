from . import main, preview
