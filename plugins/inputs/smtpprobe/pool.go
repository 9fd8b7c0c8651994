package smtpprobe

import "sync"

// pool runs tasks in a limited number of goroutines. They are kept for the tasks
// that follow: a probe needs a deep stack, which a new goroutine would have to
// grow for each.
type pool struct {
	tasks   chan func()    // taken by an idle worker
	pending sync.WaitGroup // tasks that have not ended
	running sync.WaitGroup // workers

	mu   sync.Mutex
	left int // workers that may still be started
}

func newPool(limit int) *pool { return &pool{tasks: make(chan func()), left: limit} }

// do runs a task as soon as a worker is free, which it waits for.
func (p *pool) do(task func()) {
	if !p.try(task) {
		p.pending.Add(1)
		p.tasks <- task
	}
}

// try runs a task if a worker is free, and reports whether one was.
func (p *pool) try(task func()) bool {
	p.pending.Add(1)
	select {
	case p.tasks <- task:
		return true
	default:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left == 0 {
		p.pending.Done()
		return false
	}
	p.left--
	p.running.Go(func() {
		p.run(task)
		for next := range p.tasks {
			p.run(next)
		}
	})
	return true
}

func (p *pool) run(task func()) {
	defer p.pending.Done()
	task()
}

// wait waits for all tasks, and ends the workers. Only a task may start another
// one meanwhile.
func (p *pool) wait() {
	p.pending.Wait()
	close(p.tasks)
	p.running.Wait()
}
