"""Every setting of Xerus.

`groups.py` declares them, `toolsets.py` names the sets of tools, `loading.py` is the only reader of
the environment, `checks.py` finds what no single setting shows, `replaced.py` knows the variables
of mcp-atlassian. `load()` reports all problems together, each with the variable and
the remedy and never with the value. Objects receive the values they need in their constructor;
nobody imports a global object.
"""
