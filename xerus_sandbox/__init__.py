"""The simulated outside world: Atlassian (Cloud and Data Center) and Entra ID over HTTP.

It owns its accounts, OAuth servers, gateway, seeded products and the controls that tests steer it
with, keeps its state in one folder, and runs as a process of its own:
`python -m xerus_sandbox --data-dir DIR`. It imports nothing from `xerus`, and `xerus` nothing from
it: they meet over HTTP only. Neighbours inside: `entra/`, `atlassian/`, `products/` (Jira and
Confluence themselves), and `operations.py`, the seam between gateway and products.
"""
