"""The tools that work in Confluence, one file per toolset.

`search.py` and `pages.py` declare them; `locator.py` reads page
addresses, `bodies.py` converts Markdown for the deployment at hand.
"""
