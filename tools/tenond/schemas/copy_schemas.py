#!/usr/bin/env python3
"""Copies the request schemas of the tasks below, and all they reference, from a checkout of an AdCP release.

usage: copy_schemas.py SOURCE      SOURCE/manifest.json is the release's manifest, SOURCE/../LICENSE its licence

Writes data/RELEASE/, where RELEASE is the release's version: the schemas byte for byte, and tasks.json, which says the
schema of each task as the manifest does.
"""
import json
import pathlib
import shutil
import sys

PROTOCOLS = {"media-buy", "creative", "account", "protocol"}
# A tool of the protocol's own, which the manifest does not list.
BESIDES = {"tasks_get": "core/tasks-get-request.json"}


def references(value):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def closure(source, prefix, roots):
    found, left = set(), list(roots)
    while left:
        path = left.pop()
        if path in found:
            continue
        found.add(path)
        for reference in references(json.loads((source / path).read_text(encoding="utf-8"))):
            document = reference.partition("#")[0]
            if document:
                assert document.startswith(prefix), reference
                left.append(document[len(prefix):])
    return sorted(found)


def main():
    source = pathlib.Path(sys.argv[1])
    manifest = json.loads((source / "manifest.json").read_text(encoding="utf-8"))
    release = manifest["adcp_version"]
    tasks = {name: tool["request_schema"] for name, tool in manifest["tools"].items() if tool["protocol"] in PROTOCOLS}
    tasks.update(BESIDES)
    data = pathlib.Path(__file__).parent / "data"
    target = data / release
    shutil.rmtree(target, ignore_errors=True)
    paths = closure(source, "/schemas/%s/" % release, tasks.values())
    for path in paths:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, target / path)
    (target / "tasks.json").write_text(json.dumps(tasks, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    shutil.copyfile(source.parent / "LICENSE", data / "LICENSE")
    print("%d tasks, %d schemas" % (len(tasks), len(paths)))


if __name__ == "__main__":
    main()
