package route

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// queueWait is how often a full queue is looked at.
const queueWait = 10 * time.Millisecond

// DialUnix connects to a unix socket. A socket whose queue is full refuses at
// once, where TCP waits; so this waits, too, as long as a step may take.
func (c Config) DialUnix(ctx context.Context, path string) (net.Conn, error) {
	step, cancel := c.step(ctx)
	defer cancel()
	for {
		conn, err := c.attempt(step, "unix", path)
		switch {
		case err == nil:
			return conn, nil
		case errors.Is(err, syscall.EINVAL):
			return nil, smtperr.New(smtperr.ClassConfigError, smtperr.ReasonInvalidAddress, smtperr.PhaseConnect, err)
		case !errors.Is(err, syscall.EAGAIN):
			return nil, smtperr.Classify(smtperr.PhaseConnect, err)
		}
		select {
		case <-step.Done():
			return nil, smtperr.Classify(smtperr.PhaseConnect, step.Err())
		case <-time.After(queueWait):
		}
	}
}
