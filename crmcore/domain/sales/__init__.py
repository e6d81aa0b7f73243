"""Selling: opportunities, invoices, money over time."""
