"""Try the installed wheels: run by the interpreter of a fresh environment, far from the sources."""

import json
import subprocess
import sys
import tempfile
from importlib.metadata import entry_points, requires
from pathlib import Path

import crmcore

BIN = Path(sys.prefix, "bin")


def check(holds: bool, otherwise: str) -> None:
    """Stop with a message unless something holds; unlike assert, also under -O."""
    if not holds:
        raise SystemExit(f"wheel: {otherwise}")


def crm(*arguments: str) -> str:
    """Run the installed `crm` and give its standard output."""
    done = subprocess.run([BIN / "crm", *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    check(
        done.returncode == 0,
        f"crm {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}",
    )
    return done.stdout


def main() -> None:
    """Check where crmcore comes from, that it is whole, and that its command works."""
    place = Path(crmcore.__file__)
    check(place.is_relative_to(sys.prefix), f"crmcore was imported from {place}, not from {sys.prefix}")
    check(
        place.with_name("py.typed").is_file(),
        "py.typed is missing: type checkers would ignore the annotations",
    )
    check(any((place.parent / "cli" / "demo" / "data").iterdir()), "the data of `crm demo` is missing")
    found = {point.name: point for point in entry_points(group="crmcore.plugins")}
    check("loyalty" in found, f"the plugin loyalty is not found, only {sorted(found)}")
    found["loyalty"].load()
    check(
        not any(" @ " in need for need in requires("crmcore") or []),
        "crmcore requires an address, not a release",
    )
    check("Usage" in crm("--help"), "crm --help shows no usage")
    crm("demo")
    with tempfile.TemporaryDirectory() as folder:
        crm("demo", "--keep", folder)
        database = f"sqlite:///{folder}/demo.db"
        counted = json.loads(crm("--database", database, "--json", "count", "customer"))
        check(counted["count"] > 0, "crm demo --keep left no customers")
        made = json.loads(crm("--json", "plugins", "new", "trial", "--dir", folder))
        check(len(made["files"]) > 10, f"crm plugins new wrote {made['files']}")
    print(f"wheel: crmcore works from {place.parent}")


if __name__ == "__main__":
    main()
