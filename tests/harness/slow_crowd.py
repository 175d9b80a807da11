"""Many clients that join rooms and then stop reading or trickle, each with a receive buffer so small that the kernel
hides nothing. Says as lines of JSON that all have joined, and each that was cut; a line on standard input ends it."""

import base64, json, os, select, socket, struct, sys, time

settings = json.loads(sys.argv[1])
clients = {}


def say(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


def frame(text):
    data, mask = text.encode(), os.urandom(4)
    head = bytes([0x81, 0x80 | len(data)]) if len(data) < 126 else bytes([0x81, 0xFE]) + struct.pack("!H", len(data))
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))


def until(conn, wanted):
    seen = b""
    while wanted not in seen:
        more = conn.recv(4096)
        if not more:
            raise SystemExit("a connection closed too early")
        seen += more


def join(client):
    conn = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    conn.connect((settings["host"], settings["port"]))
    conn.settimeout(20)
    conn.sendall(
        (
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
            f"Host: {settings['host']}:{settings['port']}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
            f"Cookie: {client['cookie']}\r\n\r\n"
        ).encode()
    )
    until(conn, b'"sid"')
    conn.sendall(frame("40"))
    until(conn, b"40{")
    conn.sendall(frame("420" + json.dumps(["join:meeting", {"meetingId": client["meetingId"]}])))
    until(conn, b'430[{"')
    conn.setblocking(False)
    return conn


poll = select.poll()
poll.register(sys.stdin, select.POLLIN | select.POLLHUP)
for number, client in enumerate(settings["clients"]):
    conn = join(client)
    clients[conn.fileno()] = (conn, number, number % 2 == 1)
    poll.register(conn, select.POLLRDHUP | select.POLLERR | select.POLLHUP)
say("joined")
begun = time.monotonic()


def cut(fd):
    conn, number, _ = clients.pop(fd)
    poll.unregister(fd)
    conn.close()
    say("cut", number=number, ms=round((time.monotonic() - begun) * 1000))


# Every second one trickles: a byte each time round.
while clients:
    for fd, _ in poll.poll(100):
        if fd == sys.stdin.fileno():
            raise SystemExit(0)
        if fd in clients:
            cut(fd)
    for fd, (conn, _, trickles) in list(clients.items()):
        if trickles and fd in clients:
            try:
                if conn.recv(1) == b"":
                    cut(fd)
            except BlockingIOError:
                pass
            except OSError:
                cut(fd)
