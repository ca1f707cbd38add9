"""Tokens that show that a form came from our own page in the same browser."""

import base64
import hashlib
import hmac

FIELD = "csrf"


class Csrf:
    """Derives form tokens from a key and a binding; nothing is stored.

    The binding is the session id, or the browser cookie before there is a session. A token for one
    binding is worthless with another (OWASP: signed double submit, bound to the session).
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def token(self, binding: str) -> str:
        """Return the form token for a binding: 43 URL-safe characters.

        Raises:
            ValueError: the binding is empty, so the token would be everybody's.
        """
        if not binding:
            raise ValueError("a CSRF token needs a binding")
        mac = hmac.new(self._key, b"csrf\0" + binding.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()

    def check(self, binding: str, token: str) -> bool:
        """Tell whether the token belongs to the binding, in constant time."""
        if not binding:
            return False
        return hmac.compare_digest(self.token(binding).encode(), token.encode(errors="replace"))
