"""What is measured side by side: how each is started, asked and ended, one file per kind.

`subject.py` is what they have in common, `lineup.py` the list.
"""
