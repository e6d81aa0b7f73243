"""Writes a file when it is imported."""

import os
from pathlib import Path

from crmcore.plugins import Plugin

plugin = Plugin("writes_a_file")
Path(os.devnull).write_text("hello")
