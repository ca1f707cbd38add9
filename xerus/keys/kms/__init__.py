"""Key management services as key providers.

`envelope` is the provider: it seals each secret with a fresh key of its own, and has the service wrap
that key. `calls` sends requests and sorts out failures, `tokens` keeps short-lived credentials; one file
per service says what it asks for and what its refusals mean. No service needs a package of its maker.
"""
