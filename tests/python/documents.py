"""Checks the documents of storages: that they are valid, and that rows match them.

Arguments: the address of the server, and a file with `{storage: {"valid": [row…], "invalid": [row…]}}`, which are rows
that may be sent and rows that may not.
"""

import json
import sys
from urllib.parse import quote
from urllib.request import Request, urlopen

from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

base, samples = sys.argv[1], json.load(open(sys.argv[2]))


def get(path):
    return json.load(urlopen(base + path))


whole = get("/api/v1/openapi.json")
validate(whole)
for storage, rows in samples.items():
    address = f"/api/v1/storage/{quote(storage)}"
    # Its parts are those of the document of all storages, which has been validated.
    document = get(f"{address}/openapi.json")
    assert (document["openapi"], document["info"]["title"]) == (whole["openapi"], storage)
    for kind, parts in {"paths": document["paths"], **document["components"]}.items():
        of_whole = whole["paths"] if kind == "paths" else whole["components"][kind]
        assert all(of_whole[name] == part for name, part in parts.items()), kind
    schema = get(f"{address}/schema.json")
    assert schema["$id"] == f"{base}{address}/schema.json", schema["$id"]
    Draft202012Validator.check_schema(schema)
    checker = Draft202012Validator.FORMAT_CHECKER
    row = Draft202012Validator(schema, format_checker=checker)
    sent = Draft202012Validator({**schema, "$ref": "#/$defs/RowInput"}, format_checker=checker)
    for valid in rows["valid"]:
        sent.validate(valid)
        body = json.dumps(valid).encode()
        stored = json.load(urlopen(Request(f"{base}{address}/", body, {"content-type": "application/json"})))
        row.validate(stored)
        # A row may be sent back as it was read.
        sent.validate(stored)
        assert not row.is_valid({name: value for name, value in stored.items() if name != list(valid)[0]})
    for invalid in rows["invalid"]:
        assert not sent.is_valid(invalid), f"{storage}: {invalid}"
    for stored in get(f"{address}/")["results"]:
        row.validate(stored)
print("done")
