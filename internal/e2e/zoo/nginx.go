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

// startNginx starts nginx as a mail proxy. It asks an HTTP server to check a login
// and for the address of the relay.
func startNginx(t *testing.T) *instance {
	t.Helper()
	place := e2e.PlaceFor(t, "nginx")
	relay := smtptest.Start(t, smtptest.Script{})
	auth := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, port, err := net.SplitHostPort(relay.Addr().String())
		require.NoError(t, err)
		switch {
		case r.Header.Get("Auth-User") == "later":
			w.Header().Set("Auth-Status", "Temporary server problem, try again later")
			w.Header().Set("Auth-Error-Code", "451 4.3.0")
		case r.Header.Get("Auth-Method") != "none" && r.Header.Get("Auth-Pass") != e2e.Password:
			w.Header().Set("Auth-Status", "Invalid login or password")
			w.Header().Set("Auth-Wait", "0")
		default:
			w.Header().Set("Auth-Status", "OK")
			w.Header().Set("Auth-Server", host)
			w.Header().Set("Auth-Port", port)
		}
	}))
	t.Cleanup(auth.Close)
	place.WriteConfig(t, "nginx.conf", nginxConfig, "{auth}", strings.TrimPrefix(auth.URL, "http://"))
	r := &instance{logs: []string{place.File("error.log")}}
	r.Program = sandboxed(t, place, "nginx", []string{"nginx", "libnginx-mod-mail"}, `
mkdir -p /var/log/nginx /var/lib/nginx
exec /usr/sbin/nginx -c "$ROOT/nginx.conf" -e "$ROOT/error.log"`)
	r.AwaitPorts(t, 2525, 2526)
	at := "smtp://" + place.At(2525)
	r.probes = []e2e.Relay{
		{Name: "a session", URL: at, Settings: ehlo, Want: "none/none:250:done"},
		{Name: "a wrong password", URL: at, Settings: login(e2e.WrongPassword), Want: "auth_failed/auth_credentials_invalid:535:auth", Fault: "credentials"},
		{Name: "the right password", URL: at, Settings: login(e2e.Password), Want: "none/none:235:done"},
		{Name: "MAIL before AUTH", URL: at, Settings: knownUser, Want: "sender_refused/auth_required:530:mail", Fault: "config"},
		{Name: "a temporary error of the login server", URL: at, Settings: "probe = \"auth\"\nauth_cleartext = true\n" + plaintext + credentials("later", "x-x-x-x"), Want: "auth_failed/system_error:451:auth", Fault: "relay"},
		{Name: "a recipient on a proxy without AUTH", URL: "smtp://" + place.At(2526), Settings: knownUser, Want: "none/none:250:done"},
	}
	return r
}
