"""Decode, commit, acknowledge, receipt."""
