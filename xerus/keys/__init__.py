"""Keys: who wraps them, what they are for, and the ones that sign.

A key provider (`provider`, `file`, `kms`) wraps and unwraps; everything else in the database is
wrapped by it, and `moving` and `rewrapping` bring it from one provider to another. `purpose` gives independent random keys by name, `signing` the ES256 keys of our own
tokens. The keys that seal credentials are the vault's, which stands above this package.
"""
