"""A client with a receive buffer so small that the kernel hides nothing, which joins a meeting and then stops
reading, or reads a byte now and then. Node can't choose the buffer's size. Says each step as a line
of JSON; a line on standard input ends it."""

import base64, json, os, select, socket, struct, sys, time
from http.client import HTTPConnection

settings = json.loads(sys.argv[1])


def say(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


def connect():
    """A connection with next to no memory of its own for what arrives."""
    conn = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    conn.connect((settings["host"], settings["port"]))
    conn.settimeout(10)
    return conn


received = b""
conn = None


def more():
    global received
    data = conn.recv(4096)
    if not data:
        raise SystemExit("the connection closed too early")
    received += data


def packet(begins):
    """Reads frames until a text that begins so."""
    global received
    while True:
        while len(received) < 2:
            more()
        size, at = received[1] & 127, 2
        if size == 126:
            while len(received) < 4:
                more()
            size, at = struct.unpack("!H", received[2:4])[0], 4
        elif size == 127:
            while len(received) < 10:
                more()
            size, at = struct.unpack("!Q", received[2:10])[0], 10
        while len(received) < at + size:
            more()
        text, received = received[at : at + size].decode("utf8", "replace"), received[at + size :]
        if text.startswith(begins):
            return text


def send(text):
    data, mask = text.encode(), os.urandom(4)
    head = bytes([0x81, 0x80 | len(data)]) if len(data) < 126 else bytes([0x81, 0xFE]) + struct.pack("!H", len(data))
    conn.sendall(head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data)))


def join_by_websocket():
    global conn, received
    conn = connect()
    conn.sendall(
        (
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
            f"Host: {settings['host']}:{settings['port']}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
            f"Cookie: {settings['cookie']}\r\n\r\n"
        ).encode()
    )
    while b"\r\n\r\n" not in received:
        more()
    received = received.split(b"\r\n\r\n", 1)[1]
    packet("0")
    send("40")
    packet("40")
    send(join)
    packet("430")


def join_by_polling():
    """Joins, and leaves a poll open whose answer will not be read."""
    global conn
    http = HTTPConnection(settings["host"], settings["port"], timeout=10)

    def ask(method, sid="", body=None):
        http.request(method, f"/socket.io/?EIO=4&transport=polling{sid}", body, {"Cookie": settings["cookie"], "Content-Type": "text/plain"})
        return http.getresponse().read().decode()

    def until(begins, sid):
        while not any(part.startswith(begins) for part in ask("GET", sid).split("\x1e")):
            pass

    sid = "&sid=" + json.loads(ask("GET")[1:])["sid"]
    ask("POST", sid, "40")
    until("40", sid)
    ask("POST", sid, join)
    until("430", sid)
    conn = connect()
    conn.sendall(
        (
            f"GET /socket.io/?EIO=4&transport=polling{sid} HTTP/1.1\r\n"
            f"Host: {settings['host']}:{settings['port']}\r\nCookie: {settings['cookie']}\r\n\r\n"
        ).encode()
    )


join = "420" + json.dumps(["join:meeting", {"meetingId": settings["meetingId"]}])
if settings["transport"] == "polling":
    join_by_polling()
else:
    join_by_websocket()
say("joined")

begun = time.monotonic()
trickle = settings.get("trickle")  # seconds between two bytes, or nothing
watch = select.poll()
watch.register(conn, select.POLLRDHUP | select.POLLERR | select.POLLHUP)
watch.register(sys.stdin, select.POLLIN | select.POLLHUP)
how = None
while how is None:
    for fd, what in watch.poll(int((trickle or 60) * 1000)):
        if fd == sys.stdin.fileno():
            raise SystemExit(0)
        how = what
    if trickle and how is None:
        try:
            conn.settimeout(0)
            if conn.recv(1) == b"":
                how = "end"
        except BlockingIOError:
            pass
        except OSError as error:
            how = str(error)
say("closed", ms=round((time.monotonic() - begun) * 1000), how=str(how))
