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

// tlsSettings are the settings of a TLS configuration.
type tlsSettings struct {
	ca, cert, key, minVersion, ciphers, renegotiation, serverName string
	skipVerify                                                    bool
	keyPwd                                                        *config.Secret
}

// tlsConfigs holds the TLS configurations by their settings. Relays with the same
// settings share one.
type tlsConfigs map[tlsSettings]*tls.Config

// config returns the TLS configuration of a relay.
func (loaded tlsConfigs) config(s *Settings) (*tls.Config, error) {
	if !s.TLSEnable {
		return nil, errors.New("invalid tls_enable \"false\": the scheme of the URL and starttls decide whether TLS is used")
	}
	key := tlsSettings{
		ca: s.TLSCA, cert: s.TLSCert, key: s.TLSKey, minVersion: s.TLSMinVersion, ciphers: strings.Join(s.TLSCipherSuites, " "),
		renegotiation: s.TLSRenegotiationMethod, serverName: s.TLSServerName, skipVerify: s.InsecureSkipVerify, keyPwd: s.TLSKeyPwd,
	}
	if c, ok := loaded[key]; ok {
		return c, nil
	}
	c, err := s.loadTLS()
	if err != nil {
		return nil, err
	}
	loaded[key] = c
	return c, nil
}

func (s *Settings) loadTLS() (*tls.Config, error) {
	if err := s.checkTLS(); err != nil {
		return nil, err
	}
	keyPwd, err := open("tls_key_pwd", s.TLSKeyPwd)
	if err != nil {
		return nil, err
	}
	enable := true
	client := commontls.ClientConfig{
		TLSCA: s.TLSCA, TLSCert: s.TLSCert, TLSKey: s.TLSKey, TLSKeyPwd: keyPwd,
		InsecureSkipVerify: s.InsecureSkipVerify, ServerName: s.TLSServerName,
		RenegotiationMethod: s.TLSRenegotiationMethod, Enable: &enable,
	}
	c, err := client.TLSConfig()
	if err != nil {
		return nil, fmt.Errorf("invalid tls_cert or tls_key: %w", err)
	}
	// Telegraf's ClientConfig ignores these settings if no other is set.
	c.MinVersion = commontls.TLSMinVersionDefault
	if s.TLSMinVersion != "" {
		if c.MinVersion, err = commontls.ParseTLSVersion(s.TLSMinVersion); err != nil {
			return nil, fmt.Errorf("invalid tls_min_version: %w", err)
		}
	}
	if len(s.TLSCipherSuites) > 0 {
		if c.CipherSuites, err = commontls.ParseCiphers(s.TLSCipherSuites); err != nil {
			return nil, fmt.Errorf("invalid tls_cipher_suites %q: %w", s.TLSCipherSuites, err)
		}
	}
	return c, nil
}

// checkTLS refuses settings that Telegraf's ClientConfig accepts or for which its
// errors are hard to understand.
func (s *Settings) checkTLS() error {
	if err := oneOf("tls_renegotiation_method", s.TLSRenegotiationMethod, "", "never", "once", "freely"); err != nil {
		return err
	}
	switch {
	case s.TLSCert != "" && s.TLSKey == "":
		return fmt.Errorf("tls_cert %q needs tls_key", s.TLSCert)
	case s.TLSKey != "" && s.TLSCert == "":
		return fmt.Errorf("tls_key %q needs tls_cert", s.TLSKey)
	}
	if s.TLSServerName != "" {
		if _, err := parseHost(s.TLSServerName); err != nil {
			return fmt.Errorf("invalid tls_server_name %q: must be a host name or an IP address", s.TLSServerName)
		}
	}
	if s.TLSCA == "" {
		return nil
	}
	content, err := os.ReadFile(s.TLSCA)
	if err != nil {
		return fmt.Errorf("invalid tls_ca: %w", err)
	}
	if !x509.NewCertPool().AppendCertsFromPEM(content) {
		return fmt.Errorf("invalid tls_ca %q: file has no PEM certificate", s.TLSCA)
	}
	return nil
}
