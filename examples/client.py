"""Ask a running service, with only the standard library: python examples/client.py who owns the hospitals."""

import json
import os
import sys
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import urlopen

service = os.environ.get("SERVICE", "http://127.0.0.1:8000")
try:
    with urlopen(f"{service}/api/ask?{urlencode({'q': ' '.join(sys.argv[1:]), 'k': 3})}", timeout=30) as reply:
        answer = json.load(reply)
except HTTPError as error:
    sys.exit("{code}: {message}".format(**json.load(error)["error"]))

print(answer["verdict"], answer["confidence"])
for passage in answer["passages"] if answer["verdict"] != "none" else []:
    where = passage["citation"]
    print(f'"{passage["text"]}"\n  {where["title"]}, {where["date"] or "undated"}: {urljoin(service, where["url"])}')
