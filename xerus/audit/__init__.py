"""The audit log: every sign-in, consent, connection, renewal and tool call, in chains.

`events` is the closed list with the facts each event may carry, `chain` the keyed hashes,
`log` what others call, `store` the SQL, `checkpoints` the signed ends of the chains that are also
kept outside the database, `verification` the proof that nothing was changed. No token, code,
secret or body is ever a fact; where one has to be recognisable, its keyed hash is.
"""
