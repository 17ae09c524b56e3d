#!/usr/bin/env python3
"""Writes the tables of one AdCP release (tasks, specialisms, recovery of error codes) from its manifest.json.

usage: generate_release.py MANIFEST OUT.cpp

The tables are data of the release and are never typed by hand: adding a release is adding its manifest.
"""
import json
import sys


def text(value):
    return json.dumps(value)


def main():
    manifest = json.load(open(sys.argv[1], encoding="utf-8"))
    tools = sorted(manifest["tools"].items())
    codes = sorted(manifest["error_codes"].items())
    specialisms = sorted(manifest["specialisms"].items())
    out = ['// Written by generate_release.py from AdCP %s. Do not edit.' % manifest["adcp_version"],
           '#include "base/release.hpp"', '', 'namespace tenon::release {', '',
           'const std::string_view version = %s;' % text(manifest["adcp_version"]), '', 'namespace {', '',
           'constexpr task_info task_table[] = {']
    for name, tool in tools:
        out.append('    {%s, %s, %s},' % (text(name), text(tool["protocol"]), "true" if tool["mutating"] else "false"))
    out += ['};', '', 'constexpr code_info code_table[] = {']
    for name, code in codes:
        out.append('    {%s, recovery::%s},' % (text(name), code["recovery"]))
    out += ['};', '']
    for name, specialism in specialisms:
        out.append('constexpr std::string_view tasks_%s[] = {%s};' % (
            name.replace("-", "_"),
            ", ".join(text(task) for task in sorted(set(specialism.get("entry_point_tools", [])))) or '""'))
    out += ['', 'constexpr specialism_info specialism_table[] = {']
    for name, specialism in specialisms:
        tools_of = specialism.get("entry_point_tools", [])
        out.append('    {%s, {tasks_%s, %d}},' % (
            text(name.replace("_", "-")), name.replace("-", "_"), len(set(tools_of))))
    out += ['};', '', '}  // namespace', '',
            'std::span<const task_info> tasks() noexcept { return task_table; }',
            'std::span<const code_info> codes() noexcept { return code_table; }',
            'std::span<const specialism_info> specialisms() noexcept { return specialism_table; }', '',
            '}  // namespace tenon::release', '']
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write("\n".join(out))


if __name__ == "__main__":
    main()
