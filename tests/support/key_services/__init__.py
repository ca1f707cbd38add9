"""Key management services that speak the HTTP of the real ones, on loopback."""
