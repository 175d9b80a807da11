"""A real mail server (aiosmtpd) that tests talk to: commands come as lines of JSON, and so does what happens.

In: {"mode": "take" | "later" | "never" | "silent"}. Out: {"event": "listening", "port"}, {"event": "tried"} for each mail that is
offered, {"event": "mail", ...} for each that is taken.
"""
import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


def say(**event):
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


class Handler:
    def __init__(self):
        self.mode = "take"
        self.changed = asyncio.Event()

    def turn(self, mode):
        self.mode = mode
        self.changed.set()
        self.changed = asyncio.Event()

    async def handle_RCPT(self, server, session, envelope, address, options):
        say(event="tried", to=address, mode=self.mode)
        if self.mode == "silent":
            await self.changed.wait()
            return "451 it was too long"
        if self.mode == "later":
            return "451 try again later"
        if self.mode == "never":
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        raw = envelope.original_content
        message = email.message_from_bytes(raw, policy=email.policy.default)
        part = lambda kind: (body := message.get_body((kind,))) and body.get_content()
        addresses = lambda name: [[a.display_name, a.addr_spec] for a in message[name].addresses] if message[name] else []
        say(
            event="mail",
            sender=envelope.mail_from,
            receivers=envelope.rcpt_tos,
            headers=[[name, str(value)] for name, value in message.items()],
            addressed={"from": addresses("From"), "to": addresses("To")},
            subject=str(message["Subject"]),
            text=part("plain"),
            html=part("html"),
            encrypted=server.transport.get_extra_info("ssl_object") is not None,
            user=session.auth_data.login.decode() if session.authenticated else None,
        )
        return "250 taken"


def authenticator(settings):
    def check(server, session, envelope, mechanism, data):
        right = data.login.decode() == settings["user"] and data.password.decode() == settings["password"]
        return AuthResult(success=right, auth_data=data)

    return check


async def main():
    settings = json.loads(sys.argv[1])
    handler = Handler()
    tls = None
    if settings.get("certificate"):
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(settings["certificate"], settings["key"])
    options = {"enable_SMTPUTF8": True, "ident": "mail server of the tests"}
    if settings.get("user"):
        options.update(authenticator=authenticator(settings), auth_required=True, auth_require_tls=tls is not None and not settings.get("wrapped"))
    if tls and not settings.get("wrapped"):
        options.update(tls_context=tls, require_starttls=True)

    def session():
        return SMTP(handler, **options)

    wrapped = tls if settings.get("wrapped") else None
    loop = asyncio.get_running_loop()
    server = await loop.create_server(session, "127.0.0.1", settings.get("port", 0), ssl=wrapped)
    say(event="listening", port=server.sockets[0].getsockname()[1])

    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        handler.turn(json.loads(line)["mode"])


asyncio.run(main())
