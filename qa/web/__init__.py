"""The HTTP service: JSON routes, pages and one shape for every error. `qa.web.app.create_app` puts it together."""
