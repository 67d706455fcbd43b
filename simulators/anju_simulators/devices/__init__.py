"""Live devices of a simulated community, on their real protocols."""
