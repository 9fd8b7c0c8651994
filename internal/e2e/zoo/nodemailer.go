//go:build e2e && zoo

package zoo

import (
	"testing"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

const nodemailerServer = `
const { SMTPServer } = require("{modules}/smtp-server");
const fs = require("fs");
const tls = { cert: fs.readFileSync("{cert}"), key: fs.readFileSync("{key}") };
const common = {
  name: "` + hostname + `", disabledCommands: [], authOptional: true, allowInsecureAuth: true, disableReverseLookup: true,
  onAuth: (auth, session, done) =>
    auth.password === "correct-horse" ? done(null, { user: auth.username }) : done(new Error("Invalid username or password")),
  onRcptTo: (address, session, done) =>
    address.address.endsWith("@zoo.test") ? done() : done(Object.assign(new Error("Relaying denied"), { responseCode: 553 })),
  onData: (stream, session, done) => { stream.resume(); stream.on("end", () => done(null, "queued")); },
};
const serve = (port, options) => {
  const server = new SMTPServer({ ...common, ...options });
  server.on("error", () => {});
  server.listen(port, "{address}");
};
serve(2525, { ...tls });
serve(2526, { authOptional: false, hideSTARTTLS: true });
serve(2465, { secure: true, ...tls });
serve(2466, { secure: true, ...tls, requestCert: true, rejectUnauthorized: true, ca: fs.readFileSync("{ca}") });
serve(2424, { lmtp: true, disabledCommands: ["AUTH", "STARTTLS"] });
serve(2528, { onConnect: (session, done) => done(Object.assign(new Error("No connections from here"), { responseCode: 554 })) });
process.on("SIGTERM", () => process.exit(0));
`

func startNodemailer(t *testing.T) *instance {
	t.Helper()
	place := e2e.PlaceFor(t, "nodemailer")
	tls := e2e.NewTLSFiles(t)
	cert, key := tls.IssueFiles(t, "server", certs.For(place.Address))
	place.WriteConfig(t, "server.js", nodemailerServer, "{modules}", e2e.Unpacked(t, "node_modules"), "{cert}", cert, "{key}", key, "{ca}", tls.CA)
	r := &instance{}
	r.Program = sandboxed(t, place, "nodemailer", nil, `exec node "$ROOT/server.js"`)
	r.AwaitPorts(t, 2525, 2526, 2465, 2466, 2424, 2528)
	ca := trust(tls)
	at := "smtp://" + place.At(2525)
	r.probes = []e2e.Relay{
		{Name: "a session with STARTTLS", URL: at, Settings: startTLS + ca, Want: "none/none:250:done"},
		{Name: "a wrong password", URL: at, Settings: login(e2e.WrongPassword), Want: "auth_failed/auth_credentials_invalid:535:auth", Fault: "credentials"},
		{Name: "the right password", URL: at, Settings: login(e2e.Password), Want: "none/none:235:done"},
		{Name: "MAIL before AUTH", URL: "smtp://" + place.At(2526), Settings: knownUser, Want: "sender_refused/auth_required:530:mail", Fault: "config"},
		{Name: "a recipient in another domain", URL: at, Settings: otherDomain, Want: "recipients_refused/relay_denied:553:rcpt", Fault: "config"},
		{Name: "a message", URL: at, Settings: send, Want: "none/none:250:done"},
		{Name: "implicit TLS", URL: "smtps://" + place.At(2465), Settings: ca, Want: "none/none:250:done"},
		{Name: "no client certificate (TLS 1.3)", URL: "smtps://" + place.At(2466), Settings: ca, Want: "tls_error/client_cert_required:none:greeting", Fault: "config"},
		{Name: "a refusal in the greeting", URL: "smtp://" + place.At(2528), Settings: ehlo, Want: "greeting_refused/access_denied:554:greeting", Fault: "prober"},
		{Name: "LMTP", URL: "lmtp://" + place.At(2424), Want: "none/none:250:done"},
		{Name: "SMTP on an LMTP port", URL: "smtp://" + place.At(2424), Settings: ehlo, Want: "helo_refused/not_smtp_lmtp:500:helo", Fault: "config"},
		{Name: "LMTP on an SMTP port", URL: "lmtp://" + place.At(2525), Want: "helo_refused/not_lmtp:500:ehlo", Fault: "config"},
	}
	return r
}
