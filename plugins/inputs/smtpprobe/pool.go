package smtpprobe

import "sync"

// pool runs tasks in a limited number of goroutines. It reuses them, because a probe
// needs a deep stack, which every new goroutine would have to grow.
type pool struct {
	tasks   chan func()    // received by idle workers
	pending sync.WaitGroup // unfinished tasks
	running sync.WaitGroup // workers

	mu   sync.Mutex
	left int // number of workers that may still be started
}

func newPool(limit int) *pool { return &pool{tasks: make(chan func()), left: limit} }

// do waits for a free worker and runs a task in it.
func (p *pool) do(task func()) {
	if !p.try(task) {
		p.pending.Add(1)
		p.tasks <- task
	}
}

// try runs a task if a worker is free, and reports whether it does.
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

// wait waits for all tasks and ends the workers. Meanwhile only tasks may start
// other tasks.
func (p *pool) wait() {
	p.pending.Wait()
	close(p.tasks)
	p.running.Wait()
}
