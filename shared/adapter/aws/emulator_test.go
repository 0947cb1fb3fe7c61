package aws_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/memhooks/memhooks/infra/template"
	"github.com/memhooks/memhooks/shared/adapter/aws"
	"github.com/memhooks/memhooks/shared/cloud/cloudtest"
	"github.com/memhooks/memhooks/shared/road/roadtest"
)

// image is the last open release of LocalStack.
const image = "localstack/localstack:4.14.0"

// gaps are rules that do not hold because of an emulator, and where else they
// are tried.
var gaps = []struct{ edition, rule, why string }{
	{"light", "wrapper/binds_to_what_it_is_about",
		"MiniStack decrypts what was altered in its first 36 bytes, KMS refuses it; the rule is tried on LocalStack and on awstest's wrapper"},
}

// emulator is AWS on an endpoint.
type emulator struct {
	edition  string
	base     sdk.Config
	template *template.Template
	calls    *outside
	run      string       // begins the names of all that is made
	made     atomic.Int64 // accounts
	requests atomic.Int64
}

// TestEmulatorConformance runs the one suite of all clouds on the tables, the
// stream and the master key of an emulator, made as template.yaml says. The
// suite is the same, and so is its clock: that of a bubble, which stands still
// while a service is asked. Therefore the queues are in memory here: SQS hides
// messages by a clock that no test can move. The queues' own client is held to
// what the adapter relies on in package fifo.
func TestEmulatorConformance(t *testing.T) {
	e := newEmulator(t)
	around := func(t *testing.T, rule func(*testing.T)) {
		for _, g := range gaps {
			if g.edition == e.edition && strings.HasSuffix(t.Name(), "/"+g.rule) {
				t.Skip(g.why)
			}
		}
		synctest.Test(t, rule)
	}
	cloudtest.Run(t, around, func(t *testing.T) cloudtest.Opened { return e.world(t, 1).opened() })
}

// TestEmulatorFaults runs a few of the simulation's schedules on an emulator.
func TestEmulatorFaults(t *testing.T) {
	e := newEmulator(t)
	for seed := range 5 {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				world := newSimulated(e.world(t, 1+seed%3), uint64(seed)).simulate()
				for _, broken := range roadtest.Run(world, roadtest.Draw(uint64(seed), 60), roadtest.None) {
					t.Error(broken)
				}
			})
		})
	}
}

// newEmulator finds the emulator that the environment names, or starts one in a
// container.
func newEmulator(t *testing.T) *emulator {
	t.Helper()
	if os.Getenv("MEMHOOKS_TEST_AWS") != "1" {
		t.Skip("needs an emulator of AWS: make test-aws")
	}
	endpoint := os.Getenv("AWS_ENDPOINT_URL")
	if endpoint == "" {
		endpoint = container(t)
	}
	made, err := template.Read("../../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	e := &emulator{template: made, calls: newOutside(t), base: sdk.Config{
		Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: sdk.CredentialsProviderFunc(anybody),
	}}
	e.meet(t, endpoint)
	began := time.Now()
	t.Cleanup(func() {
		t.Logf("%d accounts, %d requests in %s", e.made.Load(), e.requests.Load(), time.Since(began).Round(time.Second))
	})
	e.run = fmt.Sprintf("memhooks-test-%d", began.UnixNano())
	return e
}

// anybody are credentials that every emulator takes.
func anybody(context.Context) (sdk.Credentials, error) {
	return sdk.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
}

// container starts LocalStack for as long as the test runs.
func container(t *testing.T) string {
	t.Helper()
	started, err := testcontainers.Run(t.Context(), image, testcontainers.WithExposedPorts("4566/tcp"),
		testcontainers.WithEnv(map[string]string{ // DynamoDB Local and its own streams; otherwise LocalStack makes streams of its own
			"PROVIDER_OVERRIDE_DYNAMODB": "v2", "PROVIDER_OVERRIDE_DYNAMODBSTREAMS": "v2", "DYNAMODB_IN_MEMORY": "1",
		}),
		testcontainers.WithWaitStrategy(wait.ForHTTP("/_localstack/health").WithPort("4566/tcp").WithStartupTimeout(2*time.Minute)))
	testcontainers.CleanupContainer(t, started)
	if err != nil {
		t.Fatalf("start %s: %v; with an emulator that runs already: AWS_ENDPOINT_URL=http://127.0.0.1:4566 make test-aws", image, err)
	}
	endpoint, err := started.PortEndpoint(t.Context(), "4566/tcp", "http")
	if err != nil {
		t.Fatal(err)
	}
	return endpoint
}

// meet notes and prints what an emulator says that it is.
func (e *emulator) meet(t *testing.T, endpoint string) {
	t.Helper()
	answer, err := http.Get(endpoint + "/_localstack/health")
	if err != nil {
		t.Fatalf("nothing answers at AWS_ENDPOINT_URL: %v", err)
	}
	defer answer.Body.Close()
	var told struct{ Edition, Version string }
	if err := json.NewDecoder(answer.Body).Decode(&told); err != nil {
		t.Logf("%s does not tell what it is: %s, %v", endpoint, answer.Status, err)
	}
	e.edition = told.Edition
	name := map[string]string{"light": "MiniStack"}[told.Edition]
	t.Logf("%s is %s %s", endpoint, cmp.Or(name, "LocalStack"), told.Version)
}

// world makes tables and a master key of its own, and a world on them. It is
// called in a bubble.
func (e *emulator) world(t *testing.T, shards int) *world {
	t.Helper()
	name := fmt.Sprintf("%s-%d", e.run, e.made.Add(1))
	s := aws.Settings{
		Table: name, KeyTable: name + "-keys", QueueURL: "not asked", DeadQueueURL: "not asked", Base: &e.base,
		Count: func(_, _ string, _ float64) { e.requests.Add(1) },
	}
	t.Cleanup(func() {
		if err := e.calls.do(context.Background(), func(ctx context.Context) error { return e.remove(ctx, s) }); err != nil {
			t.Error(err)
		}
	})
	w := newWorld(t, shards) // its pump ends before the tables do
	w.must(e.calls.do(t.Context(), func(ctx context.Context) error { return e.create(ctx, &s) }))
	services, err := aws.Connect(s)
	w.must(err)
	w.main = &followed{distant{services.Main, e.calls}, t, aws.OpenStream(s), w.stream, sync.Mutex{}}
	w.keys = distant{services.Keys, e.calls}
	w.wrapper = master{services.Wrapper, e.calls}
	return w
}
