package template_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/memhooks/memhooks/infra/template"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/road"
)

const root = "../../"

// functions are the logical names of what is deployed, in the order of the road.
var functions = []string{"Memories", "Hooks", "Console", "Fanout", "Deliver", "Upkeep"}

func read(t *testing.T) *template.Template {
	t.Helper()
	made, err := template.Read(root + "template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// property is what stands in a resource's properties.
func property(t *testing.T, made *template.Template, resource string, path ...any) any {
	t.Helper()
	r, ok := made.Resources[resource]
	if !ok {
		t.Fatalf("there is no resource %s", resource)
	}
	return template.At(r.Properties, path...)
}

// want compares one property.
func want(t *testing.T, made *template.Template, expected any, resource string, path ...any) {
	t.Helper()
	if got := property(t, made, resource, path...); !reflect.DeepEqual(got, expected) {
		t.Errorf("%s %v is %v, %v is wanted", resource, path, got, expected)
	}
}

func ref(name string) any    { return map[string]any{"Ref": name} }
func getAtt(name string) any { return map[string]any{"Fn::GetAtt": name} }

func seconds(t *testing.T, made *template.Template, resource string, path ...any) time.Duration {
	t.Helper()
	n, ok := property(t, made, resource, path...).(int)
	if !ok {
		t.Fatalf("%s %v is no number", resource, path)
	}
	return time.Duration(n) * time.Second
}

// constant is the value of a text constant in the adapter's schema, which
// exports none.
func constant(t *testing.T, name string) string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), root+"shared/adapter/aws/schema.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	value := ""
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if ok && spec.Names[0].Name == name && len(spec.Values) == 1 {
			value, err = strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		}
		return err == nil
	})
	if value == "" || err != nil {
		t.Fatalf("shared/adapter/aws/schema.go has no constant %s: %v", name, err)
	}
	return value
}

func TestParametersAndOutputsAreTheContracts(t *testing.T) {
	made := read(t)
	for _, tc := range []struct {
		got  []string
		want []string
	}{
		{slices.Sorted(maps.Keys(made.Parameters)), []string{
			"AdminKeyHash", "AlarmTopicArn", "AllowDestinations", "Architecture", "Auth", "FeedMaxAge", "LogRetentionDays",
			"RetryBase", "RetryFactor", "Timeout",
		}},
		{slices.Sorted(maps.Keys(made.Outputs)), []string{"ApiUrl", "ConsoleUrl", "DeadLetterQueueUrl", "QueueUrl", "TableName"}},
	} {
		if !slices.Equal(tc.got, tc.want) {
			t.Errorf("got  %v\nwant %v", tc.got, tc.want)
		}
	}
	for name, p := range made.Parameters {
		if _, ok := p["Default"]; !ok {
			t.Errorf("%s has no default: sam deploy alone would fail", name)
		}
	}
}

func TestTablesAreWhatTheAdapterReads(t *testing.T) {
	made := read(t)
	for _, name := range []string{"Table", "KeyTable"} {
		want(t, made, "PAY_PER_REQUEST", name, "BillingMode")
		want(t, made, []any{
			map[string]any{"AttributeName": table.PartAttribute, "KeyType": "HASH"},
			map[string]any{"AttributeName": table.SortAttribute, "KeyType": "RANGE"},
		}, name, "KeySchema")
		want(t, made, []any{
			map[string]any{"AttributeName": table.PartAttribute, "AttributeType": "S"},
			map[string]any{"AttributeName": table.SortAttribute, "AttributeType": "S"},
		}, name, "AttributeDefinitions")
		want(t, made, true, name, "SSESpecification", "SSEEnabled")
	}
	want(t, made, "NEW_AND_OLD_IMAGES", "Table", "StreamSpecification", "StreamViewType")
	want(t, made, true, "Table", "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled")
	want(t, made, map[string]any{"AttributeName": constant(t, "attrExpires"), "Enabled": true}, "Table", "TimeToLiveSpecification")
	for _, name := range []string{"Table", "KeyTable", "MasterKey"} {
		if made.Resources[name].DeletionPolicy != "RetainExceptOnCreate" {
			t.Errorf("%s goes with the stack, and with it everything that was remembered", name)
		}
	}
	want(t, made, true, "MasterKey", "EnableKeyRotation")
}

