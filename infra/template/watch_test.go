package template_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/infra/template"
	"github.com/memhooks/memhooks/shared/adapter/aws/trigger"
)

var (
	playbook = regexp.MustCompile(`See docs/playbooks/([a-z-]+)\.md\.$`)
	parts    = []string{"## What it means", "## What is seen", "## Look", "## Mend", "## Over"}
)

func TestEveryAlarmHasAPlaybookAndEveryPlaybookAnAlarm(t *testing.T) {
	made := read(t)
	named := map[string]bool{}
	for name, r := range made.Resources {
		if r.Type != "AWS::CloudWatch::Alarm" {
			continue
		}
		description, _ := r.Properties["AlarmDescription"].(string)
		alarm, _ := template.At(r.Properties, "AlarmName", "Fn::Sub").(string)
		found := playbook.FindStringSubmatch(description)
		if found == nil || !strings.HasPrefix(alarm, "${AWS::StackName}-"+found[1]) {
			t.Errorf("%s, called %q, names no playbook: %q", name, alarm, description)
			continue
		}
		named[found[1]] = true
		for _, actions := range []string{"AlarmActions", "OKActions"} {
			told := []any{map[string]any{"Fn::If": []any{"Told", ref("AlarmTopicArn"), ref("AWS::NoValue")}}}
			if !reflect.DeepEqual(r.Properties[actions], told) {
				t.Errorf("%s: %s are %v", name, actions, r.Properties[actions])
			}
		}
	}
	pages, err := filepath.Glob(root + "docs/playbooks/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		name := strings.TrimSuffix(filepath.Base(page), ".md")
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range parts {
			if !strings.Contains(string(content), part+"\n") {
				t.Errorf("%s lacks %q", page, part)
			}
		}
		if !named[name] {
			t.Errorf("no alarm leads to %s", page)
		}
		delete(named, name)
	}
	for name := range named {
		t.Errorf("docs/playbooks/%s.md is missing", name)
	}
}

func TestAlarmsHearWhatFunctionsWrite(t *testing.T) {
	made := read(t)
	for alarm, metric := range map[string]string{"ErasureOverdueAlarm": trigger.Overdue, "FaultsAlarm": trigger.Faults} {
		want(t, made, trigger.Namespace, alarm, "Namespace")
		want(t, made, metric, alarm, "MetricName")
		want(t, made, []any{map[string]any{"Name": "Table", "Value": ref("Table")}}, alarm, "Dimensions")
	}
	want(t, made, "breaching", "ErasureOverdueAlarm", "TreatMissingData") // upkeep's silence is heard too
}

func TestEveryFunctionsErrorsAndThrottlesAreWatched(t *testing.T) {
	made := read(t)
	for _, name := range functions {
		for _, metric := range []string{"Errors", "Throttles"} {
			want(t, made, metric, name+metric+"Alarm", "MetricName")
			want(t, made, []any{map[string]any{"Name": "FunctionName", "Value": ref(name)}}, name+metric+"Alarm", "Dimensions")
		}
	}
}

func TestTheDashboardIsJSON(t *testing.T) {
	body, _ := template.At(property(t, read(t), "Dashboard", "DashboardBody"), "Fn::Sub").(string)
	var board struct {
		Widgets []struct {
			Properties struct{ Title string }
		}
	}
	if err := json.Unmarshal([]byte(body), &board); err != nil {
		t.Fatal(err)
	}
	if len(board.Widgets) == 0 || slices.ContainsFunc(board.Widgets, func(w struct{ Properties struct{ Title string } }) bool { return w.Properties.Title == "" }) {
		t.Errorf("%d widgets, or one without a title", len(board.Widgets))
	}
}
