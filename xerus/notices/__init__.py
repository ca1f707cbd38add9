"""What people should know of without looking for it: a line above each page, put away by a button.

`personal` finds it in a person's own connections, `operator` in the installation as a whole, for
administrators. Owns the tables `notice_dismissals` and `operator_troubles`. Decides nothing about a
connection: `connections` does. The pages draw it (`web/banner.py`); `worker` keeps it up to date.
"""