// What could bring a destroyed key back would undo an erasure.
func TestNothingKeepsCopiesOfKeys(t *testing.T) {
	made := read(t)
	for _, name := range []string{"StreamSpecification", "PointInTimeRecoverySpecification", "KinesisStreamSpecification", "ImportSourceSpecification"} {
		want(t, made, nil, "KeyTable", name)
	}
	for name, r := range made.Resources {
		if strings.HasPrefix(r.Type, "AWS::Backup::") {
			t.Errorf("%s may copy the key table", name)
		}
	}
}

func TestQueuesFitTheFunctionThatReadsThem(t *testing.T) {
	made := read(t)
	limit, visible := seconds(t, made, "Deliver", "Timeout"), seconds(t, made, "Queue", "VisibilityTimeout")
	if visible < 6*limit {
		t.Errorf("a job is hidden for %v, not for at least six times the function's %v", visible, limit)
	}
	for _, name := range []string{"Queue", "DeadLetterQueue"} {
		want(t, made, true, name, "FifoQueue")
		want(t, made, "messageGroup", name, "DeduplicationScope")
		want(t, made, "perMessageGroupId", name, "FifoThroughputLimit")
	}
	for _, name := range []string{"Queue", "DeadLetterQueue", "FailedBatches"} {
		want(t, made, 14*24*3600, name, "MessageRetentionPeriod")
		want(t, made, true, name, "SqsManagedSseEnabled")
	}
	want(t, made, 1000, "Queue", "RedrivePolicy", "maxReceiveCount")
	want(t, made, getAtt("DeadLetterQueue.Arn"), "Queue", "RedrivePolicy", "deadLetterTargetArn")
	named, _ := template.At(property(t, made, "Queue", "QueueName"), "Fn::Sub").(string)
	allowed, _ := template.At(property(t, made, "DeadLetterQueue", "RedriveAllowPolicy", "sourceQueueArns", 0), "Fn::Sub").(string)
	if named == "" || !strings.HasSuffix(allowed, ":"+named) {
		t.Errorf("the queue of dead letters takes those of %q, the jobs' is %q", allowed, named)
	}
}

func TestTriggersAnswerInPartAndGiveUpInTime(t *testing.T) {
	made := read(t)
	stream := []any{"Events", "Committed", "Properties"}
	at := func(names ...any) []any { return append(slices.Clone(stream), names...) }
	want(t, made, getAtt("Table.StreamArn"), "Fanout", at("Stream")...)
	want(t, made, "TRIM_HORIZON", "Fanout", at("StartingPosition")...)
	want(t, made, true, "Fanout", at("BisectBatchOnFunctionError")...)
	want(t, made, []any{"ReportBatchItemFailures"}, "Fanout", at("FunctionResponseTypes")...)
	want(t, made, 1, "Fanout", at("ParallelizationFactor")...)
	want(t, made, getAtt("FailedBatches.Arn"), "Fanout", at("DestinationConfig", "OnFailure", "Destination")...)
	if n, _ := property(t, made, "Fanout", at("BatchSize")...).(int); n < 100 || n > 1000 {
		t.Errorf("a batch of the stream has %d records", n)
	}
	if n, _ := property(t, made, "Fanout", at("MaximumRetryAttempts")...).(int); n < 1 || n > 10000 {
		t.Errorf("a batch is tried %d times", n)
	}
	if age := seconds(t, made, "Fanout", at("MaximumRecordAgeInSeconds")...); age < time.Hour || age > 23*time.Hour {
		t.Errorf("records are given up on after %v; the stream forgets them after 24 hours", age)
	}
	pattern, _ := property(t, made, "Fanout", at("FilterCriteria", "Filters", 0, "Pattern")...).(string)
	var filter map[string]any
	if err := json.Unmarshal([]byte(pattern), &filter); err != nil {
		t.Fatal(err)
	}
	tells := template.At(filter, "dynamodb", "NewImage", constant(t, "attrTells"), "S", 0, "exists")
	if tells != true || len(filter["dynamodb"].(map[string]any)["NewImage"].(map[string]any)) != 1 {
		t.Errorf("the filter is %s", pattern)
	}
	jobs := []any{"Events", "Job", "Properties"}
	want(t, made, getAtt("Queue.Arn"), "Deliver", append(slices.Clone(jobs), "Queue")...)
	want(t, made, 10, "Deliver", append(slices.Clone(jobs), "BatchSize")...)
	want(t, made, []any{"ReportBatchItemFailures"}, "Deliver", append(slices.Clone(jobs), "FunctionResponseTypes")...)
	if n, _ := property(t, made, "Deliver", append(slices.Clone(jobs), "ScalingConfig", "MaximumConcurrency")...).(int); n < 2 {
		t.Errorf("%d deliver at once", n)
	}
}

