"""Requests that nobody should send."""
import json


def call(arguments):
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                       "params": {"name": "create_media_buy", "arguments": arguments}}).encode()


def deep(depth, opening, closing, inside=b""):
    return opening * depth + inside + closing * depth


# ---- bodies, each of which is to be answered with an error ----------------------------------------------------------

MALFORMED = (
    b"", b" ", b"{", b"}", b"[]", b"nul", b"null", b"true", b"1", b'"text"', b"{'a': 1}", b'{"a" 1}', b'{"a": 1,}',
    b"[1,]", b"// x\n{}", b"NaN", b'{"jsonrpc": Infinity}', b"\xef\xbb\xbf{}", b"\0", b"{}\0", b"{} {}", b'{"a": 01}',
    b'{"a": +1}', b'{"a": .5}', b'{"a": 1e}', b'{"a": "\\x"}', b'{"a": "\\ud800"}', b'{"a": "\n"}',
    b'{"jsonrpc": "2.0", "id": 1, "method":',
    b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": [')
NOT_UTF8 = (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\xf8\x88\x80\x80\x80")
NUMBERS = (
    b"1e400", b"-1e400", b"9" * 100000, b"1e-400000", b"0." + b"0" * 100000 + b"1", b"1e99999999999999999999",
    b"18446744073709551616", b"-9223372036854775809", b"1e308")


def numbers():
    text = call({"idempotency_key": "key-of-a-large-number", "brand": {"domain": "a.example"},
                 "start_time": "2001-01-01T00:00:00Z", "end_time": "2001-01-02T00:00:00Z",
                 "packages": [{"product_id": "sports", "pricing_option_id": "fixed", "budget": "HERE"}]})
    for number in NUMBERS:
        yield "the budget %r" % number[:30], text.replace(b'"HERE"', number)
        yield "the id %r" % number[:30], b'{"jsonrpc":"2.0","id":%s,"method":"none"}' % number


def bodies():
    """Their names, too."""
    for text in MALFORMED:
        yield "malformed JSON %r" % text, text
    yield "deep arrays", deep(1000, b"[", b"]")
    yield "deep objects", deep(1000, b'{"a":', b"}", b"1")
    yield "open arrays", b"[" * 1000000
    yield "open objects", b'{"a":' * 200000
    filled = call({"idempotency_key": "key-of-a-deep-request", "context": {"a": "HERE"}})
    yield "a deep context", filled.replace(b'"HERE"', deep(1000, b"[", b"]"))
    for text in NOT_UTF8:
        yield "invalid UTF-8 %r" % text, filled.replace(b"HERE", text)
    yield from numbers()
    yield "a large batch", b"[" + b",".join([b'{"jsonrpc":"2.0","id":1,"method":"ping"}'] * 10000) + b"]"
    yield "keys that are there twice", b'{"jsonrpc":"2.0","id":1,"method":"ping","method":"none","id":2}'
    yield "many keys", b'{"jsonrpc":"1.0"' + b"".join(b',"k%d":0' % each for each in range(100000)) + b"}"
    yield "a long method", b'{"jsonrpc":"2.0","id":1,"method":"%s"}' % (b"x" * 1000000)
    tool = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"%s"}}'
    yield "a long tool", tool % (b"\\u0000" * 100000)
    yield "a long id", b'{"jsonrpc":"2.0","id":"%s","method":"none"}' % (b"\\ud83d\\ude00" * 100000)


# ---- heads: names, texts, and the statuses that the one answer may have; 0: none ------------------------------------
# `head` makes a request line with headers and no blank line.

PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
LENGTH = b"Content-Length: %d\r\n" % len(PING)
CHUNKS = b"%x\r\n" % len(PING) + PING + b"\r\n0\r\n\r\n"
HIDDEN = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"  # what would be answered with 200, were it seen
CLOSE = b"Connection: close\r\n"

