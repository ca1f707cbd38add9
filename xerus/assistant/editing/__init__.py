"""Changing a call before it is approved: a form by the tool's own schema, checked, shown anew.

`fields` makes the form and reads it back, `checks` says what a schema holds against arguments, and
`service` puts the changed call in the place of the one that waits. What a person leaves as it is
goes out exactly as the model gave it. The pages are in `web/chat_edit.py`.
"""
