#!/usr/bin/env bash
# Goal: what is installed is enough. Method: install into an empty prefix, build a separate project against it by find_package and once
# more by pkg-config, run what came out and compare every line. Then be an author:
# make a plugin with the installed tenonctl, build it, test it, check it.
#
# usage: run.sh BUILD_DIRECTORY WORK_DIRECTORY CXX_FLAGS SANITIZERS
set -euo pipefail

project=$(cd "$(dirname "$0")/project" && pwd)
build=$1 work=$2 flags=$3 sanitize=$4
rm -rf "$work"
mkdir -p "$work/config"

cmake --install "$build" --prefix "$work/prefix" --component development >"$work/install.log"
cmake --install "$build" --prefix "$work/prefix" --component host >>"$work/install.log"
cmake --install "$build" --prefix "$work/prefix" --component runtime >>"$work/install.log"
export PKG_CONFIG_PATH="$work/prefix/lib/pkgconfig:$work/prefix/lib/x86_64-linux-gnu/pkgconfig"

# What a program answers, without its log. Everything it said if it fails.
answers_of() {
  if ! "$@" >"$work/out" 2>"$work/err"; then
    echo "$1 failed:" >&2
    cat "$work/out" "$work/err" >&2
    exit 1
  fi
  grep -v '^\[' "$work/out" || { echo "$1 answered nothing:" >&2; cat "$work/out" "$work/err" >&2; exit 1; }
}

cat >"$work/config/tenon.toml" <<TOML
[host]
plugin_dirs = ["$work/build/plugins"]
store_dir = "store"
canary = "$(pkg-config --variable=canary tenon)"

[tenants.greeter]
plugin = "hello"
settings = { greeting = "good morning" }
TOML

echo "== find_package"
cmake -S "$project" -B "$work/build" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_BUILD_TYPE=Debug \
  -DCMAKE_CXX_FLAGS="$flags" -DCMAKE_C_FLAGS="$flags" -DTENON_SANITIZE="$sanitize" >"$work/configure.log"
cmake --build "$work/build" >"$work/build.log" || { cat "$work/build.log"; exit 1; }

expected='{"products":[{"product_id":"hello-greeter","name":"good morning"}]}'
found=$(answers_of "$work/build/embed" "$work/config/tenon.toml" greeter)
[ "$found" = "$expected" ] || { echo "embed: expected $expected, found $found"; exit 1; }

expected="$expected
ACCOUNT_NOT_FOUND
UNSUPPORTED_FEATURE"
found=$(answers_of "$work/build/server" "$work/config/tenon.toml")
[ "$found" = "$expected" ] || { printf 'server: expected\n%s\nfound\n%s\n' "$expected" "$found"; exit 1; }

echo "== pkg-config"
# shellcheck disable=SC2046  # pkg-config prints words
c++ $flags "$project/embed.cpp" -o "$work/embed" $(pkg-config --cflags --libs tenon)
found=$(answers_of "$work/embed" "$work/config/tenon.toml" greeter)
expected=${expected%%$'\n'*}
[ "$found" = "$expected" ] || { echo "pkg-config: expected $expected, found $found"; exit 1; }
echo "== a new plugin"
tenonctl="$work/prefix/bin/tenonctl"
"$tenonctl" plugin new fresh_one --dir "$work" >"$work/new.log"
before=$(cd "$work/fresh_one" && sha256sum ./*)
"$tenonctl" plugin new fresh_one --dir "$work" 2>"$work/err" &&
  { echo "plugin new: expected a refusal of what is there"; exit 1; }
grep -q "expected no such file or directory yet" "$work/err" || { cat "$work/err"; exit 1; }
[ "$before" = "$(cd "$work/fresh_one" && sha256sum ./*)" ] || { echo "plugin new: changed what was there"; exit 1; }
cmake -S "$work/fresh_one" -B "$work/fresh_build" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_BUILD_TYPE=Debug \
  -DCMAKE_CXX_FLAGS="$flags" -DCMAKE_C_FLAGS="$flags" -DTENON_SANITIZE="$sanitize" >"$work/configure.log"
cmake --build "$work/fresh_build" >"$work/build.log" || { cat "$work/build.log"; exit 1; }
ctest --test-dir "$work/fresh_build" --output-on-failure >"$work/ctest.log" || { cat "$work/ctest.log"; exit 1; }
"$tenonctl" plugin check "$work/fresh_build/fresh_one.so" --cycles 20 >"$work/check.log" ||
  { cat "$work/check.log"; exit 1; }
tail -n 1 "$work/check.log"
echo "ok"
