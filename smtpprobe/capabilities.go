package smtpprobe

// Capabilities is what an EHLO reply offers (RFC 5321 §4.1.1.1).
type Capabilities struct {
	Extensions map[string]string // keyword in upper case -> parameters as sent
	Auth       []string          // mechanisms, upper case, sorted; "AUTH=" included
	Size       int64             // 0 = no limit, or not offered
	HasSize    bool
}

// Has tells whether an extension was offered.
func (c *Capabilities) Has(keyword string) bool {
	if c == nil {
		return false
	}
	_, ok := c.Extensions[keyword]
	return ok
}
