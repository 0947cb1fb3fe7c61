package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/change"
)

// stack is what is deployed, and where.
type stack struct {
	endpoint     string // of the emulator
	architecture string // this machine's: the binaries run on it
	parameters   []string
}

const stackName = "memhooks"

// fromEnvironment reads where to deploy, and with which parameters: PARAMETERS
// are Name=value pairs of the template.
func fromEnvironment() (stack, error) {
	endpoint := strings.TrimSuffix(os.Getenv("AWS_ENDPOINT_URL"), "/")
	if endpoint == "" {
		return stack{}, fmt.Errorf(`AWS_ENDPOINT_URL="": set it to an emulator, such as http://127.0.0.1:4566; this command never deploys into AWS`)
	}
	architecture, known := map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]
	if !known {
		return stack{}, fmt.Errorf("functions run on amd64 and arm64, this machine is %s", runtime.GOARCH)
	}
	return stack{endpoint, architecture, strings.Fields(os.Getenv("PARAMETERS"))}, nil
}

// sam runs the SAM CLI against the emulator and returns what it prints.
func (s stack) sam(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "sam", args...)
	cmd.Env = append(os.Environ(), "ARCHITECTURE="+s.architecture, "AWS_ENDPOINT_URL="+s.endpoint, "SAM_CLI_TELEMETRY=0")
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1",
	} {
		if os.Getenv(name) == "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	var out, failure bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &failure
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("sam %s: %w\n%s%s", args[0], err, out.Bytes(), failure.Bytes())
	}
	return out.Bytes(), nil
}

// there fails where no emulator answers.
func (s stack) there(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.endpoint+"/_localstack/health", http.NoBody)
	if err != nil {
		return fmt.Errorf("STACK_ENDPOINT=%q: use an emulator's address, such as http://127.0.0.1:4566: %w", s.endpoint, err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("no emulator answers at %s: start one there that runs functions (MiniStack: AWS_ENDPOINT_URL=%[1]s ministack), or set STACK_ENDPOINT: %w", s.endpoint, err)
	}
	return res.Body.Close()
}

// build compiles the functions for this machine.
func (s stack) build(ctx context.Context) error {
	_, err := s.sam(ctx, "build", "--parameter-overrides", "Architecture="+s.architecture)
	return err
}

// deployed is the stack as it stands: a new admin key, and the resources'
// physical ids by their names in the template.
type deployed struct {
	key       string
	resources map[string]string
}

// deploy brings the stack up, or changes the one that is there, with a new
// first admin key.
func (s stack) deploy(ctx context.Context) (deployed, error) {
	raw, sum, err := auth.NewAdminKey(change.NewDraw(time.Now()))
	if err != nil {
		return deployed{}, err
	}
	args := []string{
		"deploy", "--stack-name", stackName, "--no-confirm-changeset", "--parameter-overrides",
		"Architecture=" + s.architecture, "AdminKeyHash=" + hex.EncodeToString(sum[:]),
	}
	if !slices.ContainsFunc(s.parameters, func(p string) bool { return strings.HasPrefix(p, "AllowDestinations=") }) {
		args = append(args, "AllowDestinations=127.0.0.0/8")
	}
	if _, err := s.sam(ctx, append(args, s.parameters...)...); err != nil {
		return deployed{}, err
	}
	resources, err := s.resources(ctx)
	return deployed{raw, resources}, err
}

func (s stack) resources(ctx context.Context) (map[string]string, error) {
	out, err := s.sam(ctx, "list", "resources", "--stack-name", stackName, "--output", "json")
	if err != nil {
		return nil, err
	}
	var all []struct{ LogicalResourceID, PhysicalResourceID string }
	begin := bytes.IndexByte(out, '[') // news of the tool may stand before it
	if begin < 0 {
		return nil, fmt.Errorf("sam list resources: no list in %q", out)
	}
	if err := json.Unmarshal(out[begin:], &all); err != nil {
		return nil, fmt.Errorf("sam list resources: %w", err)
	}
	found := make(map[string]string, len(all))
	for _, r := range all {
		found[r.LogicalResourceID] = r.PhysicalResourceID
	}
	if found["Api"] == "" {
		return nil, fmt.Errorf("the stack %s has no API: deploy it with emulate up", stackName)
	}
	return found, nil
}

// url is where the emulator answers for the stack's API.
func (s stack) url(d deployed) string {
	return s.endpoint + "/_aws/execute-api/" + d.resources["Api"] + "/$default"
}

// console is where a browser finds the console: behind the API's own name, since
// pages are at the root of it. Names below localhost mean this machine.
func (s stack) console(d deployed) string {
	port := ""
	if u, err := url.Parse(s.endpoint); err == nil && u.Port() != "" {
		port = ":" + u.Port()
	}
	return "http://" + d.resources["Api"] + ".execute-api.localhost" + port + "/console"
}

// answers waits until the API does.
func (s stack) answers(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", http.NoBody)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			body, _ := io.ReadAll(io.LimitReader(res.Body, 1000)) // for the message only
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("%s: %s", res.Status, body)
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			return fmt.Errorf("%s/readyz does not answer: %w", url, err)
		}
	}
}
