"""What a write would change, read before a person is asked: one function for each tool.

A function gets the call's arguments and a reader that calls the person's own reading tools; it
fills a `Preview`. An argument that it does not take is shown all the same, by its name: nothing of
a call is ever left out. `built` is the way in.
"""