// unset are settings that no deployment chooses: those of one process, and
// those that stay as they are by default.
var unset = []string{
	"MEMHOOKS_ADDR", "MEMHOOKS_DATA", "MEMHOOKS_ADMIN_KEY", "MEMHOOKS_MASTER_KEY",
	"MEMHOOKS_RETRY_JITTER", "MEMHOOKS_HOLD_AFTER", "MEMHOOKS_ATTEMPTS_AT_ONCE", "MEMHOOKS_FEED_MAX_EVENTS", "MEMHOOKS_RATE", "MEMHOOKS_BURST", "MEMHOOKS_AUTO_CREATE",
}

// environment is what the functions are started with where every parameter is
// at its default, with values in place of what is known when it is deployed.
func environment(t *testing.T, made *template.Template) map[string]string {
	t.Helper()
	given, _ := template.At(made.Globals, "Function", "Environment", "Variables").(map[string]any)
	env := map[string]string{}
	for name, v := range given {
		switch v := v.(type) {
		case string:
			env[name] = v
		case map[string]any:
			env[name] = "made-when-deployed"
			parameter, _ := v["Ref"].(string)
			if p, ok := made.Parameters[parameter]; ok {
				raw, err := json.Marshal(p["Default"])
				if err != nil {
					t.Fatal(err)
				}
				env[name] = strings.Trim(string(raw), `"`)
			}
		default:
			t.Errorf("%s is %v", name, v)
		}
	}
	return env
}

func TestTheEnvironmentIsTheSettings(t *testing.T) {
	env := environment(t, read(t))
	if endpoint, ok := env["AWS_ENDPOINT_URL"]; !ok || endpoint != "" {
		t.Errorf("functions are sent to %q, or can't be sent to an emulator", endpoint)
	}
	delete(env, "AWS_ENDPOINT_URL")
	var known []string
	for f := range reflect.TypeFor[road.Settings]().Fields() {
		known = append(known, f.Tag.Get("env"))
	}
	for name := range env {
		if !slices.Contains(known, name) || slices.Contains(unset, name) {
			t.Errorf("%s is no setting, or none of a deployment", name)
		}
	}
	for _, name := range known {
		if _, ok := env[name]; !ok && !slices.Contains(unset, name) {
			t.Errorf("no function gets %s", name)
		}
	}
	var environ []string
	for name, value := range env {
		environ = append(environ, name+"="+value)
	}
	got, err := road.Load(environ)
	if err != nil {
		t.Fatal(err)
	}
	own, err := road.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	own.Cloud, own.Table, own.KeyTable, own.QueueURL, own.DeadQueueURL, own.KMSKey, own.ConsoleURL = got.Cloud, got.Table, got.KeyTable, got.QueueURL, got.DeadQueueURL, got.KMSKey, got.ConsoleURL
	if got.Cloud != "aws" || !reflect.DeepEqual(got, own) {
		t.Errorf("a deployment's defaults are %+v\nthe settings' own      %+v", got, own)
	}
}

