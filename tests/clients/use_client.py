"""Uses a generated Python client with a service, and prints the replies as JSON.

use_client.py FOLDER ADDRESS TOKEN: the folder has the generated package `qa_client`.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from io import BytesIO

sys.path.insert(0, sys.argv[1])

from qa_client import AuthenticatedClient, Client
from qa_client.api.changes import add_documents, delete_document, put_file
from qa_client.api.documents import list_documents, read_document, read_file
from qa_client.api.questions import ask, ask_with_body
from qa_client.models import AddDocumentsBody, AskBody, BodyFilters, ErrorModel
from qa_client.types import File

client = Client(base_url=sys.argv[2])
changing = AuthenticatedClient(base_url=sys.argv[2], token=sys.argv[3])

answer = ask.sync(client=client, q="who is the harbour master", k=2)
since = BodyFilters(date_from=dt.date(1900, 1, 1))
by_body = ask_with_body.sync(client=client, body=AskBody(question="who is the harbour master", k=2, filters=since))
first = answer.passages[0]
document = read_document.sync(first.citation.document_id, client=client)
listed = list_documents.sync(client=client, limit=1)
error = ask.sync(client=client, q="harbour", document_id=["nope"])
assert isinstance(error, ErrorModel)
files = AddDocumentsBody(files=[File(BytesIO(b"Words."), "a.txt"), File(BytesIO(b"x"), "b.png")])
added = add_documents.sync(client=changing, body=files)
stored = put_file.sync("c.txt", client=changing, body=File(BytesIO(b"Words.")))
removed = delete_document.sync("c.txt", client=changing)
original = read_file.sync_detailed(document.source, client=client)

told = {
    "verdict": answer.verdict,
    "same": [each.text for each in by_body.passages] == [each.text for each in answer.passages],
    "quote": document.text[first.citation.start : first.citation.end] == first.text,
    "pages": [len(listed.documents), listed.cursor is not None],
    "error": error.error.code,
    "fates": [each.fate for each in added.files],
    "stored": [stored.id, stored.fate],
    "removed": removed.fate,
    "original": [original.status_code, len(original.content) > 0],
}
print(json.dumps(told))
