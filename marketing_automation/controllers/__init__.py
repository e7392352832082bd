from . import enroll, export, main, preview
