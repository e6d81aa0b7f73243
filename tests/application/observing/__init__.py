"""Tests of what is done after the commit: observers, jobs, workers."""
