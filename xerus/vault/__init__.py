"""Seals what must never be readable in the database: the tokens of people.

Owns the data keys and the format of a sealed value (`envelope`), its use (`service`) and their
tables (`store`). Sealed values themselves stand in the tables of the packages they belong to,
bound to their row. Wrapping of the data keys is done by a provider of `keys`.
"""
