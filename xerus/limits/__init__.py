"""Our own quotas, shared by all processes through PostgreSQL.

`fixed_window.py` counts events per key and minute. Owns the table `rate_windows`. Atlassian's
limits are another thing and live in `atlassian/`.
"""
