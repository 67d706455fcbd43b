"""One command that shows the whole mission: real programs around a simulated community."""
