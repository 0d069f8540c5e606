"""The laboratory: JupyterLab on the investigator's own copy of the notebooks, bound to one case."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from forensics.case import load
from forensics.engine import copy_file
from forensics.errors import CaseError, UnavailableError

CASE_VARIABLE = "FORENSICS_CASE"
OF_INVENTED_CASES = ("03-does-the-incident-look-real.ipynb",)
"""Notebooks that need the generator, which an investigator's installation lacks."""


def notebooks_folder() -> Path:
    """Return where the notebooks came with: inside the installed package, or beside it in the sources."""
    package = Path(__file__).parent
    installed, sources = package / "_notebooks", package.parent / "notebooks"
    return installed if installed.is_dir() else sources


def case_folder() -> Path:
    """Return the case that a notebook speaks of: $FORENSICS_CASE, else the demo case of the sources.

    Raises:
        CaseError: neither is there.
    """
    named = os.environ.get(CASE_VARIABLE)
    folder = Path(named) if named else Path(__file__).parent.parent / "cases" / "demo" / "case"
    if not (folder / "case.toml").is_file():
        raise CaseError(
            "this notebook is bound to no case",
            where=str(folder),
            remedy="open it with: forensics lab CASE (or run make demo first, for the demo case)",
        )
    return folder


def copy_notebooks(case: Path, *, invented: bool = False) -> Path:
    """Give the case its own copy of the notebooks; one that is there already is the investigator's and stays.

    Args:
        case: the case's folder.
        invented: whether to copy those too that hold an invented case against what its generator aims at.
    """
    target = case / "notebooks"
    for notebook in sorted(notebooks_folder().glob("*.ipynb")):
        if notebook.name in OF_INVENTED_CASES and not invented:
            continue
        if not (target / notebook.name).exists():
            copy_file(notebook, target / notebook.name)
    return target


def open_lab(case: Path) -> int:
    """Run JupyterLab until it is closed, and return its exit code.

    Raises:
        UnavailableError: JupyterLab is not installed.
    """
    if find_spec("jupyterlab") is None:
        raise UnavailableError("JupyterLab is not installed here", remedy="pip install 'forensics[lab]'")
    invented = find_spec("synthetic_data") is not None and load(case).declared.case.synthetic
    folder = copy_notebooks(case, invented=invented)
    environment = {**os.environ, CASE_VARIABLE: str(case.resolve())}
    command = [sys.executable, "-m", "jupyterlab", "--notebook-dir", str(folder)]
    if os.geteuid() == 0:  # in a container there is no other user; the server listens on loopback alone
        command.append("--allow-root")
    return subprocess.run(command, env=environment, check=False, stderr=sys.stderr).returncode  # noqa: S603
