"""The composition root: builds every object from the settings and wires it.

`composition.py` is the only place that constructs services, `http.py` puts the routes of the
chosen roles behind the shared middleware, `serving.py` runs them. `processes.py` starts several
processes (workers, the demo's sandbox), `maintenance.py` holds the one-shot commands.
"""
