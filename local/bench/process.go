package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a child of ours that says its address in its first line.
type process struct {
	cmd    *exec.Cmd
	url    string
	client *http.Client
}

// startProcess runs the binary and waits for its address.
func startProcess(ctx context.Context, binary string, env []string, args ...string) (*process, error) {
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd, "", newClient()}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, addr, ok := strings.Cut(lines.Text(), "listening on "); ok {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			p.url = strings.TrimSpace(addr)
			return p, nil
		}
	}
	p.kill()
	return nil, fmt.Errorf("%s %s ended before it listened", binary, strings.Join(args, " "))
}

// stop ends the process cleanly. A reference ends by the signal, which is no
// failure.
func (p *process) stop() error {
	err := p.cmd.Process.Signal(syscall.SIGTERM)
	if err == nil {
		err = p.cmd.Wait()
	}
	if err != nil && !strings.Contains(err.Error(), "signal") {
		return fmt.Errorf("stop: %w", err)
	}
	return nil
}

// kill ends the process at once.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// newClient keeps its connections, as a busy caller does.
func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}, Timeout: time.Minute}
}

// call makes one JSON request; answer may be nil.
func (p *process) call(ctx context.Context, method, path string, body, answer any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return post(ctx, p.client, method, p.url+path, raw, answer)
}

func post(ctx context.Context, client *http.Client, method, url string, body []byte, answer any) error {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s %s answered %d: %s", method, url, res.StatusCode, raw)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(raw, answer)
}

// webhook makes a hook for created memories and returns its id.
func (p *process) webhook(ctx context.Context, url string) (string, error) {
	var made struct {
		ID string `json:"id"`
	}
	err := p.call(ctx, http.MethodPost, "/v1/webhooks", map[string]any{
		"url": url, "events": []string{"memory.created"}, "secret": "bench-secret",
	}, &made)
	return made.ID, err
}

// resident is a process's memory in MiB; 0 where the system does not say.
func (p *process) resident() float64 { return p.status("VmRSS:") }

// most is the most memory that a process ever had, in MiB; 0 where the system
// does not say.
func (p *process) most() float64 { return p.status("VmHWM:") }

func (p *process) status(name string) float64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(raw), name)
	kib, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, _ := strconv.ParseFloat(kib, 64)
	return n / 1024
}
