"""Our own quotas.

`fixed_window.py` counts events per key and minute for all processes together, through PostgreSQL,
and owns the table `rate_windows`; `token_bucket.py` counts in memory, for what happens too often for
that. Atlassian's limits are another thing and live in `atlassian/`.
"""
