"""Opens an address in the user's browser."""

from __future__ import annotations

from qa.errors import CannotOpen


def open_in_browser(address: str | None) -> None:
    """Open an address in the browser.

    Raises:
        CannotOpen: the address is None, or no browser can be started.
    """
    if address is None:
        raise CannotOpen("The document's file is not here, and no service runs that shows it; start `qa serve`.")
    import webbrowser  # noqa: PLC0415 - it looks for browsers

    if not webbrowser.open(address):
        raise CannotOpen(f"No browser could be started; open {address} yourself.")
