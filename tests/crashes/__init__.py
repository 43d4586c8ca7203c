"""Processes that die: the function host, killed at named points, on storage that stays."""
