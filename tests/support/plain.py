"""Every server of the tests speaks plain HTTP on this machine."""

import ssl

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For `verify=`: without it each client reads all certificates of the machine, 25 ms a time."""