# Two readers could see different ends of these, or another request behind them.
SMUGGLING = (
    (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    (b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n"),
    (b"Content-Length: 0\r\nContent-Length: 44\r\n", b""), (b"Content-Length: 0, 44\r\n", b""),
    (b"Content-Length: +0\r\n", b""), (b"Content-Length: -1\r\n", b""), (b"Content-Length: 0x0\r\n", b""),
    (b"Content-Length: 18446744073709551617\r\n", b""), (b"Content-Length:\r\n", b""),
    (b"Content-Length: 1 0\r\n", b""),
    (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", CHUNKS),
    (b"Transfer-Encoding: identity\r\n" + LENGTH, PING), (b"Transfer-Encoding: chunked, identity\r\n", CHUNKS),
    (b"Transfer-Encoding: xchunked\r\n", CHUNKS), (b"Transfer-Encoding : chunked\r\n", CHUNKS),
    (b"Transfer-Encoding: chunked;q=1\r\n", CHUNKS), (b"Transfer-Encoding: \x0bchunked\r\n", CHUNKS),
    (b"Transfer-Encoding:\r\n chunked\r\n" + LENGTH, CHUNKS), (b"Content-Length : 0\r\n", b""),
    (b"Host: evil.example\r\n", b""), (b"X\0Y: 1\r\n", b""), (b"X: a\0b\r\n", b""), (b"X Y: 1\r\n", b""),
    (b": 1\r\n", b""), (b"no colon\r\n", b""), (b"X: a\rY: b\r\n", b""), (b"X: a\nContent-Length: 44\r\n", b""))

WRONG_CHUNKS = (
    b"zz\r\nab\r\n0\r\n\r\n", b"-1\r\n\r\n", b"fffffffffffffffff\r\n", b"0x5\r\nabcde\r\n0\r\n\r\n",
    b"5\r\nabcdeX\r\n0\r\n\r\n", b"5\nabcde\n0\n\n", b"5 \r\nabcde0\r\n\r\n", b"\r\n", b"2\r\nabcde\r\n0\r\n\r\n",
    b"5;" + b"x" * 100000 + b"\r\nabcde\r\n0\r\n\r\n", b"0\r\n" + b"X: y\r\n" * 100000 + b"\r\n")

TARGETS = (
    (b"/t/acme\0/mcp", {400, 404}), (b"/t/../t/acme/mcp", {404}), (b"//t/acme/mcp", {404}), (b"/t/a b/mcp", {400, 505}),
    (b"t/acme/mcp", {400}), (b"", {400}), (b"*", {404}), (b"http:", {400}), (b"http://", {400, 403, 404, 421}),
    (b"http://evil.example/t/acme/mcp", {403, 421}), (b"ftp://127.0.0.1/t/acme/mcp", {400}),
    (b"/" + b"x" * 15000, {404}), (b"/?" + b"x" * 15000, {404}), (b"http://127.0.0.1/t/acme/mcp", {200}),
    # No tenant has such a name; a tool of none is an error.
    (b"/t/acme%00/mcp", {200, 400, 404}), (b"/t/%2e%2e/mcp", {200, 400, 404}), (b"/t/\xff/mcp", {200, 400, 404}),
    (b"/t/" + b"x" * 10000 + b"/mcp", {200, 400, 404}))

METHODS = (
    (b"CONNECT", {400, 405}), (b"TRACE", {405}), (b"", {400}), (b"P\0ST", {400}), (b"post", {405}),
    (b"X" * 10000, {400, 405}))

VERSIONS = (b"HTTP/1.2", b"HTTP/2.0", b"HTTP/9.9", b"HTTP/1.1.1", b"HTTP/1", b"http/1.1", b"", b"HTTP/1.1 x")


def floods(head):
    yield "ten thousand headers", head(b"".join(b"X-%d: y\r\n" % each for each in range(10000))) + b"\r\n", {431}
    yield "a header of a megabyte", head(b"X: " + b"y" * (1 << 20) + b"\r\n") + b"\r\n", {431}
    yield "a header name of a megabyte", head(b"X" * (1 << 20) + b": y\r\n") + b"\r\n", {431}
    yield "a header without an end", [head(b"X: ")] + [b"y" * 65536] * 160, {431}
    yield "a target of a megabyte", head(target=b"/" + b"x" * (1 << 20)) + b"\r\n", {431}
    yield "an empty line without an end", [b"\r\n" * 32768] * 16, {400, 431, 0}


def other_protocols(head):
    yield "HTTP/1.0", head(LENGTH, version=b"HTTP/1.0") + b"\r\n" + PING, {200}
    chunked = head(b"Transfer-Encoding: chunked\r\n", version=b"HTTP/1.0")
    yield "HTTP/1.0 with chunks", chunked + b"\r\n" + CHUNKS, {400}
    yield "HTTP/0.9", b"GET /healthz\r\n", {400}
    yield "HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 505}
    yield "TLS", bytes.fromhex("160301005a010000560303") + b"\0" * 80, {400, 0}
    yield "another protocol", b"SSH-2.0-OpenSSH_9.2\r\n", {400}


def halves(head):
    yield "nothing", b"", {0}
    yield "half a head", head()[:40], {0}
    yield "half a body", head(LENGTH) + b"\r\n" + PING[:10], {0}
    yield "half a chunk", head(b"Transfer-Encoding: chunked\r\n") + b"\r\n" + CHUNKS[:10], {0}


def heads(head, token):
    for headers, body in SMUGGLING:
        yield "smuggling with %r" % headers, head(headers) + b"\r\n" + body + HIDDEN, {400, 413}
    for body in WRONG_CHUNKS:
        text = head(b"Transfer-Encoding: chunked\r\n") + b"\r\n" + body + HIDDEN
        yield "the chunks %r" % body[:30], text, {400, 413, 431}
    for target, expected in TARGETS:
        yield "the target %r" % target[:30], head(LENGTH + CLOSE, target=target) + b"\r\n" + PING, expected
    for method, expected in METHODS:
        yield "the method %r" % method[:10], head(CLOSE, method=method) + b"\r\n", expected
    for version in VERSIONS:
        yield "the version %r" % version, head(version=version) + b"\r\n", {400, 505}
    # Understood as one header, or refused (RFC 9112, 5.2).
    yield "a folded header", head(LENGTH + b"X: a\r\n Content-Length: 5\r\n" + CLOSE) + b"\r\n" + PING, {200, 400}
    yield "line feeds alone", head().replace(b"\r\n", b"\n") + b"\n", {400, 505}
    yield "two tokens", head(LENGTH + b"Authorization: Bearer x\r\n" + CLOSE) + b"\r\n" + PING, {200, 400, 401}
    yield "another token", head(LENGTH).replace(token, b"x" * 8000) + b"\r\n" + PING, {401}
    yield from floods(head)
    yield from other_protocols(head)
    yield from halves(head)


# ---- noise ----------------------------------------------------------------------------------------------------------


def mutated(text, chance):
    """The text with some bytes changed, left out, doubled or put in."""
    made = bytearray(text)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(made))
        kind = chance.randrange(4)
        if kind == 0:
            made[at] = chance.randrange(256)
        elif kind == 1:
            del made[at:at + chance.randint(1, 20)]
        elif kind == 2:
            made[at:at] = made[at:at + chance.randint(1, 200)]
        else:
            made[at:at] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 20)))
    return bytes(made)
