"""Holds what gateways say became of their samples against the ledger, and their clocks against the platform's."""
