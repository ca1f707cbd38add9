"""Many people at once on few shared server connections: nothing of one ever reaches another.

Everything that somebody has carries the person's mark: account, sites, tokens, events,
conversations. `people` does what people do and looks for other marks in what comes back.
"""
