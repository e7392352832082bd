from . import paths_case, test_paths, test_runs_and_visits
