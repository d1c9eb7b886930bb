#!/bin/sh
# Ask a running service from a shell, with curl and jq: examples/ask.sh who owns the hospitals
set -eu
service=${SERVICE:-http://127.0.0.1:8000}
curl --silent --show-error --get "$service/api/ask" --data-urlencode "q=$*" --data k=3 |
    jq --raw-output --arg host "$(printf %s "$service" | cut -d/ -f1-3)" '
        if .error then "\(.error.code): \(.error.message)"
        else .verdict, (.passages[] | "\"\(.text)\"\n  \(.citation.title): \($host)\(.citation.url)") end'
