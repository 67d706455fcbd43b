"""From stored history to predictions, with anju_ml."""
