"""Parses XML parts of an archive, without comments and external entities."""

from __future__ import annotations

from lxml import etree

from qa.errors import UnreadableFile


def xml_root(data: bytes, name: str) -> etree._Element:
    """The root of a part.

    Args:
        data: Its bytes.
        name: Its name, for the error message.

    Raises:
        UnreadableFile: it is not well-formed XML.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise broken_xml(name, error) from None


def broken_xml(name: str, error: etree.XMLSyntaxError) -> UnreadableFile:
    """The error for a part that is not well-formed XML."""
    if "XML_PARSE_HUGE" in str(error):  # libxml2's message if one of its limits is exceeded
        return UnreadableFile(f"is nested too deeply to read, or holds too long a text, in its part {name}")
    return UnreadableFile(f"is broken: its part {name} is not well-formed XML; open and save it again")
