"""Tests of the socket: good plugins get in, whole and in order; bad ones are refused, with their names."""
