#!/usr/bin/env python3
"""Writes the schemas of data/RELEASE as C++: each document without what is for readers alone, and for each task an
input schema for tools/list.

usage: embed_schemas.py DATA/RELEASE OUT.cpp
"""
import json
import pathlib
import re
import sys

# Keywords that decide nothing. "writeOnly" stays: it says what is not to be echoed.
ANNOTATIONS = {"$schema", "$id", "$comment", "title", "description", "default", "examples", "readOnly", "deprecated",
               "discriminator", "enumDescriptions", "errorMessage"}
# Keywords whose members are names, each with a schema.
BY_NAME = {"properties", "patternProperties", "definitions", "dependencies"}
VALUES = {"const", "enum", "required"}
# What of a top-level member's schema an agent is told in tools/list.
TOLD = ("type", "enum", "format", "minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength")
MOST_CHOICES = 16
LONGEST_DESCRIPTION = 240


def bare(schema):
    """The schema without annotations, its parts too."""
    if isinstance(schema, list):
        return [bare(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {}
    for keyword, value in schema.items():
        if keyword in ANNOTATIONS or keyword.startswith("x-"):
            continue
        if keyword in BY_NAME:
            made[keyword] = {name: bare(part) for name, part in value.items()}
        else:
            made[keyword] = value if keyword in VALUES else bare(value)
    return made


def shortened(text):
    """The first sentences of a description, as many as there is room for; at least one, cut if need be."""
    text = " ".join(text.split())
    if len(text) <= LONGEST_DESCRIPTION:
        return text
    ends = [match.end() for match in re.finditer(r"[a-z0-9)'\"`][.!?](?= [A-Z'\"`(])", text)]
    fitting = [end for end in ends if end <= LONGEST_DESCRIPTION]
    return text[:fitting[-1]] if fitting else text[:LONGEST_DESCRIPTION].rsplit(" ", 1)[0] + " \u2026"


class inputs:
    """Makes input schemas from the documents of a release."""

    def __init__(self, documents):
        self.documents = documents

    def resolved(self, schema):
        """A schema with its reference followed; its own description wins. An allOf of one is that one."""
        if "$ref" in schema:
            target = dict(self.resolved(self.documents[schema["$ref"]]))
        elif len(schema.get("allOf", [])) == 1 and "type" not in schema:
            target = dict(self.resolved(schema["allOf"][0]))
        else:
            return schema
        if "description" in schema:
            target["description"] = schema["description"]
        return target

    def type_of(self, schema):
        """The one type of a value, or nothing if it may have several."""
        schema = self.resolved(schema)
        if "type" in schema:
            return schema["type"]
        branches = schema.get("oneOf") or schema.get("anyOf") or []
        types = {json.dumps(self.type_of(branch)) for branch in branches}
        return json.loads(types.pop()) if len(types) == 1 else None

    def member(self, schema):
        full = self.resolved(schema)
        made = {keyword: full[keyword] for keyword in TOLD if keyword in full}
        if len(made.get("enum", [])) > MOST_CHOICES:
            del made["enum"]
        type_name = self.type_of(full)
        if type_name is not None:
            made["type"] = type_name
        said = shortened(full.get("description", ""))
        needed = full.get("required", [])
        if type_name == "array" and isinstance(full.get("items"), dict):
            items = self.resolved(full["items"])
            if self.type_of(items) is not None:
                made["items"] = {"type": self.type_of(items)}
            needed = items.get("required", [])
            if 0 < len(items.get("enum", [])) <= MOST_CHOICES:
                made["items"]["enum"] = items["enum"]
        if needed:
            if said:
                said += " " if said[-1] in ".!?\u2026" else ". "
            said += "Required %s: %s." % (
                "in each" if type_name == "array" else "in it", ", ".join(needed))
        if said:
            made["description"] = said
        return made

    def of(self, schema):
        made = {"type": "object",
                "properties": {name: self.member(part) for name, part in schema.get("properties", {}).items()}}
        if schema.get("required"):
            made["required"] = schema["required"]
        made["additionalProperties"] = True
        return made


def literal(value):
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    assert ')json"' not in text
    return 'R"json(%s)json"' % text


def main():
    data = pathlib.Path(sys.argv[1])
    prefix = "/schemas/%s/" % data.name
    documents = {prefix + path.relative_to(data).as_posix(): json.loads(path.read_text(encoding="utf-8"))
                 for path in data.glob("*/**/*.json")}
    tasks = json.loads((data / "tasks.json").read_text(encoding="utf-8"))
    make = inputs(documents)
    out = ["// Written by embed_schemas.py from AdCP %s. Do not edit." % data.name,
           '#include "schemas/embedded.hpp"', "", "namespace tenon::tenond::schemas::embedded {", "", "namespace {", "",
           "constexpr document all_documents[] = {"]
    for path, document in sorted(documents.items()):
        out.append("    {%s, %s}," % (json.dumps(path), literal(bare(document))))
    out += ["};", "", "constexpr task all_tasks[] = {"]
    for name, path in sorted(tasks.items()):
        out.append("    {%s, %s,\n     %s}," % (
            json.dumps(name), json.dumps(prefix + path), literal(make.of(documents[prefix + path]))))
    out += ["};", "", "}  // namespace", "", "std::span<const document> documents() noexcept { return all_documents; }",
            "std::span<const task> tasks() noexcept { return all_tasks; }", "",
            "}  // namespace tenon::tenond::schemas::embedded", ""]
    pathlib.Path(sys.argv[2]).write_text("\n".join(out), encoding="utf-8")


if __name__ == "__main__":
    main()
