"""`crm`, the reference command line: it translates and formats, every decision is the library's.

Commands are imported when they are used, so that `crm --help` is quick.
"""

from crmcore.cli.run import main

__all__ = ["main"]
