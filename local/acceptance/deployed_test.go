package acceptance_test

import (
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// deployed reports whether the rows go to an endpoint that runs already.
func deployed() bool { return os.Getenv("MEMHOOKS_URL") != "" }

func endpoint() caller {
	return caller{url: strings.TrimSuffix(os.Getenv("MEMHOOKS_URL"), "/"), key: os.Getenv("MEMHOOKS_KEY")}
}

// slower is how many times longer things may take than beside a server on
// this machine: a deployed stack retries after whole seconds, and an emulator
// of it wants a tenth of a second for each call.
func slower() time.Duration {
	if deployed() {
		return 6
	}
	return 1
}

// load is how much a row does: much, or as much of it as shows the same on a
// deployed endpoint.
func load(much, deployedMuch int) int {
	if deployed() {
		return deployedMuch
	}
	return much
}

// stack is what a deployed stack runs with: the defaults, and what
// MEMHOOKS_DEPLOYED_SETTINGS says that its parameters were, as in
// "MEMHOOKS_RETRY_BASE=1s MEMHOOKS_TIMEOUT=3s".
func stack() settings {
	all := settings{
		"MEMHOOKS_AUTH": "on", "MEMHOOKS_AUTO_CREATE": "off", "MEMHOOKS_RATE": "200", "MEMHOOKS_BURST": "400",
		"MEMHOOKS_RETRY_BASE": "1s", "MEMHOOKS_RETRY_FACTOR": "2", "MEMHOOKS_RETRY_JITTER": "0.2", "MEMHOOKS_TIMEOUT": "10s",
		"MEMHOOKS_HOLD_AFTER": "20", "MEMHOOKS_FEED_MAX_AGE": "720h", "MEMHOOKS_FEED_MAX_EVENTS": "1000000",
	}
	for pair := range strings.FieldsSeq(os.Getenv("MEMHOOKS_DEPLOYED_SETTINGS")) {
		name, value, _ := strings.Cut(pair, "=")
		all[name] = value
	}
	return all
}

// onStack is start on a deployed endpoint: a tenant of the row's own there.
func onStack(t *testing.T, number int, changes settings, measured []string) *server {
	t.Helper()
	env := stack()
	var lacking []string
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		if !slices.Contains(measured, name) && env[name] != changes[name] {
			lacking = append(lacking, name+"="+changes[name])
		}
	}
	if len(lacking) > 0 {
		later(t, number, "the stack does not run with %s; the embedded run does", strings.Join(lacking, " "))
	}
	return &server{caller: endpoint().tenant(t), env: env}
}

// ownProcess makes a row wait on a deployed endpoint for what only a process
// of the row's own can show, and says where else it is shown.
func ownProcess(t *testing.T, number int, why string) {
	t.Helper()
	if deployed() {
		later(t, number, "%s", why)
	}
}

// stopping makes a row wait on a deployed endpoint unless its instances can be
// stopped: MEMHOOKS_STOP_INSTANCES is a shell command that ends them all.
func stopping(t *testing.T, number int) {
	t.Helper()
	if deployed() && os.Getenv("MEMHOOKS_STOP_INSTANCES") == "" {
		later(t, number, "needs MEMHOOKS_STOP_INSTANCES, a shell command that ends every instance of the functions")
	}
}

// stopInstances ends every instance; without a command to do it, none: then
// what the row shows is that nothing depends on them.
func stopInstances() {
	if command := os.Getenv("MEMHOOKS_STOP_INSTANCES"); command != "" {
		_ = exec.Command("sh", "-c", command).Run() // fails where none runs
	}
}

// aside is row for a test that stops instances, which other rows use as well
// where they are a deployed stack's.
func aside(t *testing.T, number int, title string) {
	t.Helper()
	alone(t, number, title)
	if !deployed() {
		t.Parallel()
	}
}

// room is a memory to be made on first use or, where the endpoint makes none
// so, one that is there.
func (c caller) room(t testing.TB, prefix string) instance {
	t.Helper()
	m := c.memory(name(prefix))
	if deployed() {
		c.call(t, "POST", "/api/memories", object{"id": m.id}).want(t, 201)
	}
	return m
}
