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

func startAiosmtpd(t *testing.T) *instance {
	t.Helper()
	place := e2e.PlaceFor(t, "aiosmtpd")
	place.WriteConfig(t, "server.py", aiosmtpdServer)
	r := &instance{}
	r.Program = sandboxed(t, place, "aiosmtpd", nil, `exec /usr/bin/python3 "$ROOT/server.py"`)
	r.AwaitPorts(t, 2525, 2526, 2424)
	at := "smtp://" + place.At(2525)
	r.probes = []e2e.Relay{
		{Name: "a session", URL: at, Settings: ehlo, Want: "none/none:250:done"},
		{Name: "a recipient in another domain", URL: at, Settings: otherDomain, Want: "recipients_refused/relay_denied:550:rcpt", Fault: "config"},
		{Name: "a wrong password", URL: at, Settings: login(e2e.WrongPassword), Want: "auth_failed/auth_credentials_invalid:535:auth", Fault: "credentials"},
		{Name: "the right password", URL: at, Settings: login(e2e.Password), Want: "none/none:235:done"},
		{Name: "MAIL before AUTH", URL: "smtp://" + place.At(2526), Settings: knownUser, Want: "sender_refused/auth_required:530:mail", Fault: "config"},
		{Name: "a message", URL: at, Settings: send, Want: "none/none:250:done"},
		{Name: "a message over the size limit", URL: at, Settings: send + "message_size = 4000", Want: "not_supported/message_too_large:none:mail", Fault: "config"},
		{Name: "LMTP on an SMTP port", URL: "lmtp://" + place.At(2525), Want: "helo_refused/not_lmtp:500:ehlo", Fault: "config"},
		{Name: "LMTP", URL: "lmtp://" + place.At(2424), Want: "none/none:250:done"},
		{Name: "SMTP on an LMTP port", URL: "smtp://" + place.At(2424), Settings: ehlo, Want: "helo_refused/refused:500:helo", Fault: "config"},
	}
	return r
}
