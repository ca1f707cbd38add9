"""The seed data of the simulated products, made by code and the same each time.

`words` holds the texts, `blocks` turns a text outline into ADF, wiki markup or storage, and `jira`
and `confluence` build the records. Dates hang on one fixed day, so that a search by date gives the
same answer in every run of the tests.
"""
