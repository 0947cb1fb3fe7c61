package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

// runtime is Lambda's runtime API for one process, and services that know
// nothing.
type runtime struct {
	event []byte
	asked chan struct{} // closed at the first question for an event
	ended chan string   // what became of the event: its answer's path
	mu    sync.Mutex
	given int
}

// ServeHTTP answers the process.
func (r *runtime) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	switch {
	case strings.HasSuffix(req.URL.Path, "/invocation/next"):
		r.next(w, req)
	case strings.HasPrefix(req.URL.Path, "/2018-06-01/runtime/"):
		r.ended <- req.URL.Path
		w.WriteHeader(http.StatusAccepted)
	default: // a service
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		_, _ = w.Write([]byte("{}"))
	}
}

func (r *runtime) next(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	r.given++
	first := r.given == 1
	r.mu.Unlock()
	if !first {
		<-req.Context().Done()
		return
	}
	close(r.asked)
	w.Header().Set("Lambda-Runtime-Aws-Request-Id", "1")
	w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(10*time.Second).UnixMilli(), 10))
	_, _ = w.Write(r.event)
}

// start runs a binary until it has answered one event.
func start(ctx context.Context, binary string, event []byte) (took time.Duration, peak int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, 0, err
	}
	r := &runtime{event: event, asked: make(chan struct{}), ended: make(chan string, 1)}
	server := &http.Server{Handler: r, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }() // ends with Close
	defer server.Close()
	here := listener.Addr().String()
	cmd := exec.CommandContext(ctx, binary)
	cmd.Env = []string{
		"AWS_LAMBDA_RUNTIME_API=" + here, "AWS_ENDPOINT_URL=http://" + here, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=x", "AWS_SECRET_ACCESS_KEY=x",
		"AWS_LAMBDA_FUNCTION_NAME=f", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128",
		"MEMHOOKS_CLOUD=aws", "MEMHOOKS_TABLE=t", "MEMHOOKS_KEY_TABLE=k", "MEMHOOKS_QUEUE_URL=http://" + here + "/q.fifo",
		"MEMHOOKS_DLQ_URL=http://" + here + "/d.fifo", "MEMHOOKS_KMS_KEY=key", "MEMHOOKS_ADMIN_KEY_SHA256=" + strings.Repeat("ab", 32),
	}
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	for step, reached := range []<-chan struct{}{r.asked, first(r.ended)} {
		select {
		case <-reached:
		case <-ctx.Done():
			return 0, 0, fmt.Errorf("it did not come to step %d: %w", step, ctx.Err())
		}
		if step == 0 {
			took = time.Since(begun)
		}
	}
	peak, err = mostMemoryOf(cmd.Process.Pid)
	return took, peak, err
}

// first is closed when something comes.
func first(from <-chan string) <-chan struct{} {
	came := make(chan struct{})
	go func() { <-from; close(came) }()
	return came
}

// mostMemoryOf is the most that a process had in memory so far.
func mostMemoryOf(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, is := strings.CutPrefix(line, "VmHWM:"); is {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("/proc/%d/status names no VmHWM", pid)
}
