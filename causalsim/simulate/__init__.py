"""Realistic series with a known graph: fitted to data, tuned against discriminators, judged."""
