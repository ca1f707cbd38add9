"""The formats of text in Jira and Confluence, as the simulated products understand them.

ADF (checked by `adf`), Confluence storage XHTML (parsed by `storage`), wiki markup (`wiki`), and the
simple conversions between them. A document is always kept as it was written; these conversions only
answer a read in another representation. They are deliberately plain and share no code with Xerus.
"""
