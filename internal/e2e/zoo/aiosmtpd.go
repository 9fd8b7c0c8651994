//go:build e2e && zoo

package zoo

import (
	"testing"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

const aiosmtpdServer = `
import asyncio, signal
from aiosmtpd.smtp import SMTP, AuthResult
from aiosmtpd.lmtp import LMTP

class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if not address.endswith("@zoo.test"):
            return "550 not relaying to that domain"
        envelope.rcpt_tos.append(address)
        return "250 OK"
    async def handle_DATA(self, server, session, envelope):
        return "250 Message accepted for delivery"

def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(handled=False, success=data.login == b"tester" and data.password == b"correct-horse")

async def main():
    loop = asyncio.get_running_loop()
    make = dict(hostname="` + hostname + `", data_size_limit=2000)
    await loop.create_server(lambda: SMTP(Handler(), authenticator=authenticate, auth_require_tls=False, **make), "{address}", 2525)
    await loop.create_server(lambda: SMTP(Handler(), authenticator=authenticate, auth_required=True, auth_require_tls=False, **make), "{address}", 2526)
    await loop.create_server(lambda: LMTP(Handler(), **make), "{address}", 2424)
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()

asyncio.run(main())
`

func startAiosmtpd(t *testing.T) *running {
	t.Helper()
	place := e2e.PlaceFor(t, "aiosmtpd")
	write(t, place, "server.py", aiosmtpdServer)
	r := &running{place: place}
	r.program = sandboxed(t, place, "aiosmtpd", nil, `exec /usr/bin/python3 "$ROOT/server.py"`)
	r.await(t, 2525, 2526, 2424)
	at := url("smtp", place, 2525)
	r.situations = []situation{
		{asked: "a session", url: at, settings: ehlo, verdict: "none/none:250:done"},
		{asked: "a recipient of another domain", url: at, settings: foreign, verdict: "recipients_refused/relay_denied:550:rcpt", fault: "config"},
		{asked: "a wrong password", url: at, settings: login(wrongPassword), verdict: "auth_failed/auth_credentials_invalid:535:auth", fault: "credentials"},
		{asked: "the right password", url: at, settings: login(password), verdict: "none/none:235:done"},
		{asked: "MAIL without the AUTH that the port requires", url: url("smtp", place, 2526), settings: known, verdict: "sender_refused/auth_required:530:mail", fault: "config"},
		{asked: "a message", url: at, settings: send, verdict: "none/none:250:done"},
		{asked: "a message over the size limit", url: at, settings: send + "\nmessage_size = 4000", verdict: "not_supported/message_too_large:none:mail", fault: "config"},
		{asked: "LMTP on an SMTP port", url: url("lmtp", place, 2525), verdict: "helo_refused/not_lmtp:500:ehlo", fault: "config"},
		{asked: "LMTP", url: url("lmtp", place, 2424), verdict: "none/none:250:done"},
		{asked: "SMTP on an LMTP port", url: url("smtp", place, 2424), settings: ehlo, verdict: "helo_refused/refused:500:helo", fault: "config"},
	}
	return r
}
