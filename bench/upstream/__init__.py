"""A fake Atlassian that answers faster than anything measured asks, and counts what it is asked.

Data Center's paths and Cloud's, the same texts in either's form. `python -m bench.upstream` is the
process, `control.py` starts and asks it. What else Cloud is asked (`/me`, accessible-resources, the
reads that check a new connection) goes on to the sandbox, where people give their consent.
"""
