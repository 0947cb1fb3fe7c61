package acceptance_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// routes are those of the contract's tables.
var routes = strings.Fields(`
POST/v1/keys GET/v1/keys DELETE/v1/keys/{} POST/v1/remember GET/v1/memories/{} PATCH/v1/memories/{} DELETE/v1/memories/{}
POST/v1/recall DELETE/v1/forget POST/v1/memory-set POST/v1/memory-get POST/v1/memory-search POST/v1/memory-list POST/v1/memory-delete
POST/v1/webhooks GET/v1/webhooks GET/v1/webhooks/{} PATCH/v1/webhooks/{} DELETE/v1/webhooks/{} POST/v1/webhooks/{}/test
GET/v1/webhooks/{}/deliveries POST/v1/webhooks/{}/deliveries/{}/redeliver POST/v1/webhooks/{}/rotate-secret
GET/v1/dead-letters GET/v1/dead-letters/{} POST/v1/dead-letters/{}/redrive DELETE/v1/dead-letters/{} POST/v1/dead-letters/redrive
POST/api/memories GET/api/memories GET/api/memories/{} PATCH/api/memories/{} DELETE/api/memories/{} GET/api/memories/{}/stats
POST/api/memories/{}/add POST/api/memories/{}/batch-add POST/api/memories/{}/ingest POST/api/memories/{}/import-document
POST/api/memories/{}/supersede POST/api/memories/{}/forget POST/api/memories/{}/recall POST/api/memories/{}/keys/rotate
POST/api/memories/{}/detect-pii POST/api/memories/{}/hooks GET/api/memories/{}/hooks GET/api/memories/{}/hooks/{}
PATCH/api/memories/{}/hooks/{} DELETE/api/memories/{}/hooks/{} POST/api/memories/{}/hooks/{}/test GET/api/memories/{}/hooks/{}/deliveries
POST/api/memories/{}/hooks/{}/replay POST/api/memories/{}/hooks/{}/rotate-secret GET/api/memories/{}/hooks/{}/events
GET/api/memories/{}/hooks/{}/snapshot PUT/api/memories/{}/hooks/{}/consumers/{} GET/api/memories/{}/hooks/{}/consumers/{}
POST/api/memories/{}/hooks/{}/consumers/{}/ack GET/api/memories/{}/dead-letters GET/api/memories/{}/dead-letters/{}
POST/api/memories/{}/dead-letters/{}/redrive DELETE/api/memories/{}/dead-letters/{} POST/api/memories/{}/dead-letters/redrive
GET/openapi.json GET/healthz GET/readyz`)

var placeholder = regexp.MustCompile(`\{[^/}]*\}`)

// operations calls f with every operation of a description.
func operations(t *testing.T, spec object, f func(method, path string, op object)) {
	t.Helper()
	paths, _ := spec["paths"].(object)
	for path, item := range paths {
		for method, op := range item.(object) {
			if op, ok := op.(object); ok && slices.Contains([]string{"get", "put", "post", "patch", "delete"}, method) {
				f(strings.ToUpper(method), path, op)
			}
		}
	}
}

func (c caller) description(t *testing.T) object {
	t.Helper()
	return c.call(t, "GET", "/openapi.json", nil).want(t, 200)
}

func TestRow096OpenAPI(t *testing.T) {
	row(t, 96, "OpenAPI")
	c := shared(t)
	spec := c.as("").description(t)
	if version := text(t, spec, "openapi"); !strings.HasPrefix(version, "3.1.") {
		t.Errorf("openapi %q", version)
	}
	info, _ := spec["info"].(object)
	text(t, info, "title")
	text(t, info, "version")
	listed, ids := map[string]bool{}, map[string]bool{}
	operations(t, spec, func(method, path string, op object) {
		listed[method+placeholder.ReplaceAllString(path, "{}")] = true
		id := text(t, op, "operationId")
		if ids[id] {
			t.Errorf("operation id %q stands twice", id)
		}
		ids[id] = true
		responses, _ := op["responses"].(object)
		if len(responses) == 0 {
			t.Errorf("%s %s has no responses", method, path)
		}
		for code, r := range responses {
			if _, ok := r.(object); !ok || !regexp.MustCompile(`^([1-5]\d\d|[1-5]XX|default)$`).MatchString(code) {
				t.Errorf("%s %s: response %q", method, path, code)
			} else if r.(object)["$ref"] == nil {
				text(t, r.(object), "description")
			}
		}
		declared := map[string]bool{}
		parameters, _ := op["parameters"].(list)
		for _, p := range parameters {
			p := p.(object)
			if in := text(t, p, "in"); in == "path" {
				declared[text(t, p, "name")] = p["required"] == true
			}
		}
		for _, name := range placeholder.FindAllString(path, -1) {
			if !declared[strings.Trim(name, "{}")] {
				t.Errorf("%s %s does not declare %s as required", method, path, name)
			}
		}
	})
	for _, route := range routes {
		if !listed[route] {
			t.Errorf("not described: %s", route)
		}
	}
	references(t, spec, spec, "#")
	if a := c.as("").call(t, "GET", "/docs", nil); a.status != 200 || !strings.Contains(a.header.Get("Content-Type"), "text/html") {
		t.Errorf("docs: %v", a)
	}
}

