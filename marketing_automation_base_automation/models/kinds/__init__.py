from . import created
