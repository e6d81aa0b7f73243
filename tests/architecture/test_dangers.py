"""What may not be called: anywhere, what runs or trusts foreign data; in the domain, the outside world."""

import ast
import sys

import pytest

from tests.architecture.sources import Source, parse, sources_under

# The only places where a danger is allowed, each with the names allowed there.
ALLOWED = {"crmcore/adapters/sql/rowcode.py": {"exec", "compile"}}

DANGEROUS = {
    # data that runs code when it is read
    "pickle", "cPickle", "dill", "cloudpickle", "jsonpickle", "marshal", "shelve", "sqlalchemy.PickleType",
    "sqlalchemy.types.PickleType", "yaml.load", "yaml.load_all", "yaml.full_load", "yaml.unsafe_load",
    # text that runs as code
    "eval", "exec", "compile", "__import__", "builtins.eval", "builtins.exec", "builtins.compile",
    # text that runs as a command
    "os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "pty.spawn",
    # files that another user can take over first
    "tempfile.mktemp",
    # certificates unchecked, hashes that can be forged
    "ssl._create_unverified_context", "ssl.CERT_NONE", "hashlib.md5", "hashlib.sha1",
    # XML with entities that grow or fetch
    "xml.sax", "xml.dom", "xml.etree",
}  # fmt: skip
DANGEROUS_ARGUMENTS = {("shell", True), ("verify", False), ("check_hostname", False)}
WEAK_HASHES = {"md5", "sha1", "md4"}

OUTSIDE = {
    # clocks
    "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today",
    "time",
    # chance
    "random", "secrets", "uuid.uuid1", "uuid.uuid4", "os.urandom", "uuid.getnode",
    # files, network, processes, the environment
    "open", "input", "print", "os", "io", "pathlib", "shutil", "tempfile", "socket", "ssl", "urllib.request",
    "http", "subprocess", "threading", "multiprocessing", "asyncio", "sqlite3", "logging", "sys.stdin",
    "sys.stdout", "sys.stderr",
}  # fmt: skip


def hits(source: Source, forbidden: set[str]) -> set[str]:
    """Give the forbidden names that a source uses, itself or something inside of them."""
    used = set(source.names_used())
    return {bad for bad in forbidden for name in used if name == bad or name.startswith(f"{bad}.")}


def dangers(source: Source) -> set[str]:
    """Give the dangerous names and arguments in a source."""
    found = hits(source, DANGEROUS)
    for call in (node for node in ast.walk(source.tree) if isinstance(node, ast.Call)):
        arguments = {(k.arg, k.value.value) for k in call.keywords if isinstance(k.value, ast.Constant)}
        found |= {f"{name}={value}" for name, value in DANGEROUS_ARGUMENTS & arguments}
        if ast.unparse(call.func) == "hashlib.new" and {ast.unparse(a).strip("'\"") for a in call.args} & WEAK_HASHES:
            found.add("hashlib.new of a weak hash")
    return found


EXECUTED = sources_under("crmcore", "plugins/*/src", "examples", "benchmarks", "docs")
DOMAIN = sources_under("crmcore/domain")


@pytest.mark.parametrize("source", EXECUTED, ids=lambda source: source.name)
def test_nothing_dangerous_is_called(source: Source) -> None:
    """Data from outside could run code, or a check that protects users is off."""
    assert dangers(source) - ALLOWED.get(source.name, set()) == set()


@pytest.mark.parametrize("source", DOMAIN, ids=lambda source: source.name)
def test_the_domain_does_not_touch_the_outside(source: Source) -> None:
    """A rule that depends on the clock, on chance or on a file cannot be tested or replayed."""
    assert hits(source, OUTSIDE) == set()


@pytest.mark.parametrize("source", DOMAIN, ids=lambda source: source.name)
def test_the_domain_imports_attrs_and_the_standard_library_only(source: Source) -> None:
    """The domain would change with a library that has nothing to do with customers."""
    assert source.packages_imported() - sys.stdlib_module_names - {"attrs", "attr", "crmcore"} == set()


@pytest.mark.parametrize(
    "sample",
    [
        "import pickle",
        "from pickle import loads",
        "import marshal as m\nm.loads(b'')",
        "from sqlalchemy import PickleType",
        "import yaml\nyaml.load(text)",
        "eval(text)",
        "exec(text)",
        "run = eval",
        "import os\nos.system(text)",
        "from os import system as run\nrun(text)",
        "import subprocess\nsubprocess.run(text, shell=True)",
        "import tempfile\ntempfile.mktemp()",
        "httpx.get(url, verify=False)",
        "from hashlib import md5\nmd5(b'')",
        "import hashlib\nhashlib.new('md5')",
    ],
)
def test_the_gate_sees_each_danger(sample: str) -> None:
    """The gate would be open to this spelling."""
    assert dangers(parse(sample)) != set()


@pytest.mark.parametrize(
    "sample",
    [
        "import re\nre.compile(text)",
        "evaluate(predicate)",
        "import yaml\nyaml.safe_load(text)",
        "import hashlib\nhashlib.sha256(b'')",
        "httpx.get(url, verify=True)",
        "cursor.execute(statement)",
        "connection.exec_driver_sql(statement)",
    ],
)
def test_the_gate_lets_harmless_code_through(sample: str) -> None:
    """A gate that refuses what is safe gets an allow list that nobody reads."""
    assert dangers(parse(sample)) == set()


@pytest.mark.parametrize(
    "sample",
    [
        "from datetime import datetime\ndatetime.now()",
        "import datetime as dt\ndt.datetime.now(dt.UTC)",
        "from datetime import date\nfield(default=date.today)",
        "import time\ntime.time()",
        "from time import monotonic",
        "from uuid import uuid4",
        "import random",
        "open('file')",
    ],
)
def test_the_domain_rule_sees_each_way_out(sample: str) -> None:
    """The domain could reach the outside in this spelling."""
    assert hits(parse(sample), OUTSIDE) != set()


@pytest.mark.parametrize(
    "sample",
    [
        "from datetime import date, datetime, time\nnoon = time.fromisoformat('12:00')",
        "bound.today",
        "from uuid import UUID",
        "work.open = 1",
        "time = bound.time\nreturned = time.hour",
    ],
)
def test_the_domain_rule_lets_values_through(sample: str) -> None:
    """The domain could not even name a date, a time of day or an id."""
    assert hits(parse(sample), OUTSIDE) == set()
