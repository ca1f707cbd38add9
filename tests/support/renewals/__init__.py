"""Renewals by the thousand: a strict token endpoint, a proxy that does harm, and grants in rows.

The scenarios here run briefly in `tests/stores` and at their full numbers as stages of `make soak`.
"""
