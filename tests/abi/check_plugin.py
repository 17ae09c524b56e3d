"""check_plugin.py plugin.so: what tenon_add_plugin() promises about a built plugin, read with readelf.

One exported symbol, no STB_GNU_UNIQUE (it would pin the library), no libraries beyond the C and C++ runtimes and a
sanitizer's, no search path, symbols bound at load, no executable stack, no static TLS, and a manifest that is JSON.
"""

import json
import re
import struct
import subprocess
import sys

ALLOWED = {"libstdc++.so.6", "libgcc_s.so.1", "libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"}
SANITIZERS = re.compile(r"lib(asan|ubsan|tsan)\.so\.\d+|libclang_rt\..*")


def readelf(*arguments):
    return subprocess.run(["readelf", "-W", *arguments], check=True, capture_output=True, text=True).stdout


def symbol_findings(path):
    exported = []
    for line in readelf("--dyn-syms", path).splitlines():
        fields = line.split()
        if len(fields) < 8 or not fields[0].endswith(":") or not fields[0][:-1].isdigit():
            continue
        bind, section, name = fields[4], fields[6], fields[7]
        if section != "UND" and bind != "LOCAL":
            exported.append(name)
        if bind == "UNIQUE":
            yield f"{name} is STB_GNU_UNIQUE, so the library could never be unmapped: link with -fno-gnu-unique"
    if exported != ["tenon_plugin_entry"]:
        yield f"expected the one exported symbol tenon_plugin_entry, found {exported}"


def dynamic_findings(path):
    dynamic = readelf("-d", path)
    for needed in re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic):
        if needed not in ALLOWED and not SANITIZERS.fullmatch(needed):
            yield f"needs {needed}: expected at most {sorted(ALLOWED)}"
    for tag in ("RPATH", "RUNPATH", "TEXTREL", "STATIC_TLS"):
        if tag in dynamic:
            yield f"has {tag}"
    if "NOW" not in dynamic:
        yield "expected DT_FLAGS_1 NOW (link with -z now), found none"
    stack = re.search(r"GNU_STACK.*", readelf("-l", path))
    if not stack or " RWE " in stack[0]:
        yield "expected a GNU_STACK that is not executable"


def note_findings(path):
    # "  [ 1] .note.tenon NOTE <address> <offset> <size> ..."
    section = re.search(r"\.note\.tenon\s+NOTE\s+\w+\s+(\w+)\s+(\w+)\s+\w+\s+(\w*)", readelf("-S", path))
    if not section:
        yield "expected a section .note.tenon of type NOTE, found none"
        return
    if "A" not in section[3]:
        yield "expected .note.tenon to be loaded (SHF_ALLOC), or strip removes it"
    with open(path, "rb") as file:
        file.seek(int(section[1], 16))
        note = file.read(int(section[2], 16))
    name_size, descriptor_size, kind = struct.unpack_from("<III", note)
    note_format, _major, _minor, length = struct.unpack_from("<IIII", note, 20)
    if (name_size, kind, note[12:18], note_format) != (6, 1, b"tenon\0", 1):
        yield f"expected owner tenon, type 1, format 1, found {note[12:18]!r}, {kind}, {note_format}"
    if not length + 16 <= descriptor_size <= len(note) - 20:
        yield f"expected a descriptor for {length} bytes of JSON, found {descriptor_size} in a section of {len(note)}"
    manifest = json.loads(note[36:36 + length])
    for member in ("id", "version", "adcp", "tasks", "settings_schema", "sdk", "sanitizer"):
        if member not in manifest:
            yield f'expected "{member}" in the manifest, found {sorted(manifest)}'


def main():
    path = sys.argv[1]
    findings = [*symbol_findings(path), *dynamic_findings(path), *note_findings(path)]
    for finding in findings:
        print(f"{path}: {finding}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
