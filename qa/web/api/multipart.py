"""The files of a multipart/form-data body (RFC 7578), as browsers and curl send them."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from qa.errors import BuildFailed, InvalidRequest, UnsupportedType

MOST_FILES = 1000
_PIECE_BYTES = 64 << 10


async def files_of(request: Request) -> list[UploadFile]:
    """The files of a body, each with the name under which it was sent; large ones are in temporary files.

    Raises:
        UnsupportedType: the body is of another type.
        InvalidRequest: the body cannot be read, holds no file, or holds something else.
        BuildFailed: the disk is full or cannot be written.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "multipart/form-data":
        raise UnsupportedType("Send the files as multipart/form-data, or one at a time by PUT to /api/files/PATH.")
    try:
        form = await MultiPartParser(request.headers, request.stream(), max_files=MOST_FILES).parse()
    except MultiPartException as error:
        raise InvalidRequest(f"The body is not multipart/form-data as RFC 7578 has it: {error.message}") from None
    except OSError as error:
        raise BuildFailed(f"The files cannot be stored for now ({error.strerror}); check the disk.") from None
    files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
    others = [name for name, value in form.multi_items() if not isinstance(value, UploadFile)]
    if files and not others:
        return files
    await form.close()
    if others:
        raise InvalidRequest(f"{others[0]!r} is not a file; send files alone, each with its name.")
    raise InvalidRequest("The body holds no file; send one or several.")


async def content_of(file: UploadFile) -> AsyncIterator[bytes]:
    """A file's bytes, in pieces."""
    while piece := await file.read(_PIECE_BYTES):
        yield piece
