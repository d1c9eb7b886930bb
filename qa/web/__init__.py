"""The HTTP service: JSON routes, HTML pages, and one JSON shape for every error. `qa.web.app.create_app` makes it."""
