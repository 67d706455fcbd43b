"""What `make bench` measures. Speed is measured here and asserted nowhere."""
