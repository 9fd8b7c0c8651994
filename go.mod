module github.com/smtpprobe/telegraf-smtpprobe

go 1.25.5

require (
	github.com/influxdata/telegraf v1.37.2
	github.com/stretchr/testify v1.12.1
)

require github.com/pires/go-proxyproto v0.12.0 // indirect
