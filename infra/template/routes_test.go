package template_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/memhooks/memhooks/infra/template"
	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/httpapi"
	"github.com/memhooks/memhooks/shared/httpapi/console"
)

// paths are all that the API has.
func paths(t *testing.T) []string {
	t.Helper()
	api, err := httpapi.New(httpapi.Config{
		Limiter: auth.NewLimiter(0, 0, nil), Settings: httpapi.Settings{AuthOff: true},
		Draw: func() change.Draw { return change.NewDraw(time.Now()) }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	api.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	var description struct{ Paths map[string]any }
	if err := json.Unmarshal(answer.Body.Bytes(), &description); err != nil || len(description.Paths) == 0 {
		t.Fatalf("%s: %v", answer.Body, err)
	}
	var all []string
	for path := range description.Paths {
		all = append(all, path)
	}
	return all
}

// matches says whether API Gateway takes a route for a path.
func matches(key, path string) bool {
	_, pattern, ok := strings.Cut(key, " ")
	if !ok {
		return false
	}
	if before, greedy := strings.CutSuffix(pattern, "/{rest+}"); greedy {
		steps := strings.Count(before, "/") + 1
		parts := strings.Split(path, "/")
		return len(parts) > steps && matches("ANY "+before, strings.Join(parts[:steps], "/"))
	}
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	for i := range want {
		if len(want) != len(got) || want[i] != got[i] && !strings.HasPrefix(want[i], "{") {
			return false
		}
	}
	return true
}

// reaches is the function behind a route.
func reaches(t *testing.T, made *template.Template, route template.Resource) string {
	t.Helper()
	target, _ := template.At(route.Properties, "Target", "Fn::Sub").(string)
	integration := strings.TrimSuffix(strings.TrimPrefix(target, "integrations/${"), "}")
	function, _ := template.At(property(t, made, integration, "IntegrationUri"), "Fn::GetAtt").(string)
	want(t, made, "AWS_PROXY", integration, "IntegrationType")
	want(t, made, "2.0", integration, "PayloadFormatVersion")
	return strings.TrimSuffix(function, ".Arn")
}

func TestEveryPathReachesTheFunctionThatMayServeIt(t *testing.T) {
	made := read(t)
	all := append(paths(t), console.Root, console.Root+"/memories")
	served := map[string]string{}
	for name, r := range made.Resources {
		if r.Type != "AWS::ApiGatewayV2::Route" {
			continue
		}
		key, _ := r.Properties["RouteKey"].(string)
		function, useful := reaches(t, made, r), key == "$default"
		if useful && function != "Memories" {
			t.Errorf("what has no route of its own reaches %s", function)
		}
		for _, path := range all {
			if matches(key, path) {
				served[path], useful = function, true
			}
		}
		if !useful {
			t.Errorf("%s: the API has nothing at %s", name, key)
		}
	}
	for _, path := range all {
		expected := ""
		if console.Has(path) {
			expected = "Console"
		}
		if strings.Contains(path, "/hooks") || strings.Contains(path, "/webhooks") || strings.Contains(path, "/dead-letters") {
			expected = "Hooks"
		}
		if served[path] != expected {
			t.Errorf("%s reaches %q, %q is wanted (no name: Memories by default)", path, served[path], expected)
		}
	}
}
