"""What residents report."""
