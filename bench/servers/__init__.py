"""Servers to compare with, each a process of its own: `python -m bench.servers.NAME PORT UPSTREAM`.

None checks a token, keeps anything or writes a log: each tool makes one request with the caller's
Authorization and answers with what came back.
"""
