"""Where things are: the rules by which a newcomer finds the code that a word belongs to."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ADDONS = sorted(path.parent for path in ROOT.glob("marketing_automation*/__manifest__.py"))
MAIN = ROOT / "marketing_automation"
OLD_PATHS = {"engine_context.py"}  # for companion addons, for one release
# Its classes say of several models, and nothing else, that they are guarded.
OF_MANY = {MAIN / "models/guards/guarded_models.py"}


def read_models(path):
    """Return what a file opens or re-opens.

    :rtype: list[tuple[str, ast.ClassDef]]
    """
    found = []
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef):
            names = {
                statement.targets[0].id: ast.literal_eval(statement.value)
                for statement in node.body
                if isinstance(statement, ast.Assign)
                and isinstance(statement.targets[0], ast.Name)
                and statement.targets[0].id in ("_name", "_inherit")
                and not isinstance(statement.value, ast.List)
            }
            if names:
                found.append((names.get("_name") or names["_inherit"], node))
    return found


def python_files(addon, *folders):
    return [path for folder in folders for path in sorted((addon / folder).glob("**/*.py")) if path not in OF_MANY]


def imported(path):
    """Return the modules that a file imports, by their paths below the addon, as far as they are relative."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            folder = path.parents[node.level - 1].relative_to(MAIN)
            module = folder.joinpath(*(node.module or "").split("."))
            found |= {module.as_posix()} | {(module / alias.name).as_posix() for alias in node.names}
        elif isinstance(node, (ast.ImportFrom, ast.Import)):
            names = [node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            found |= {name.split(".")[0] for name in names if name}
    return found


@pytest.mark.parametrize("addon", ADDONS, ids=lambda addon: addon.name)
def test_a_file_opens_one_model(addon):
    opened = {path: {name for name, _node in read_models(path)} for path in python_files(addon, "models")}
    assert not {path.name: names for path, names in opened.items() if len(names) > 1}


@pytest.mark.parametrize("addon", ADDONS, ids=lambda addon: addon.name)
def test_a_file_with_the_name_of_a_model_opens_that_one(addon):
    opened = {
        path: {name.replace(".", "_") for name, _node in read_models(path)} for path in python_files(addon, "models")
    }
    known = set().union(*opened.values())
    assert not {path.name: names for path, names in opened.items() if path.stem in known and names != {path.stem}}


@pytest.mark.parametrize("addon", ADDONS, ids=lambda addon: addon.name)
def test_no_method_is_overridden_inside_its_own_addon(addon):
    """Else the order of imports would decide which one comes first."""
    methods = defaultdict(list)
    for path in python_files(addon, "models", "wizard"):
        for model, node in read_models(path):
            for statement in node.body:
                if isinstance(statement, ast.FunctionDef):
                    methods[model, statement.name].append(path.name)
    assert not {key: paths for key, paths in methods.items() if len(paths) > 1}


@pytest.mark.parametrize("addon", ADDONS, ids=lambda addon: addon.name)
def test_numbers_are_written_as_their_reader_writes_them(addon):
    """A thousand is “1,000” in English, “1 000” in French: by ``format_number``, not by Python."""
    assert not [path.name for path in python_files(addon, "models", "wizard") if ":,}" in path.read_text()]


def test_the_engine_knows_no_model():
    for path in python_files(MAIN, "engine", "mail_reports"):
        assert not {module for module in imported(path) if module.split("/")[0] in ("models", "wizard", "controllers")}


def test_what_is_pure_knows_no_odoo():
    pure = [
        MAIN / "engine" / f"{name}.py"
        for name in (
            "activity_types",
            "context",
            "entry_types",
            "errors",
            "events",
            "experiment",
            "schedule",
            "workflow",
            "zones",
        )
    ]
    for path in [*pure, *python_files(MAIN, "mail_reports")]:
        assert "odoo" not in imported(path), path.name


def test_the_architecture_names_every_room_and_topic():
    """A file with the name of a model is found by it; each other one has its word in the table."""
    models = MAIN / "models"
    text = (ROOT / "docs/architecture.md").read_text()
    rooms = {f"`{path.parent.relative_to(models)}/`" for path in models.glob("*/**/__init__.py")}
    assert not {room for room in rooms if room not in text}
    files = python_files(MAIN, "models")
    known = {name.replace(".", "_") for path in files for name, _node in read_models(path)}
    topics = {path.name for path in files if path.stem not in known and path.name != "__init__.py"} - OLD_PATHS
    assert topics
    assert not {name for name in topics if f"`{name}`" not in text}
