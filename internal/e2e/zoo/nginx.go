//go:build e2e && zoo

package zoo

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

const nginxConfig = `
daemon off;
user nobody nogroup;
worker_processes 1;
pid {dir}/nginx.pid;
error_log {dir}/error.log warn;
load_module /usr/lib/nginx/modules/ngx_mail_module.so;
events {}
mail {
  server_name ` + hostname + `;
  auth_http {auth};
  server {
    listen {address}:2525;
    protocol smtp;
    smtp_auth plain login;
    xclient off;
  }
  server {
    listen {address}:2526;
    protocol smtp;
    smtp_auth none;
    xclient off;
  }
}
`

// startNginx: nginx asks an HTTP server for the verdict on a login and for the
// relay behind.
func startNginx(t *testing.T) *running {
	t.Helper()
	place := e2e.PlaceFor(t, "nginx")
	behind := smtptest.Start(t, smtptest.Script{})
	auth := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, port, err := net.SplitHostPort(behind.Addr().String())
		require.NoError(t, err)
		switch {
		case r.Header.Get("Auth-User") == "later":
			w.Header().Set("Auth-Status", "Temporary server problem, try again later")
			w.Header().Set("Auth-Error-Code", "451 4.3.0")
		case r.Header.Get("Auth-Method") != "none" && r.Header.Get("Auth-Pass") != password:
			w.Header().Set("Auth-Status", "Invalid login or password")
			w.Header().Set("Auth-Wait", "0")
		default:
			w.Header().Set("Auth-Status", "OK")
			w.Header().Set("Auth-Server", host)
			w.Header().Set("Auth-Port", port)
		}
	}))
	t.Cleanup(auth.Close)
	write(t, place, "nginx.conf", nginxConfig, "{auth}", strings.TrimPrefix(auth.URL, "http://"))
	r := &running{place: place, logs: []string{place.File("error.log")}}
	r.program = sandboxed(t, place, "nginx", []string{"nginx", "libnginx-mod-mail"}, `
mkdir -p /var/log/nginx /var/lib/nginx
exec /usr/sbin/nginx -c "$ROOT/nginx.conf" -e "$ROOT/error.log"`)
	r.await(t, 2525, 2526)
	at := url("smtp", place, 2525)
	r.situations = []situation{
		{asked: "a session", url: at, settings: ehlo, verdict: "none/none:250:done"},
		{asked: "a wrong password", url: at, settings: login(wrongPassword), verdict: "auth_failed/auth_credentials_invalid:535:auth", fault: "credentials"},
		{asked: "the right password", url: at, settings: login(password), verdict: "none/none:235:done"},
		{asked: "MAIL before AUTH", url: at, settings: known, verdict: "sender_refused/auth_required:530:mail", fault: "config"},
		{asked: "a login server that is out of order", url: at, settings: `probe = "auth"` + "\n" + `starttls = "never"` + "\n" + `auth_cleartext = true` + "\n" + `username = "later"` + "\n" + `password = "x-x-x-x"`, verdict: "auth_failed/system_error:451:auth", fault: "relay"},
		{asked: "a recipient without AUTH, on a proxy", url: url("smtp", place, 2526), settings: known, verdict: "none/none:250:done"},
	}
	return r
}