// references checks that each $ref leads somewhere, and that schemas use the
// words of JSON Schema for their types.
func references(t *testing.T, spec object, v any, at string) {
	t.Helper()
	switch v := v.(type) {
	case list:
		for i, one := range v {
			references(t, spec, one, fmt.Sprint(at, "/", i))
		}
	case object:
		if ref, ok := v["$ref"].(string); ok {
			var here any = spec
			for _, part := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
				o, _ := here.(object)
				here = o[strings.NewReplacer("~1", "/", "~0", "~").Replace(part)]
			}
			if !strings.HasPrefix(ref, "#/") || here == nil {
				t.Errorf("%s leads to %q, where nothing is", at, ref)
			}
		}
		if v["nullable"] != nil {
			t.Errorf("%s says nullable, which 3.1 does not know", at)
		}
		for key, one := range v {
			if key != "example" && key != "examples" && key != "default" {
				references(t, spec, one, at+"/"+key)
			}
		}
	}
}

func TestRow096EveryRouteAnswers(t *testing.T) {
	row(t, 96, "OpenAPI")
	c := shared(t)
	operations(t, c.description(t), func(method, path string, _ object) {
		at := placeholder.ReplaceAllString(path, "nothing")
		a := c.call(t, method, at, nil)
		if a.status == 405 || a.status >= 500 || a.status == 404 && !strings.Contains(path, "{") {
			t.Errorf("described, and not served: %v", a)
		}
	})
}

func TestRow096ExamplesAccepted(t *testing.T) {
	row(t, 96, "OpenAPI")
	c := tenant(t)
	spec := c.description(t)
	tried := 0
	operations(t, spec, func(method, path string, op object) {
		body, _ := op["requestBody"].(object)
		content, _ := body["content"].(object)
		media, _ := content["application/json"].(object)
		for _, example := range examplesOf(media) {
			tried++
			raw, err := json.Marshal(example)
			if err != nil {
				t.Fatal(err)
			}
			at := newPlaces(t, c).fill(path, example)
			if a := c.call(t, method, at, raw, header("Content-Type", "application/json")); a.status/100 != 2 {
				t.Errorf("the example %s of %s %s: %v", raw, method, path, a)
			}
		}
	})
	if tried < 10 {
		t.Errorf("only %d examples", tried)
	}
}

func examplesOf(media object) []any {
	var all []any
	if one, has := media["example"]; has {
		all = append(all, one)
	}
	named, _ := media["examples"].(object)
	for _, one := range named {
		if o, ok := one.(object); ok {
			all = append(all, o["value"])
		}
	}
	return all
}

// places are things that exist, for the paths of examples: made anew for each,
// since an example may forget what another needs.
type places struct {
	t  *testing.T
	c  caller
	m  instance
	rx *receiver
}

func newPlaces(t *testing.T, c caller) places {
	return places{t, c, c.fresh(t), receive(t, status(500))}
}

// fill replaces the names in a path, and in an example that names a grain puts
// that grain where the example expects it.
func (p places) fill(path string, example any) string {
	t := p.t
	t.Helper()
	fields, _ := example.(object)
	id := p.m.id
	switch {
	case strings.HasPrefix(path, "/v1/memories/"):
		return "/v1/memories/" + p.c.remember(t, "default", "an example")
	case strings.HasPrefix(path, "/v1/webhooks/"):
		hook := text(t, p.c.webhook(t, object{"url": p.rx.url, "events": list{"*"}, "secret": "s"}), "id")
		return placeholder.ReplaceAllString(path, hook)
	case strings.Contains(path, "/hooks/{"):
		hook := p.m.push(t, p.rx)
		if strings.Contains(path, "/consumers/") || strings.HasSuffix(path, "/events") {
			hook = p.m.feed(t)
		}
		p.m.add(t, belief("example"))
		values := []string{id, hook, "consumer"}
		path = placeholder.ReplaceAllStringFunc(path, func(string) string {
			v := values[0]
			values = values[1:]
			return v
		})
		if strings.HasSuffix(path, "/ack") {
			p.c.call(t, http.MethodPut, strings.TrimSuffix(path, "/ack"), nil).want(t, 200)
		}
		return path
	}
	if hash, has := fields["blob_hash"]; has { // the address of a published vector
		for _, v := range vectors(t) {
			if v.Hash == hash && v.Namespace != nil {
				v.Input["grain_type"], v.Input["namespace"] = raw(t, v.GrainType), raw(t, *v.Namespace)
				p.m.post(t, "/add", v.Input).want(t, 200)
			}
		}
	}
	return placeholder.ReplaceAllString(path, id)
}
