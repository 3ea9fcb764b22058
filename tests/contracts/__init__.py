"""Contracts of the seams, each run on every implementation."""
