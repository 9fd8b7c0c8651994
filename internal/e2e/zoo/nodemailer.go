//go:build e2e && zoo

package zoo

import (
	"path/filepath"
	"testing"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
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

func startNodemailer(t *testing.T) *running {
	t.Helper()
	place := e2e.PlaceFor(t, "nodemailer")
	ca := newAuthority(t, place)
	cert, key := ca.issue(t, place)
	write(t, place, "server.js", nodemailerServer, "{modules}", filepath.Join(directory(t), "node_modules"), "{cert}", cert, "{key}", key, "{ca}", ca.file)
	r := &running{place: place}
	r.program = sandboxed(t, place, "nodemailer", nil, `exec node "$ROOT/server.js"`)
	r.await(t, 2525, 2526, 2465, 2466, 2424, 2528)
	tls := "\ntls_ca = \"" + ca.file + "\"\n"
	at := url("smtp", place, 2525)
	r.situations = []situation{
		{asked: "a session with STARTTLS", url: at, settings: `starttls = "required"` + tls, verdict: "none/none:250:done"},
		{asked: "a wrong password", url: at, settings: login(wrongPassword), verdict: "auth_failed/auth_credentials_invalid:535:auth", fault: "credentials"},
		{asked: "the right password", url: at, settings: login(password), verdict: "none/none:235:done"},
		{asked: "MAIL without the AUTH that the port requires", url: url("smtp", place, 2526), settings: known, verdict: "sender_refused/auth_required:530:mail", fault: "config"},
		{asked: "a recipient of another domain", url: at, settings: foreign, verdict: "recipients_refused/relay_denied:553:rcpt", fault: "config"},
		{asked: "a message", url: at, settings: send, verdict: "none/none:250:done"},
		{asked: "implicit TLS", url: url("smtps", place, 2465), settings: tls, verdict: "none/none:250:done"},
		{asked: "a client certificate is required (TLS 1.3)", url: url("smtps", place, 2466), settings: tls, verdict: "tls_error/client_cert_required:none:greeting", fault: "config"},
		{asked: "a greeting that refuses", url: url("smtp", place, 2528), settings: ehlo, verdict: "greeting_refused/access_denied:554:greeting", fault: "prober"},
		{asked: "LMTP", url: url("lmtp", place, 2424), verdict: "none/none:250:done"},
		{asked: "SMTP on an LMTP port", url: url("smtp", place, 2424), settings: ehlo, verdict: "helo_refused/not_smtp_lmtp:500:helo", fault: "config"},
		{asked: "LMTP on an SMTP port", url: url("lmtp", place, 2525), verdict: "helo_refused/not_lmtp:500:ehlo", fault: "config"},
	}
	return r
}
