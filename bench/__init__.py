"""Measurements: each module prints one table, side by side with what it is compared with, medians of several runs."""
