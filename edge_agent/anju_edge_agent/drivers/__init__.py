"""Drivers: one a protocol, each with what it needs to know from the gateway's configuration."""
