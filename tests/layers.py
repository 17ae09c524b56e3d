#!/usr/bin/env python3
"""Goal: data goes one way. Method: reads the includes of host/src and plugin-api and checks each against the order of the layers.

usage: layers.py SOURCE_DIRECTORY
"""
import pathlib
import re
import sys

# A module includes only itself and what stands before it.
ORDER = ["base", "catalog", "plugin", "storage", "platform", "cache", "router", "isolation", "reload", "host"]
# The public headers that a layer may know, besides those of the layers before it.
PUBLIC = {
    "base": {"error", "unique_function", "clock", "call", "platform"},
    "catalog": {"account_store", "cache_policy", "diagnostic"},
    "plugin": {"status", "rollout", "abi/plugin", "abi/host", "abi/types"},
    "storage": {"submitted_task"},
    "platform": set(),
    "cache": set(),
    "router": {"router", "proposal"},
    "isolation": set(),
    "reload": {"reload"},
    "host": {"host"},
}
OURS = re.compile(r'^\s*#\s*include\s+"([a-z_]+)/', re.M)
PUBLIC_INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]tenon/([a-z_/]+)\.h(?:pp)?[>"]', re.M)


def check_host(source):
    faults = []
    allowed_public = set()
    for position, module in enumerate(ORDER):
        allowed_public |= PUBLIC[module]
        left = set(ORDER[:position + 1])
        for file in sorted((source / "host/src" / module).rglob("*.[ch]pp")):
            text = file.read_text(encoding="utf-8")
            for name in OURS.findall(text):
                if name in ORDER and name not in left:
                    faults.append("%s includes %s/, which stands to its right" % (file.relative_to(source), name))
            for name in PUBLIC_INCLUDE.findall(text):
                if name not in allowed_public:
                    faults.append("%s includes <tenon/%s>, which belongs to a layer to its right" % (
                        file.relative_to(source), name))
    return faults


def check_plugins(source):
    """Plugins and the SDK see plugin-api alone."""
    faults = []
    for folder in ("plugin-api", "plugins"):
        for file in sorted((source / folder).rglob("*.[ch]*")):
            if file.suffix not in (".h", ".hpp", ".ipp", ".c", ".cpp"):
                continue
            for name in PUBLIC_INCLUDE.findall(file.read_text(encoding="utf-8")):
                if not name.startswith(("abi/", "sdk/")) and not name.startswith("plugin_manifest"):
                    faults.append("%s includes <tenon/%s>; a plugin sees abi/ and sdk/ alone" % (
                        file.relative_to(source), name))
    return faults


def main():
    source = pathlib.Path(sys.argv[1])
    faults = check_host(source) + check_plugins(source)
    for fault in faults:
        print(fault)
    files = len(list((source / "host/src").rglob("*.[ch]pp")))
    if files == 0:
        faults.append("no source found")
    print("layers: %d files, %d faults" % (files, len(faults)))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
