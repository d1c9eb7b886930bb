"""The HTML pages: routes, templates, static files, and modules that prepare data for the templates."""
