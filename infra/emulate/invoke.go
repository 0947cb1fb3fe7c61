package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// functions are run one after the other; each has its recorded event in events/.
var functions = []string{"Memories", "Hooks", "Console", "Fanout", "Deliver", "Upkeep"}

// invokeAll runs each function in a container, against the stack that is
// deployed in the emulator. Containers reach the emulator as
// host.docker.internal, so it must listen on Docker's bridge.
func (s stack) invokeAll(ctx context.Context, out io.Writer) error {
	resources, err := s.resources(ctx)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "memhooks-invoke")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	settings := filepath.Join(folder, "settings.json")
	if err := s.writeSettings(settings, resources); err != nil {
		return err
	}
	for _, f := range functions {
		begun := time.Now()
		answer, err := s.sam(ctx, "local", "invoke", "--config-env", "local", "--parameter-overrides", "Architecture="+s.architecture,
			"--event", "events/"+strings.ToLower(f)+".json", "--env-vars", settings, "--add-host", "host.docker.internal:"+s.host(), f)
		if err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
		text := strings.TrimSpace(string(answer))
		if err := succeeded([]byte(text)); err != nil {
			return fmt.Errorf("%s answered %s: %w", f, text, err)
		}
		fmt.Fprintf(out, "%-9s %4.1fs  %.200s\n", f, time.Since(begun).Seconds(), text)
	}
	return nil
}

// succeeded fails where a function's answer is an error, or tells of one.
func succeeded(answer []byte) error {
	var told struct {
		ErrorMessage      string
		StatusCode        int
		BatchItemFailures []any
	}
	if err := json.Unmarshal(answer, &told); err != nil {
		return err
	}
	if told.ErrorMessage != "" || told.StatusCode >= http.StatusBadRequest || len(told.BatchItemFailures) > 0 {
		return errors.New("it failed")
	}
	return nil
}

// recordedKey is the hash of the admin key that the recorded requests bring.
func recordedKey() (string, error) {
	content, err := os.ReadFile("events/memories.json")
	if err != nil {
		return "", err
	}
	var event struct{ Headers map[string]string }
	if err := json.Unmarshal(content, &event); err != nil {
		return "", fmt.Errorf("events/memories.json: %w", err)
	}
	sum := sha256.Sum256([]byte(strings.TrimPrefix(event.Headers["authorization"], "Bearer ")))
	return hex.EncodeToString(sum[:]), nil
}

// host is the emulator's address on Docker's bridge.
func (s stack) host() string {
	u, err := url.Parse(s.endpoint)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// inside is an address of the emulator as a container sees it.
func (s stack) inside(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	u.Host = "host.docker.internal:" + u.Port()
	return u.String(), nil
}

// writeSettings writes what the functions' environment has to be: in a
// container a reference of the template has no value.
func (s stack) writeSettings(file string, resources map[string]string) error {
	key, err := recordedKey()
	if err != nil {
		return err
	}
	values := map[string]string{
		"MEMHOOKS_TABLE": resources["Table"], "MEMHOOKS_KEY_TABLE": resources["KeyTable"], "MEMHOOKS_KMS_KEY": resources["MasterKey"],
		"MEMHOOKS_ADMIN_KEY_SHA256": key, "MEMHOOKS_ALLOW_DESTINATIONS": "127.0.0.0/8",
	}
	for name, address := range map[string]string{
		"AWS_ENDPOINT_URL": s.endpoint, "MEMHOOKS_QUEUE_URL": resources["Queue"], "MEMHOOKS_DLQ_URL": resources["DeadLetterQueue"],
	} {
		seen, err := s.inside(address)
		if err != nil {
			return err
		}
		values[name] = seen
	}
	content, err := json.Marshal(map[string]any{"Parameters": values})
	if err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o600)
}
