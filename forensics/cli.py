"""The command line. Long commands say what they do on standard error; results go to standard output."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal, NoReturn, TextIO

from cyclopts import App, CycloptsError, Parameter

from forensics import __version__
from forensics.errors import CaseError, ForensicsError, UnavailableError

app = App(
    name="forensics",
    help="How many people were really affected by a scraped portal, and how sure we are.",
    version=__version__,
    help_format="plaintext",
    suppress_keyboard_interrupt=False,
)
Key = Annotated[Path | None, Parameter(name="--key", help="The case key; else $FORENSICS_KEY_FILE, else CASE.key.")]
AsJson = Annotated[bool, Parameter(name="--json", negative=(), help="Print the result for machines.")]
INTERRUPTED = 130
EXAMPLES = 3
CANNOT_NOW = frozenset(
    {
        errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.ESTALE, errno.ENXIO,
        errno.ENODEV, errno.ENOTCONN, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOLCK, errno.EOPNOTSUPP,
        errno.ELOOP, errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EFBIG,
    }
)  # fmt: skip

FULL = (
    "os error 28", "No space left on device", "os error 27", "File too large", "os error 122", "Disk quota exceeded",
    "Invalid thrift: transport error",
)  # fmt: skip
"""How libraries tell of a full disk or quota in errors of their own; the last is Polars, of a Parquet file's end."""


@contextmanager
def _progress(case_folder: Path) -> Iterator[Callable[[str], None]]:
    """Tell on standard error what is being done: a live line on a terminal, plain lines elsewhere."""
    from rich.console import Console
    from rich.markup import escape

    console, began = Console(stderr=True), time.monotonic()
    if not console.is_terminal:
        yield lambda text: print(_printable(text), file=sys.stderr, flush=True)
        return
    with console.status(f"{escape(_printable(str(case_folder)))}: reading evidence") as status:

        def say(text: str) -> None:
            console.print(f"[dim]{time.monotonic() - began:6.1f} s[/dim]  {escape(_printable(text))}", highlight=False)
            status.update(f"after: {escape(_printable(text))}")

        yield say


@app.command
def init(
    folder: Path | None = None, *, guess: Path | None = None, values: bool = False, as_json: AsJson = False
) -> None:
    """Write a commented case.toml into a new case folder, or say what a file is that nobody described yet.

    Args:
        folder: The case folder, made if it is not there.
        guess: Instead: propose on standard output the [[source]] block of this file; nothing is written.
        values: With --guess, on a terminal only: show some values of each column.
        as_json: With --guess: print what was found for machines.
    """
    if folder and not (guess or values or as_json):
        _new_case(folder)
    elif guess and not folder:
        _guess(guess, values=values, as_json=as_json)
    else:
        raise CaseError("nothing to do", expected="forensics init DIR, or forensics init --guess FILE")


def _new_case(folder: Path) -> None:
    from importlib.resources import files

    target = folder / "case.toml"
    if target.exists():
        raise CaseError("there is a case here already", where=str(target), remedy="choose another folder")
    template = files("forensics").joinpath("case_template.toml").read_text(encoding="utf-8")
    try:
        (folder / "evidence").mkdir(parents=True, exist_ok=True)
        target.write_text(template.replace("{id}", json.dumps(folder.resolve().name)[1:-1]), encoding="utf-8")
    except OSError as error:
        raise UnavailableError("the case cannot be made", where=str(folder), found=error.strerror) from error
    print(f"{target} is written: put the files in {folder / 'evidence'}, describe them there, then")
    print(f"  forensics check {folder}\n  forensics run {folder}")


def _guess(file: Path, *, values: bool, as_json: bool) -> None:
    """Print what a file is; its values only where nothing but a terminal gets them."""
    from forensics.evidence.guess import guess
    from forensics.evidence.guess.block import document, toml

    if values and not sys.stdout.isatty():
        raise CaseError(
            "values are people's data: they are shown on a terminal and written nowhere",
            expected="standard output to be a terminal",
            remedy="leave --values out, or run it on a terminal",
        )
    found = guess(file, examples=EXAMPLES if values else 0)
    print(document(found) if as_json else toml(found), end="\n" if as_json else "")


@app.command
def check(case: Path, *, as_json: AsJson = False) -> None:
    """Dry run: what is there, what is missing, the space and time a run will take.

    Args:
        case: The case folder.
        as_json: Print the result for machines.
    """
    from forensics.case import load
    from forensics.readiness import readiness, told

    found = readiness(load(case))
    print(json.dumps(found, indent=1) if as_json else "\n".join(told(found)))


