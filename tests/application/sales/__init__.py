"""Tests of selling: opportunities, invoices, purchases, money over time."""
