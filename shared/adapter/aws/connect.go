package aws

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/memhooks/memhooks/shared/adapter/aws/fifo"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/fanout"
	"github.com/memhooks/memhooks/shared/fault"
)

const (
	company     = time.Second
	connections = 64 // kept open to one service: a memory is read in 16 parts at once
)

// Settings name what template.yaml makes. The first five are required.
type Settings struct {
	Table        string // of the table with the stream
	KeyTable     string
	QueueURL     string // of the jobs
	DeadQueueURL string // of the dead letters
	KMSKey       string // id, ARN or alias of the master key

	Timeout   time.Duration // as in Config
	HoldAfter int           // as in Config
	Console   string        // as in Config
	View      fanout.Viewer // as in Config
	Log       *slog.Logger
	// Base, where set, says region, credentials and endpoint. Without it they are
	// the environment's: AWS_REGION, AWS_ACCESS_KEY_ID and its companions,
	// AWS_ENDPOINT_URL, as Lambda sets them. Profiles and single sign-on are for
	// who sets Base: what reads them weighs 2 MB, and functions have a budget.
	Base *sdk.Config
	// Count, where set, hears of every request that was answered, repeated ones
	// included: the service ("DynamoDB"), the operation ("PutItem") and the
	// capacity units that the answer says it consumed, 0 for other services. A
	// write that was refused consumes units which no answer tells. It is called
	// side by side.
	Count func(service, operation string, units float64)
}

// Clock is the wall clock, without Go's monotonic reading: that one stands
// still while Lambda keeps a process frozen, and what was believed before would
// count as fresh after.
func Clock() time.Time { return time.Now().Round(0) }

// longPoll is how long a reception waits for jobs. For dead letters none does:
// who looks for them comes again.
const longPoll = 10 * time.Second

// Connect makes the Config of an Adapter on the services, with one client for
// each. It asks nothing of them yet. It fails with fault.MissingField where a
// setting is empty.
func Connect(s Settings) (Config, error) {
	for _, required := range []struct{ name, value, what string }{
		{"MEMHOOKS_TABLE", s.Table, "the main table's name"},
		{"MEMHOOKS_KEY_TABLE", s.KeyTable, "the key table's name"},
		{"MEMHOOKS_QUEUE_URL", s.QueueURL, "the URL of the queue of jobs"},
		{"MEMHOOKS_DLQ_URL", s.DeadQueueURL, "the URL of the queue of dead letters"},
		{"MEMHOOKS_KMS_KEY", s.KMSKey, "the master key's ARN"},
	} {
		if required.value == "" {
			return Config{}, fault.New(fault.MissingField, "%s is empty: set it to %s; template.yaml sets it for every function that it deploys",
				required.name, required.what)
		}
	}
	loaded := load(s)
	tables, queues := dynamodb.NewFromConfig(loaded), sqs.NewFromConfig(loaded)
	return Config{
		Main: table.New(tables, s.Table), Keys: table.New(tables, s.KeyTable),
		Jobs: fifo.New(queues, s.QueueURL, longPoll), Dead: fifo.New(queues, s.DeadQueueURL, 0),
		Wrapper: master{client: kms.NewFromConfig(loaded), key: s.KMSKey},
		Now:     Clock, Pause: pause, Company: company, Timeout: s.Timeout,
		HoldAfter: s.HoldAfter, Console: s.Console, View: s.View, Log: s.Log,
	}, nil
}

// OpenStream makes the reader of the main table's stream, for where no Lambda
// trigger drives Fanout. It asks nothing of the services yet.
func OpenStream(s Settings) *table.Stream {
	loaded := load(s)
	return table.NewStream(dynamodb.NewFromConfig(loaded), dynamodbstreams.NewFromConfig(loaded), s.Table)
}

func load(s Settings) sdk.Config {
	loaded := environment()
	if s.Base != nil {
		loaded = s.Base.Copy()
	}
	loaded.RetryMode = sdk.RetryModeStandard // the adaptive one slows all memories down for the sake of one
	loaded.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConns, t.MaxIdleConnsPerHost = 2*connections, connections
	})
	if s.Count != nil {
		loaded.APIOptions = append(loaded.APIOptions, counting(s.Count))
	}
	return loaded
}

func environment() sdk.Config {
	loaded := sdk.Config{
		Region:      cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION")),
		Credentials: sdk.NewCredentialsCache(sdk.CredentialsProviderFunc(credentials)),
	}
	if endpoint := os.Getenv("AWS_ENDPOINT_URL"); endpoint != "" {
		loaded.BaseEndpoint = &endpoint
	}
	return loaded
}

func credentials(context.Context) (sdk.Credentials, error) {
	found := sdk.Credentials{
		AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"), SessionToken: os.Getenv("AWS_SESSION_TOKEN"),
		Source: "environment",
	}
	if !found.HasKeys() {
		return found, errors.New("AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is empty: set both; Lambda does")
	}
	return found, nil
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