@app.command
def run(case: Path, *, key: Key = None, as_json: AsJson = False) -> None:
    """Ingest, analyse and report, resuming what is done; prints the headline.

    Args:
        case: The case folder.
        key: The case key.
        as_json: Print the result for machines.
    """
    from forensics.case import load
    from forensics.headline import journal_line, lines
    from forensics.journal import entries
    from forensics.pipeline import run as run_case

    opened = load(case)
    with _progress(case) as say:
        results = run_case(opened, key, say)
    if as_json:
        print(json.dumps(results.summary, ensure_ascii=False))
        return
    print("\n".join(lines(results.summary)))
    print(journal_line(results.table("trials"), sum("headline" in entry for entry in entries(opened))))
    print(f"Report:    {case / 'results' / 'report-fr.html'} (français), report-en.html (English)")
    print(f"Notebooks: forensics lab {case}")


@app.command
def ingest(case: Path, *, key: Key = None, as_json: AsJson = False) -> None:
    """Read the evidence into canonical tables under work/.

    Args:
        case: The case folder.
        key: The case key.
        as_json: Print the lines of each source for machines.
    """
    from forensics.case import load
    from forensics.pipeline import ingest as ingest_case

    with _progress(case) as say:
        rows = ingest_case(load(case), key, say)
    if as_json:
        print(json.dumps(rows))


@app.command
def analyse(case: Path, *, key: Key = None, as_json: AsJson = False) -> None:
    """Rebuild sessions, judge them, find who was shown, estimate how many.

    Args:
        case: The case folder.
        key: The case key.
        as_json: Print the summary for machines.
    """
    from forensics.case import load
    from forensics.pipeline import analyse as analyse_case

    with _progress(case) as say:
        summary = analyse_case(load(case), key, say)
    if as_json:
        print(json.dumps(summary, ensure_ascii=False))


@app.command
def report(case: Path, *, key: Key = None, lang: Literal["fr", "en"] | None = None, as_json: AsJson = False) -> None:
    """Write the report pages, publish the results and name the pages.

    Args:
        case: The case folder.
        key: The case key.
        lang: Name the page of one language only.
        as_json: Print the pages' paths for machines.
    """
    from forensics.case import load
    from forensics.pipeline import run as run_case

    opened = load(case)
    with _progress(case) as say:
        results = run_case(opened, key, say)
    pages = [str(page) for page in sorted(results.folder.glob(f"report-{lang or '*'}.html"))]
    print(json.dumps(pages) if as_json else "\n".join(pages))


@app.command
def verify(case: Path, *, key: Key = None, as_json: AsJson = False) -> None:
    """Re-hash evidence and results, follow the journal, derive everything again in a fresh place, compare.

    Args:
        case: The case folder.
        key: The case key.
        as_json: Print the result for machines.
    """
    from forensics.case import load
    from forensics.verification import verify as verify_case

    with _progress(case) as say:
        compared = verify_case(load(case), key, say)
    if as_json:
        print(json.dumps(compared))
        return
    print(f"Verified: {compared['inputs']} inputs unchanged, {compared['journal_entries']} journal entries in order")
    print(f"({compared['runs']} run(s), {compared['analyses']} different analyses, as the report says),")
    print(f"and a fresh derivation gives the same bytes in all {compared['outputs']} outputs.")


