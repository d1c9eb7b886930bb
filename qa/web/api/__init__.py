"""The JSON routes, their request and reply models, and the routes that change documents."""
