package smtpprobe

import (
	"reflect"
	"time"

	"github.com/influxdata/telegraf/config"
)

// defaults are what a plugin that mentions nothing gets. What is nil here has
// no default: it is off.
func defaults() Settings {
	return Settings{
		Probe:         ptr("ehlo"),
		SendInterval:  ptr(config.Duration(5 * time.Minute)),
		Helo:          ptr(""),
		STARTTLS:      ptr("opportunistic"),
		Expect:        make([]string, 0),
		Backoff:       ptr(config.Duration(0)),
		AuthCleartext: ptr(false),
		Timeouts: Timeouts{
			Timeout:        ptr(config.Duration(9 * time.Second)),
			ConnectTimeout: ptr(config.Duration(5 * time.Second)),
			ReadTimeout:    ptr(config.Duration(0)),
		},
		Envelope: Envelope{
			From:        ptr(""),
			To:          make([]string, 0),
			Subject:     ptr(""),
			Body:        ptr(""),
			Headers:     make([]string, 0),
			MessageSize: ptr(config.Size(0)),
		},
		Routing: Routing{
			Addresses:     ptr("first"),
			IPVersion:     ptr("any"),
			SourceAddress: ptr(""),
			ProxyProtocol: ptr(""),
			DNSServer:     ptr(""),
		},
	}
}

func ptr[T any](v T) *T { return &v }

// or is what a pointer points to, or the zero value.
func or[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// inherit fills in what a relay does not mention from above.
func (s *Settings) inherit(above *Settings) {
	inheritEach(s, above)
	inheritBlock(&s.Credentials, &above.Credentials)
	inheritBlock(&s.ClientCertificate, &above.ClientCertificate)
}

// asBlock are the parts that inheritBlock takes over whole or not at all, and
// the field that is never taken over.
var asBlock = map[reflect.Type]bool{
	reflect.TypeFor[Credentials]():       true,
	reflect.TypeFor[ClientCertificate](): true,
}

const neverInherited = "ServerName"

// inheritEach goes by single fields.
func inheritEach(own, above any) {
	to, from := reflect.ValueOf(own).Elem(), reflect.ValueOf(above).Elem()
	for i := range to.NumField() {
		field := to.Field(i)
		switch {
		case asBlock[field.Type()], to.Type().Field(i).Name == neverInherited:
		case field.Kind() == reflect.Struct:
			inheritEach(field.Addr().Interface(), from.Field(i).Addr().Interface())
		case field.IsNil():
			field.Set(from.Field(i))
		}
	}
}

func inheritBlock[T any](own, above *T) {
	if !mentions(own) {
		*own = *above
	}
}

// mentions tells whether any field of a block is set, be it to nothing.
func mentions(block any) bool {
	v := reflect.ValueOf(block).Elem()
	for i := range v.NumField() {
		if !v.Field(i).IsNil() {
			return true
		}
	}
	return false
}
