"""What every tool has to hold, as data: it works, and it refuses in each way that it has to.

One file per product and toolset; `case.py` says what a row is, `things.py` makes what a row changes.
`tests/tools/test_cases.py` runs every row on Cloud and on Data Center.
"""
