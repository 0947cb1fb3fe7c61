package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/road"
)

// unit is the file that systemd reads, a value for each line of a key.
func unit(t *testing.T) map[string][]string {
	t.Helper()
	keys := map[string][]string{}
	for line := range strings.SplitSeq(string(read(t, "../systemd/memhooks.service")), "\n") {
		if key, value, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			keys[key] = append(keys[key], value)
		}
	}
	return keys
}

// What the unit sets is taken as it stands, and the data folder is the one
// that systemd makes.
func TestTheUnitsSettingsAreOurs(t *testing.T) {
	keys := unit(t)
	data := "MEMHOOKS_DATA=%S/" + strings.Join(keys["StateDirectory"], " ")
	settings, err := road.Load(keys["Environment"])
	if err != nil || settings.Data != strings.TrimPrefix(data, "MEMHOOKS_DATA=") {
		t.Errorf("the data folder is %q, not %q, %v", settings.Data, data, err)
	}
	if !settings.Auth {
		t.Error("a service is not to be open to everyone")
	}
}

// systemd knows every key, and finds the service as confined as can be judged
// from outside: 2.0 of 10 at most.
func TestSystemdTakesTheUnit(t *testing.T) {
	var version int
	said, _ := exec.Command("systemd-analyze", "--version").Output()
	if _, err := fmt.Sscanf(string(said), "systemd %d", &version); err != nil || version < 250 {
		t.Skip("needs systemd 250 or newer; with it: go test -run TestSystemdTakesTheUnit ./infra/release")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "memhooks.service")
	text := strings.Replace(string(read(t, "../systemd/memhooks.service")), "/usr/local/bin/memhooks", program, 1)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"verify", file}, {"security", "--no-pager", "--offline=true", "--threshold=20", file}} {
		if said, err := exec.Command("systemd-analyze", args...).CombinedOutput(); err != nil || args[0] == "verify" && len(said) > 0 {
			t.Errorf("systemd-analyze %s: %v\n%s", args[0], err, said)
		}
	}
}
