#!/usr/bin/env python3
"""Goal: the plugin ABI keeps what 1.0 promised. Method: the declarations of today's headers are held against those of the
frozen ones, comments and white space aside: what was there is there unchanged; only a struct that begins with struct_size
may have more members, at its end, and only new names may come besides.

usage: only_grows.py FROZEN_DIRECTORY TODAY_DIRECTORY      (each holds types.h, host.h and plugin.h)
"""
import pathlib
import re
import sys

HEADERS = ("types.h", "host.h", "plugin.h")


def text_of(file):
    text = file.read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    text = re.sub(r"//[^\n]*", " ", text)
    return re.sub(r"\\\n", " ", text)


def squeezed(text):
    return re.sub(r"\s*([(),;*{}\[\]])\s*", r"\1", re.sub(r"\s+", " ", text)).strip()


def declarations(directory):
    """Macros by name, structs by name as lists of members, everything else as a set of statements."""
    macros, structs, rest = {}, {}, set()
    for name in HEADERS:
        text = text_of(directory / name)
        for line in re.findall(r"^[ \t]*#[ \t]*define[ \t]+(.*)$", text, flags=re.M):
            head = re.match(r"\w+(\([^)]*\))?", line)
            # A name may be defined differently for C and for C++.
            macros.setdefault(head.group(0), []).append(squeezed(line[head.end():]))
        text = re.sub(r"^[ \t]*#.*$", "", text, flags=re.M)
        for tag, body in re.findall(r"typedef struct (\w+) \{(.*?)\} \w+;", text, flags=re.S):
            structs[tag] = [squeezed(member) for member in body.split(";") if member.strip()]
        text = re.sub(r"typedef struct \w+ \{.*?\} \w+;", "", text, flags=re.S)
        rest |= {squeezed(each) for each in text.split(";") if each.strip()}
    return macros, structs, rest


def faults_in(frozen, today):
    faults = []
    old_macros, old_structs, old_rest = frozen
    macros, structs, rest = today
    for name, values in old_macros.items():
        if name == "TENON_ABI_MINOR":
            continue
        if macros.get(name) != values:
            faults.append("#define %s: expected %s, found %s" % (name, values, macros.get(name, "none")))
    for name, members in old_structs.items():
        found = structs.get(name)
        if found is None or found[:len(members)] != members:
            faults.append("struct %s: expected it to begin with %s, found %s" % (name, members, found or "none"))
        elif len(found) > len(members) and members[0] != "uint32_t struct_size" and name != "tenon_plugin":
            faults.append("struct %s has no struct_size, so it cannot grow: found %s more" % (name, found[len(members):]))
    for statement in sorted(old_rest - rest):
        faults.append("expected, found no more: %s" % statement)
    return faults


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    frozen, today = (declarations(pathlib.Path(each)) for each in sys.argv[1:])
    if len(frozen[1]) < 20 or len(frozen[0]) < 20:
        sys.exit("only_grows: expected the structs and macros of 1.0 in %s, found %d and %d" % (
            sys.argv[1], len(frozen[1]), len(frozen[0])))
    faults = faults_in(frozen, today)
    # The check must be able to fail: what is taken away, renamed or put in front is found.
    for name in list(frozen[1])[:5]:
        fewer = dict(today[1])
        fewer[name] = ["uint32_t new_member"] + fewer[name]
        if not faults_in(frozen, (today[0], fewer, today[2])):
            faults.append("a member put in front of struct %s was not noticed" % name)
    for fault in faults:
        print(fault)
    if faults:
        sys.exit("only_grows: the ABI has changed for plugins of 1.0; undo that, or raise TENON_ABI_MAJOR")
    print("only_grows: %d structs and %d macros of 1.0 are as they were" % (len(frozen[1]), len(frozen[0])))


main()
