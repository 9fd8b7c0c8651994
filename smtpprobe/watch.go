package smtpprobe

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// watch makes the context's end interrupt every read and write of a
// connection. What it starts ends with it. The zero value watches nothing.
type watch struct {
	ctx     context.Context
	conn    net.Conn
	running sync.WaitGroup // the interruption, while it may come
	stop    func() bool
}

func (w *watch) begin(ctx context.Context, conn net.Conn) {
	if ctx.Done() == nil {
		return
	}
	w.ctx, w.conn = ctx, conn
	w.running.Add(1)
	w.stop = context.AfterFunc(ctx, w.interrupt)
}

func (w *watch) interrupt() {
	defer w.running.Done()
	// A deadline that passed is a timeout, and the connection has that deadline already.
	if errors.Is(w.ctx.Err(), context.Canceled) {
		_ = w.conn.SetDeadline(time.Unix(1, 0))
	}
}

// end returns when no interruption can come any more.
func (w *watch) end() {
	if w.stop != nil && !w.stop() {
		w.running.Wait()
	}
}
