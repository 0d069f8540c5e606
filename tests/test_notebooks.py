"""What a notebook must be, beside running: outputs committed, prose first, calls instead of definitions."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from forensics.laboratory import copy_notebooks

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


def cells(notebook: Path, kind: str) -> list[dict]:
    return [cell for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


REALISM = "03-does-the-incident-look-real.ipynb"
LABELS = "04-labels-by-hand.ipynb"


def test_there_are_the_notebooks_of_an_investigation_and_the_one_about_invented_incidents():
    names = [notebook.name for notebook in NOTEBOOKS]
    assert names == ["01-evidence.ipynb", "02-how-many-people.ipynb", REALISM, LABELS]


def test_only_the_notebook_about_invented_incidents_knows_the_generator():
    knowing = [notebook.name for notebook in NOTEBOOKS if "synthetic_data" in notebook.read_text(encoding="utf-8")]
    assert knowing == [REALISM]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_code_cell_shows_something(notebook):
    assert [cell["source"] for cell in cells(notebook, "code") if not cell["outputs"]] == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_output_is_an_error_or_a_warning(notebook):
    kinds = {
        (output["output_type"], output.get("name")) for cell in cells(notebook, "code") for output in cell["outputs"]
    }
    assert kinds <= {("execute_result", None), ("display_data", None)}


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_calls_and_prose_not_definitions(notebook):
    code = cells(notebook, "code")
    trees = [ast.parse("".join(cell["source"])) for cell in code]
    defined = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    assert defined == []
    assert len(code) <= 15
    assert len(cells(notebook, "markdown")) >= len(code) / 2


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_first_code_cell_holds_the_parameters(notebook):
    first = cells(notebook, "code")[0]
    assert first["metadata"]["tags"] == ["parameters"]
    assert "case = fx.case_folder()" in "".join(first["source"])


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_path_of_a_machine_is_in_a_notebook(notebook):
    text = notebook.read_text(encoding="utf-8")
    assert not any(f'"{root}' in text or f"'{root}" in text for root in ("/home/", "/Users/", "/root/", "/var/"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_keeps_no_clock_time(notebook):
    assert [cell["metadata"] for cell in cells(notebook, "code") if "execution" in cell["metadata"]] == []


def test_an_investigators_case_gets_no_notebook_that_needs_the_generator(tmp_path: Path):
    assert REALISM not in [copy.name for copy in copy_notebooks(tmp_path / "real").iterdir()]
    assert REALISM in [copy.name for copy in copy_notebooks(tmp_path / "invented", invented=True).iterdir()]
