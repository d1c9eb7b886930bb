"""Parts of an archive that are XML: parsed without their comments, and without any external entity."""

from __future__ import annotations

from lxml import etree

from qa.errors import UnreadableFile


def xml_root(data: bytes, name: str) -> etree._Element:
    """The root of a part.

    Args:
        data: Its bytes.
        name: What it is called, for the reason why it cannot be read.

    Raises:
        UnreadableFile: it is no proper XML.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise broken_xml(name, error) from None


def broken_xml(name: str, error: etree.XMLSyntaxError) -> UnreadableFile:
    """The error of a part that is no proper XML."""
    if "XML_PARSE_HUGE" in str(error):  # what libxml2 says where one of its limits is met
        return UnreadableFile(f"is nested too deeply to read, or holds too long a text, in its part {name}")
    return UnreadableFile(f"is broken: its part {name} is not well-formed XML; open and save it again")