@app.command
def export(
    case: Path,
    *,
    to: Literal["timesketch", "ecs"],
    out: Path,
    verdict: Literal["scraping", "unclear", "all-flagged"] = "scraping",
    force: Annotated[bool, Parameter(negative=())] = False,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Write the requests of flagged sessions for Timesketch or Elastic (ECS), one JSON document a line.

    Args:
        case: The case folder, after a run.
        to: Whose words the documents are in.
        out: The file to write.
        verdict: Whose requests: of sessions judged scraping, of unclear ones, or of both (all-flagged).
        force: Write over a file that is there.
        key: The case key.
        as_json: Print the count and the file's SHA-256 for machines.
    """
    from forensics.case import load
    from forensics.export import export as export_case

    opened = load(case)
    with _progress(case) as say:
        written = export_case(opened, out, to=to, verdict=verdict, force=force, key_path=key, say=say)
    if as_json:
        print(json.dumps(written))
        return
    print(f"{out} holds {written['requests']:,} requests of {written['sessions']:,} sessions, as the journal says too")
    print(f"SHA-256 {written['sha256']}")


@app.command
def audit(
    case: Path,
    *,
    n: Annotated[int, Parameter(name=["--n", "-n"])] = 300,
    out: Path | None = None,
    labels: Path | None = None,
    force: Annotated[bool, Parameter(negative=())] = False,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Draw lookups to label by hand; with --labels, read them back: how often the verdicts err.

    Args:
        case: The case folder, after a run.
        n: How many people shown by an answer to draw; an answer is one row.
        out: The sheet (CSV) to write; else audit/lookups.csv in the case.
        labels: A sheet that was filled in: robot, person or unsure in its column label.
        force: Write over a sheet that is there.
        key: The case key.
        as_json: Print the result for machines.
    """
    from forensics.audit import draw, read_back, told
    from forensics.case import load

    opened = load(case)
    if labels is not None:
        found = read_back(opened, labels, key_path=key)
        kept = f"kept in {case / 'labels.csv'}; they narrow the interval from the next run on: forensics run {case}"
        print(json.dumps(found) if as_json else "\n".join([*told(found), kept]))
        return
    if out is None:
        out = case / "audit" / "lookups.csv"
        out.parent.mkdir(exist_ok=True)
    with _progress(case) as say:
        drawn = draw(opened, out, n, force=force, key_path=key, say=say)
    print(
        json.dumps(drawn) if as_json else f"{out} holds {drawn['rows']:,} rows to label; read them back with --labels"
    )


@app.command
def stress(case: Path, *, accounts: int = 6, key: Key = None, as_json: AsJson = False) -> None:
    """Plant robots of known kinds in the case's own honest traffic, and say which of them would be found.

    Args:
        case: The case folder, after a run.
        accounts: How many honest accounts of each operator each kind of robot uses.
        key: The case key.
        as_json: Print the result for machines.
    """
    from forensics.case import load
    from forensics.stress import stress as stress_case
    from forensics.stress import told

    with _progress(case) as say:
        found = stress_case(load(case), accounts=accounts, key_path=key, say=say)
    print(json.dumps(found) if as_json else "\n".join(told(found)))


@app.command
def lab(case: Path) -> NoReturn:
    """Open JupyterLab on the notebooks, bound to this case.

    Args:
        case: The case folder; the notebooks are copied to its notebooks/ the first time.
    """
    from forensics.case import load
    from forensics.laboratory import open_lab

    load(case)
    raise SystemExit(open_lab(case))


def _fail(error: ForensicsError) -> int:
    print(f"forensics: {_printable(str(error))}", file=sys.stderr)
    return error.exit_code


def _printable(text: str) -> str:
    """Return a text without the control characters that a file name could slip into a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _defect(error: BaseException) -> int:
    """Say where a defect of the program is, and nothing of what it was working on: that may be somebody's data."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "forensics" in Path(frame.filename).parts] or frames
    print(f"forensics: a defect of this program ({type(error).__name__}), please report it", file=sys.stderr)
    for frame in ours[-5:]:
        print(f"  at {Path(frame.filename).name}:{frame.lineno} in {frame.name}", file=sys.stderr)
    return ForensicsError.exit_code


def _unavailable(error: BaseException) -> UnavailableError | None:
    """Return what an error of the machine (disk, permission, mount) means for the user, None for any other."""
    if isinstance(error, MemoryError):
        return UnavailableError("memory ran out", remedy="lower memory_limit in [settings], or free memory")
    if any(sign in str(error) for sign in FULL):
        return UnavailableError("the disk is full", remedy="free some space and run the same command again")
    if isinstance(error, OSError) and error.errno in CANNOT_NOW:
        where = str(error.filename) if error.filename else None
        return UnavailableError("a file cannot be read or written", where=where, found=error.strerror)
    return None


_interrupted: list[int] = []
"""The signals that came: a library may turn the interruption into an error of its own."""


def _interrupt(number: int, _frame: object) -> NoReturn:
    _interrupted.append(number)
    raise KeyboardInterrupt


def _stopped() -> int:
    print("forensics: interrupted; the same command resumes where it stopped", file=sys.stderr)
    return INTERRUPTED


def _unexpected(error: BaseException) -> int:
    known = _unavailable(error)
    return _fail(known) if known else _defect(error)


def _run(arguments: list[str] | None) -> int:
    """Run one command and return its exit code; clear identities are deleted however it ends."""
    try:
        app(arguments, exit_on_error=False, print_error=False)
    except ForensicsError as error:
        return _fail(error)
    except CycloptsError as error:
        print(f"forensics: {_printable(str(error))}\n  what to do: forensics --help", file=sys.stderr)
        return CaseError.exit_code
    except KeyboardInterrupt:
        return _stopped()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except SystemExit:
        raise
    except BaseException as error:  # a library's panic is no Exception, and its message may hold a value
        return _stopped() if _interrupted else _unexpected(error)
    return 0


_ours: list[TextIO] = []
"""Standard error as it was found, held for as long as the process lives."""


def _keep_libraries_silent() -> None:
    """Leave standard error to this program alone: what a library writes there as it fails may hold a value.

    For the same reason a crash leaves no image of the memory.
    """
    _ours.append(os.fdopen(os.dup(2), "w", buffering=1, encoding="utf-8", errors="backslashreplace"))
    sys.stderr = _ours[-1]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line; the exit code is the process's."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    _keep_libraries_silent()
    sys.exit(_run(arguments))
