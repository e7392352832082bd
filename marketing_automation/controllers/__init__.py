from . import enroll, main, preview
