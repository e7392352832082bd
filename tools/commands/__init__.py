"""One module per command of bin/; each runs inside the project's Python environment."""
