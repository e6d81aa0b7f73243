"""Workbooks of spreadsheets (xlsx): one sheet as rows, and rows as one sheet."""
