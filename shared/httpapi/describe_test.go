package httpapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// spec is the description as a reader gets it.
type spec struct {
	OpenAPI string `json:"openapi"`
	Paths   map[string]map[string]struct {
		OperationID string                `json:"operationId"`
		Summary     string                `json:"summary"`
		Tags        []string              `json:"tags"`
		Security    []map[string][]string `json:"security"`
		RequestBody struct {
			Content map[string]struct {
				Example json.RawMessage `json:"example"`
			} `json:"content"`
		} `json:"requestBody"`
		Responses map[string]any `json:"responses"`
	} `json:"paths"`
	Components struct {
		Schemas map[string]*schema `json:"schemas"`
	} `json:"components"`
}

// schema is the part of a described shape that tests look at.
type schema struct {
	Type       any                `json:"type"`
	Required   []string           `json:"required"`
	Properties map[string]*schema `json:"properties"`
	Items      *schema            `json:"items"`
}

func (s *service) spec() spec {
	s.tb.Helper()
	a := s.do(200, "GET", "/openapi.json", "", "Authorization", "")
	var d spec
	s.must(json.Unmarshal([]byte(a.text), &d))
	return d
}

func TestTheDescriptionSaysAllOfEveryOperation(t *testing.T) {
	s := open(t)
	d := s.spec()
	if !strings.HasPrefix(d.OpenAPI, "3.1.") {
		t.Errorf("openapi %q", d.OpenAPI)
	}
	ids := map[string]bool{}
	for path, methods := range d.Paths {
		for method, op := range methods {
			if op.OperationID == "" || ids[op.OperationID] || op.Summary == "" || len(op.Tags) == 0 || len(op.Responses) == 0 {
				t.Errorf("%s %s: %+v", method, path, op)
			}
			ids[op.OperationID] = true
			if open := op.Tags[0] == "Service"; open != (len(op.Security) == 0) {
				t.Errorf("%s %s: security %v", method, path, op.Security)
			}
		}
	}
	yaml := s.do(200, "GET", "/openapi.yaml", "", "Authorization", "")
	if !strings.Contains(yaml.text, "/v1/remember") {
		t.Error("YAML is another description")
	}
}

// No client can be made of an array of anything.
func TestAGrainOfABatchIsDescribed(t *testing.T) {
	s := open(t)
	grain := s.spec().Components.Schemas["BatchInputBody"].Properties["grains"].Items
	if grain.Type != "object" || fmt.Sprint(grain.Required) != "[fields]" || grain.Properties["grain_type"] == nil {
		t.Fatalf("a grain is described as %+v", grain)
	}
	if fields := grain.Properties["fields"]; fields.Type != "object" || fields.Properties["subject"] == nil || fields.Properties["grain_type"] != nil {
		t.Errorf("its fields are described as %+v", fields)
	}
	if a := s.do(200, "POST", "/api/memories/default/batch-add", `{"grains":[7,{"fields":{"subject":"a","relation":"b","object":"c"}}]}`); a.body["added"] != 1.0 || a.body["failed"] != 1.0 {
		t.Errorf("a grain of another shape fails alone: %s", a.text)
	}
}

func TestEveryExampleIsAccepted(t *testing.T) {
	s := open(t)
	for path, methods := range s.spec().Paths {
		for method, op := range methods {
			example := string(op.RequestBody.Content["application/json"].Example)
			if example == "" || !strings.HasPrefix(path, "/v1/") {
				continue
			}
			id := s.remember("for an example")
			if strings.HasPrefix(path, "/v1/webhooks/") {
				id = s.do(201, "POST", "/v1/webhooks", anyHook).str("id")
			}
			a := s.serve(request(strings.ToUpper(method), strings.ReplaceAll(path, "{id}", id), example))
			if a.status/100 != 2 {
				t.Errorf("%s %s %s: %d %s", method, path, example, a.status, a.text)
			}
		}
	}
}

func TestThePageLoadsNothingFromOutside(t *testing.T) {
	s := open(t)
	for _, path := range []string{"/docs", "/docs/docs.css", "/docs/docs.js"} {
		a := s.do(200, "GET", path, "", "Authorization", "")
		if strings.Contains(a.text, "://") || strings.Contains(a.text, "innerHTML") {
			t.Errorf("%s reaches outside, or writes markup", path)
		}
		if policy := a.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", path, policy)
		}
	}
}
