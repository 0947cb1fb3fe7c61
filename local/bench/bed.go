package bench

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"
)

// bed is what one benchmark measures on: the system in a process of its own,
// and a receiver in this one. What is started on it ends with the benchmark.
type bed struct {
	Options
	*process // the system under test
	sink     *receiver

	processes []*process
	receivers []*receiver
}

// served is a benchmark of the system, which is started before it, with an empty
// store, and a receiver that no hook knows yet. Settings are those of the
// benchmark alone.
func served(run measure, settings ...string) measure {
	return func(ctx context.Context, b *bed) ([]sample, error) {
		var err error
		if b.sink, err = b.receive(); err != nil {
			return nil, err
		}
		if b.process, err = b.serve(ctx, "served", settings...); err != nil {
			return nil, err
		}
		return run(ctx, b)
	}
}

// receive opens a receiver.
func (b *bed) receive() (*receiver, error) {
	r, err := newReceiver()
	if err == nil {
		b.receivers = append(b.receivers, r)
	}
	return r, err
}

// data is where a served system of a name keeps its data.
func (b *bed) data(name string) string { return filepath.Join(b.Dir, name) }

// serve starts the system under test on a folder of its own.
func (b *bed) serve(ctx context.Context, name string, settings ...string) (*process, error) {
	args := []string{"serve"}
	if b.Profiles != "" {
		args = append(args, "--cpu-profile", filepath.Join(b.Profiles, filepath.Base(b.Dir)+"-"+name+".pprof"))
	}
	return b.start(ctx, append([]string{
		"MEMHOOKS_ADDR=127.0.0.1:0", "MEMHOOKS_DATA=" + b.data(name), "MEMHOOKS_AUTH=off",
		"MEMHOOKS_ALLOW_DESTINATIONS=127.0.0.0/8,::1/128", "MEMHOOKS_AUTO_CREATE=on", "MEMHOOKS_RATE=0",
	}, settings...), args...)
}

// anew ends the served system and starts it on an empty store.
func (b *bed) anew(ctx context.Context) (err error) {
	if err := b.stop(); err != nil {
		return err
	}
	if err := os.RemoveAll(b.data("served")); err != nil {
		return err
	}
	b.process, err = b.serve(ctx, "served")
	return err
}

// refer starts a bare part; see Reference.
func (b *bed) refer(ctx context.Context, args ...string) (*process, error) {
	return b.start(ctx, nil, append([]string{"bench-reference"}, args...)...)
}

func (b *bed) start(ctx context.Context, env []string, args ...string) (*process, error) {
	p, err := startProcess(ctx, b.Binary, env, args...)
	if err == nil {
		b.processes = append(b.processes, p)
	}
	return p, err
}

// close ends what was started: cleanly after a benchmark that went well, where
// a process that does not end well is an error, and else at once.
func (b *bed) close(well bool) error {
	var failed []error
	for _, p := range b.processes {
		switch {
		case p.cmd.ProcessState != nil:
		case well:
			failed = append(failed, p.stop())
		default:
			p.kill()
		}
	}
	for _, r := range b.receivers {
		_ = r.server.Close()
	}
	return errors.Join(failed...)
}

// look is how often is looked at what tells nobody that it is done.
const look = 10 * time.Millisecond

// until returns when something is done, or the context ends.
func until(ctx context.Context, done func() (bool, error)) error {
	every := time.NewTicker(look)
	defer every.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
