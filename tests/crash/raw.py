"""Bytes to a server, whatever they are, and what comes back."""
import socket


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def __repr__(self):
        return "%d %r" % (self.status, self.body[:120])


def answers_in(text):
    """Every whole answer of a byte stream, and what is left behind them."""
    found = []
    while True:
        end = text.find(b"\r\n\r\n")
        if end < 0:
            return found, text
        lines = text[:end].split(b"\r\n")
        headers = dict((name.strip().lower(), value.strip()) for name, _, value in
                       (line.partition(b":") for line in lines[1:]))
        length = int(headers.get(b"content-length", b"0"))
        if len(text) < end + 4 + length:
            return found, text
        status = int(lines[0].split()[1])
        found.append(Answer(status, headers, text[end + 4:end + 4 + length]))
        text = text[end + 4 + length:]


def receive_all(connection):
    text = b""
    try:
        while True:
            more = connection.recv(65536)
            if not more:
                return text, "closed"
            text += more
    except socket.timeout:
        return text, "silent"
    except OSError:
        return text, "reset"


def ask(port, pieces, timeout=60):
    """Sends, says that nothing follows, and reads until the server closes. The answers, and how it ended: "closed",
    "reset", or "silent", when the server did nothing for so long. A server that closes while it is sent to has said
    what it has to say."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        try:
            for piece in [pieces] if isinstance(pieces, bytes) else pieces:
                connection.sendall(piece)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        text, end = receive_all(connection)
    found, rest = answers_in(text)
    return found, end if not rest else "torn"
