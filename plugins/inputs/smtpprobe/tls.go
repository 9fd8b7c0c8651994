package smtpprobe

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/influxdata/telegraf/config"
	commontls "github.com/influxdata/telegraf/plugins/common/tls"
)

// validate checks what needs no file.
func (t *TLS) validate() error {
	if t.Enable != nil && !*t.Enable {
		return errors.New(`tls_enable "false" has no place here: the URL's scheme and starttls decide on TLS`)
	}
	if v := or(t.MinVersion); v != "" {
		if _, err := commontls.ParseTLSVersion(v); err != nil {
			return fmt.Errorf("tls_min_version %q: %w", v, err)
		}
	}
	if len(t.CipherSuites) > 0 {
		if _, err := commontls.ParseCiphers(t.CipherSuites); err != nil {
			return fmt.Errorf("tls_cipher_suites %q: %w", t.CipherSuites, err)
		}
	}
	switch method := or(t.RenegotiationMethod); method {
	case "", "never", "once", "freely":
	default:
		return fmt.Errorf("tls_renegotiation_method %q is none of never, once, freely", method)
	}
	switch cert, key := or(t.Cert), or(t.Key); {
	case cert != "" && key == "":
		return fmt.Errorf("tls_cert %q needs tls_key", cert)
	case key != "" && cert == "":
		return fmt.Errorf("tls_key %q needs tls_cert", key)
	}
	if name := or(t.ServerName); name != "" {
		if _, err := parseHost(name); err != nil {
			return fmt.Errorf("tls_server_name %q is not a host name", name)
		}
	}
	return nil
}

// tlsSettings are what makes one TLS configuration differ from another.
type tlsSettings struct {
	ca, cert, key, minVersion, ciphers, renegotiation, serverName string
	skipVerify                                                    bool
	pwd                                                           *config.Secret
}

// tlsConfigs are loaded once for all relays with the same settings.
type tlsConfigs map[tlsSettings]*tls.Config

func (loaded tlsConfigs) config(t *TLS) (*tls.Config, error) {
	key := tlsSettings{
		ca: or(t.CA), cert: or(t.Cert), key: or(t.Key), minVersion: or(t.MinVersion), ciphers: strings.Join(t.CipherSuites, " "),
		renegotiation: or(t.RenegotiationMethod), serverName: or(t.ServerName), skipVerify: or(t.InsecureSkipVerify), pwd: t.KeyPwd,
	}
	if c, ok := loaded[key]; ok {
		return c, nil
	}
	c, err := t.load()
	if err != nil {
		return nil, err
	}
	loaded[key] = c
	return c, nil
}

// load reads the files.
func (t *TLS) load() (*tls.Config, error) {
	pwd, err := reveal("tls_key_pwd", t.KeyPwd)
	if err != nil {
		return nil, err
	}
	if err := checkAuthorities(or(t.CA)); err != nil {
		return nil, err
	}
	client := commontls.ClientConfig{
		TLSCA: or(t.CA), TLSCert: or(t.Cert), TLSKey: or(t.Key), TLSKeyPwd: pwd,
		InsecureSkipVerify: or(t.InsecureSkipVerify), ServerName: or(t.ServerName),
		RenegotiationMethod: or(t.RenegotiationMethod), Enable: ptr(true),
	}
	c, err := client.TLSConfig()
	if err != nil {
		return nil, fmt.Errorf("tls_cert, tls_key: %w", err)
	}
	// Telegraf's ClientConfig leaves these out where nothing else is set.
	c.MinVersion = commontls.TLSMinVersionDefault
	if v := or(t.MinVersion); v != "" {
		if c.MinVersion, err = commontls.ParseTLSVersion(v); err != nil {
			return nil, fmt.Errorf("tls_min_version %q: %w", v, err)
		}
	}
	if len(t.CipherSuites) > 0 {
		if c.CipherSuites, err = commontls.ParseCiphers(t.CipherSuites); err != nil {
			return nil, fmt.Errorf("tls_cipher_suites %q: %w", t.CipherSuites, err)
		}
	}
	return c, nil
}

// checkAuthorities tells more plainly than Telegraf what is wrong with a file.
func checkAuthorities(path string) error {
	if path == "" {
		return nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("tls_ca: %w", err)
	}
	if !x509.NewCertPool().AppendCertsFromPEM(content) {
		return fmt.Errorf("tls_ca %q holds no PEM certificate", path)
	}
	return nil
}
