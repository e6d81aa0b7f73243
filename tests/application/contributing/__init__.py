"""Tests of what plugins contribute to views, figures and reports."""
