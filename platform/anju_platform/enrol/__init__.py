"""Who may speak: an authority of our own, certificates for gateways, and what the broker has to know of them."""
