"""Starts a thread when it is imported."""

import threading

from crmcore.plugins import Plugin

plugin = Plugin("starts_a_thread")
threading.Thread(target=threading.Event().wait, daemon=True).start()
