"""Opens a socket when it is imported."""

import socket

from crmcore.plugins import Plugin

plugin = Plugin("opens_a_socket")
socket.socket().close()
