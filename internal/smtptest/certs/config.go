package certs

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
)

// Server returns the configuration of a relay with a certificate, for TLS 1.2 and
// 1.3.
func Server(c tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS12}
}

// ServerUpTo is Server with a maximum version, which may be older than TLS 1.2.
func ServerUpTo(maxVersion uint16, c tls.Certificate) *tls.Config {
	config := Server(c)
	config.MinVersion, config.MaxVersion = min(maxVersion, config.MinVersion), maxVersion
	return config
}

// DemandClient returns a copy of the configuration of a relay that requires a client
// certificate of this authority.
func (a *Authority) DemandClient(config *tls.Config) *tls.Config {
	config = config.Clone()
	config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, a.Pool()
	return config
}

// WriteFile writes the authority's certificate as PEM.
func (a *Authority) WriteFile(path string) error {
	return write(path, a.PEM())
}

// WriteFiles writes a certificate and its key as NAME.pem and NAME-key.pem.
func WriteFiles(dir, name string, c tls.Certificate) (certFile, keyFile string, err error) {
	certFile, keyFile = filepath.Join(dir, name+".pem"), filepath.Join(dir, name+"-key.pem")
	if err := write(certFile, certificatePEM(c)); err != nil {
		return "", "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		return "", "", err
	}
	if err := write(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})); err != nil {
		return "", "", err
	}
	return certFile, keyFile, nil
}

// write replaces a file atomically.
func write(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err := f.Write(content); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
