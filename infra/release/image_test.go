package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

// patience bounds the wait for a container.
const patience = time.Minute

func TestTheRootsAreRead(t *testing.T) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(roots()) {
		t.Fatal("no certificate is read")
	}
	if n := bytes.Count(roots(), []byte("BEGIN CERTIFICATE")); n < 100 {
		t.Errorf("%d roots", n)
	}
}

// The image starts, locked down as far as Docker can, as nobody in particular;
// it becomes healthy, stops cleanly, and what was written is there when another
// container is started on the same volume.
func TestTheImageRuns(t *testing.T) {
	if os.Getenv("MEMHOOKS_TEST_RELEASE") == "" || exec.Command("docker", "info").Run() != nil {
		t.Skip("needs Docker, and builds for minutes; run: make check-release")
	}
	image := fmt.Sprintf("memhooks-test:%d", os.Getpid())
	dir := t.TempDir()
	o := order{root: "../..", version: "v1.2.3", time: at, platforms: []string{"linux/" + runtime.GOARCH}}
	if err := o.stage(t.Context(), dir, t.Output()); err != nil {
		t.Fatal(err)
	}
	dockerfile, err := filepath.Abs("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = exec.Command("docker", "image", "rm", "-f", image).Run() })
	docker(t, "build", "-q", "-t", image, "-f", dockerfile, dir)
	volume := docker(t, "volume", "create")
	t.Cleanup(func() { _ = exec.Command("docker", "volume", "rm", "-f", volume).Run() })

	first := run(t, image, volume)
	key := regexp.MustCompile(`shown this once: (ar_\S+)`).FindStringSubmatch(docker(t, "logs", first.id))
	if key == nil {
		t.Fatal("no admin key was printed")
	}
	id := first.call(t, http.MethodPost, "/v1/remember", key[1], `{"content": "kept"}`, http.StatusCreated)["id"]
	first.call(t, http.MethodGet, fmt.Sprint("/v1/memories/", id), "", "", http.StatusUnauthorized)
	docker(t, "stop", first.id)
	if code := docker(t, "inspect", "-f", "{{.State.ExitCode}}", first.id); code != "0" {
		t.Errorf("it stopped with %s:\n%s", code, docker(t, "logs", first.id))
	}

	second := run(t, image, volume)
	if got := second.call(t, http.MethodGet, fmt.Sprint("/v1/memories/", id), key[1], "", http.StatusOK); got["content"] != "kept" {
		t.Errorf("what was written came back as %v", got)
	}
	if logs := docker(t, "logs", second.id); strings.Contains(logs, "shown this once") {
		t.Error("the second start made another admin key")
	}
}

// container is a running one and where it listens.
type container struct{ id, address string }

// run starts a container and waits until Docker calls it healthy.
func run(t *testing.T, image, volume string) container {
	t.Helper()
	begun := time.Now()
	id := docker(t, "run", "-d", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--health-interval", "1s",
		"-p", "127.0.0.1::8080", "-v", volume+":/data", image)
	t.Cleanup(func() {
		if t.Failed() {
			said, _ := exec.Command("docker", "logs", id).CombinedOutput()
			t.Logf("the container said\n%s", said)
		}
		_ = exec.Command("docker", "rm", "-f", id).Run()
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	events := exec.CommandContext(ctx, "docker", "events", "--since", fmt.Sprint(begun.Unix()), "--format", "{{.Action}}",
		"--filter", "container="+id, "--filter", "event=health_status")
	told, err := events.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := events.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(told).ReadString('\n')
	cancel()
	_ = events.Wait()
	if strings.TrimSpace(line) != "health_status: healthy" {
		t.Fatalf("Docker says %q, %v", line, err)
	}
	return container{id, docker(t, "port", id, "8080/tcp")}
}

// call sends a request to the container and returns the answer's JSON.
func (c container) call(t *testing.T, method, path, key, body string, want int) map[string]any {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+c.address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != want {
		t.Fatalf("%s %s: %s, %v\n%s", method, path, answer.Status, err, text)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("%s %s answered %s: %v", method, path, text, err)
	}
	return got
}

// docker runs a command of Docker's and returns what it prints.
func docker(t *testing.T, args ...string) string {
	t.Helper()
	said, err := exec.Command("docker", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, said)
	}
	return strings.TrimSpace(string(said))
}
