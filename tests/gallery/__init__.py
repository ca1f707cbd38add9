"""Every page in every state, reachable by an address: for the checks, and for pictures."""
