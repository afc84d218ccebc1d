"""Figures of speed, as ratios taken in one run. `python -m benchmarks [NAME]`; nothing here is a test."""
