"""Faults on purpose: a community at full load whose gateway, broker, ingests and database are killed at random."""
