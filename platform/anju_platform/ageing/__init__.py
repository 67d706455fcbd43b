"""Which assets of a community grow old, and what they will cost: a page and an export for the yearly budget."""
