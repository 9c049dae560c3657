"""The client tier: cookies on the wire, signing, and one request's kinds that live in cookies."""
