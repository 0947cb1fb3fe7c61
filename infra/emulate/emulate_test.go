package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/infra/template"
)

func TestAnAnswerThatTellsOfAFailureIsOne(t *testing.T) {
	for answer, good := range map[string]bool{
		`null`: true, `{"batchItemFailures": []}`: true, `{"statusCode": 201, "body": "{}"}`: true,
		`{"batchItemFailures": [{"itemIdentifier": "1"}]}`: false, `{"statusCode": 403}`: false,
		`{"errorMessage": "x", "errorType": "y"}`: false, `no JSON`: false, ``: false,
	} {
		if err := succeeded([]byte(answer)); (err == nil) != good {
			t.Errorf("%s: %v", answer, err)
		}
	}
}

func TestWhatContainersAreToldTheyReach(t *testing.T) {
	s := stack{endpoint: "http://172.17.0.1:4599"}
	got, err := s.inside("http://localhost:4599/000000000000/jobs.fifo")
	if err != nil || got != "http://host.docker.internal:4599/000000000000/jobs.fifo" || s.host() != "172.17.0.1" {
		t.Errorf("%s at %s, %v", got, s.host(), err)
	}
}

func TestParametersAreToldAsSettings(t *testing.T) {
	s := stack{parameters: []string{"RetryBase=1s", "AllowDestinations=10.0.0.0/8", "Timeout=3s"}}
	if got := s.deployedSettings(); got != "MEMHOOKS_RETRY_BASE=1s MEMHOOKS_TIMEOUT=3s" {
		t.Error(got)
	}
	made, err := template.Read("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for parameter, setting := range settings {
		if template.At(made.Globals, "Function", "Environment", "Variables", setting, "Ref") != parameter {
			t.Errorf("the template does not set %s to its parameter %s", setting, parameter)
		}
	}
}

// Every function of the template is invoked, with an event that is there.
func TestEveryFunctionIsInvoked(t *testing.T) {
	made, err := template.Read("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range made.Resources {
		if r.Type == "AWS::Serverless::Function" && !slices.Contains(functions, name) {
			t.Errorf("%s is not invoked", name)
		}
	}
	for _, f := range functions {
		if _, err := os.Stat(filepath.Join("../../events", strings.ToLower(f)+".json")); err != nil {
			t.Error(err)
		}
	}
}
