"""What every page shares: templates, static files, security headers, CSRF and error pages.

Owns the look (`templates/base.html`, `static/css/`), the vendored scripts, fonts and icons
(`static/vendor/`, versions and licences beside them) and the middlewares every HTTP answer passes:
the Host rule, the headers, the error edge. Route: `/static/{path}`.
Does not know people, sessions or connections: `web` and `authserver` pass a `Viewer` and plain values.
"""
