"""The background loops: renew credentials ahead of time, clean up, checkpoint the audit log.

Each loop calls one function of the package it serves and knows nothing else about it; `app`
says which loops a process runs. Owns no tables and no rules.
"""
