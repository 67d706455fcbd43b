"""Commands: what people tell devices and gateways to do, from the request to the answer."""