// What a parameter's pattern lets pass a function must be able to start with.
func TestParametersLetNothingPassThatFunctionsRefuse(t *testing.T) {
	made := read(t)
	for parameter, tc := range map[string]struct {
		setting   string
		good, bad []string
	}{
		"Timeout":           {"MEMHOOKS_TIMEOUT", []string{"1ms", "1500ms", "1s", "10s", "20s"}, []string{"0s", "21s", "1m", "10", "", "1.5s", "0ms"}},
		"RetryBase":         {"MEMHOOKS_RETRY_BASE", []string{"20ms", "1s", "1.5s", "1m"}, []string{"", "1", "soon", "-1s"}},
		"FeedMaxAge":        {"MEMHOOKS_FEED_MAX_AGE", []string{"720h", "1h"}, []string{"", "30d", "-1h"}},
		"AdminKeyHash":      {"MEMHOOKS_ADMIN_KEY_SHA256", []string{strings.Repeat("aB", 32), ""}, []string{"ar_sesame", strings.Repeat("a", 63)}},
		"AllowDestinations": {"MEMHOOKS_ALLOW_DESTINATIONS", []string{"", "10.0.0.0/8,::1/128"}, nil},
	} {
		pattern, _ := made.Parameters[parameter]["AllowedPattern"].(string)
		allowed := regexp.MustCompile(pattern)
		for _, value := range tc.good {
			if _, err := road.Load([]string{tc.setting + "=" + value}); err != nil || !allowed.MatchString(value) {
				t.Errorf("%s=%q: %v, and the pattern lets it pass: %v", parameter, value, err, allowed.MatchString(value))
			}
		}
		for _, value := range tc.bad {
			if allowed.MatchString(value) {
				t.Errorf("%s=%q passes", parameter, value)
			}
		}
	}
}

func TestEveryFunctionIsBuiltStartedAndLogged(t *testing.T) {
	made := read(t)
	var deployed []string
	for name, r := range made.Resources {
		if r.Type == "AWS::Serverless::Function" {
			deployed = append(deployed, name)
		}
	}
	folders, err := filepath.Glob(root + "functions/*/main.go")
	if err != nil {
		t.Fatal(err)
	}
	if len(deployed) != len(functions) || len(folders) != len(functions) {
		t.Errorf("%v are deployed, %v stand in functions", deployed, folders)
	}
	makefile, err := os.ReadFile(root + "Makefile")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)^FUNCTIONS +:= ` + strings.Join(functions, " ") + `$`).Match(makefile) {
		t.Errorf("the Makefile builds others than %v", functions)
	}
	for _, name := range functions {
		if _, err := os.Stat(root + "functions/" + strings.ToLower(name) + "/main.go"); err != nil || made.Resources[name].Metadata["BuildMethod"] != "makefile" {
			t.Errorf("%s is not built from its folder: %v", name, err)
		}
		if _, err := os.Stat(root + "events/" + strings.ToLower(name) + ".json"); err != nil {
			t.Errorf("there is no recorded invocation of %s: %v", name, err)
		}
		want(t, made, getAtt(name+"Role.Arn"), name, "Role")
		want(t, made, ref(name+"Log"), name, "LoggingConfig", "LogGroup")
		want(t, made, ref("LogRetentionDays"), name+"Log", "RetentionInDays")
	}
	for _, name := range []string{"Memories", "Hooks", "Console"} {
		if limit := seconds(t, made, name, "Timeout"); limit >= 30*time.Second {
			t.Errorf("%s may take %v, the API waits for 30 s", name, limit)
		}
	}
}
