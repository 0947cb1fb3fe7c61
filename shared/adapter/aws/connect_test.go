package aws

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/fault"
)

func TestAnEmptySettingIsNamed(t *testing.T) {
	full := Settings{Table: "t", KeyTable: "k", QueueURL: "http://x/q.fifo", DeadQueueURL: "http://x/d.fifo", KMSKey: "alias/k", Log: slog.Default()}
	for name, empty := range map[string]func(*Settings){
		"MEMHOOKS_TABLE":     func(s *Settings) { s.Table = "" },
		"MEMHOOKS_KEY_TABLE": func(s *Settings) { s.KeyTable = "" },
		"MEMHOOKS_QUEUE_URL": func(s *Settings) { s.QueueURL = "" },
		"MEMHOOKS_DLQ_URL":   func(s *Settings) { s.DeadQueueURL = "" },
		"MEMHOOKS_KMS_KEY":   func(s *Settings) { s.KMSKey = "" },
	} {
		s := full
		empty(&s)
		_, err := Connect(s)
		if fault.KindOf(err) != fault.MissingField || !strings.HasPrefix(err.Error(), name+" is empty: ") ||
			!strings.Contains(err.Error(), "template.yaml") || strings.Contains(err.Error(), "\n") {
			t.Errorf("without %s: %v", name, err)
		}
	}
	cfg, err := Connect(full)
	if err != nil || cfg.Main == nil || cfg.Keys == nil || cfg.Jobs == nil || cfg.Dead == nil || cfg.Wrapper == nil ||
		cfg.Now == nil || cfg.Pause == nil || cfg.Company != time.Second || cfg.Log == nil {
		t.Errorf("got %+v, %v", cfg, err)
	}
}

func TestAPauseEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		if err := pause(t.Context(), time.Minute); err != nil || time.Since(begin) != time.Minute {
			t.Errorf("waited %s: %v", time.Since(begin), err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := pause(ctx, time.Minute); err == nil {
			t.Error("a context that ended was waited out")
		}
	})
}

// reached loads the configuration where an endpoint is set.
func reached(t *testing.T, s Settings) sdk.Config {
	t.Helper()
	if os.Getenv("AWS_ENDPOINT_URL") == "" {
		t.Skip("needs DynamoDB and KMS; with an emulator: AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_ACCESS_KEY_ID=test " +
			"AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 go test ./shared/adapter/aws -run 'Master|Counted'")
	}
	return load(s)
}

func TestTheMasterKeyOpensUnderTheSameContextOnly(t *testing.T) {
	client := kms.NewFromConfig(reached(t, Settings{}))
	made, err := client.CreateKey(t.Context(), &kms.CreateKeyInput{})
	if err != nil {
		t.Fatal(err)
	}
	m := master{client: client, key: *made.KeyMetadata.Arn}
	raw, about := bytes.Repeat([]byte{7}, 32), map[string]string{"tenant": "t", "memory": "m"}
	wrapped, err := m.Wrap(t.Context(), about, raw)
	if err != nil || bytes.Contains(wrapped, raw) {
		t.Fatalf("wrapped %x, %v", wrapped, err)
	}
	if got, err := m.Unwrap(t.Context(), about, wrapped); err != nil || !bytes.Equal(got, raw) {
		t.Errorf("unwrapped %x, %v", got, err)
	}
	if got, err := m.Unwrap(t.Context(), map[string]string{"tenant": "t", "memory": "other"}, wrapped); err == nil || fault.KindOf(err) == fault.Unavailable {
		t.Errorf("under another context: %x, %v", got, err)
	}
	if got, err := m.Unwrap(t.Context(), about, raw); err == nil {
		t.Errorf("what nobody wrapped: %x", got)
	}
}

func TestRequestsAreCountedWithTheirUnits(t *testing.T) {
	var mu sync.Mutex
	counted := map[string]float64{}
	client := dynamodb.NewFromConfig(reached(t, Settings{Count: func(service, operation string, units float64) {
		mu.Lock()
		defer mu.Unlock()
		counted[service+" "+operation] += units
	}}))
	name := fmt.Sprintf("memhooks-test-%d", time.Now().UnixNano())
	key := func(name string, kind types.KeyType) types.KeySchemaElement {
		return types.KeySchemaElement{AttributeName: &name, KeyType: kind}
	}
	text := func(name string) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: &name, AttributeType: types.ScalarAttributeTypeS}
	}
	if _, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{text(table.PartAttribute), text(table.SortAttribute)},
		KeySchema:            []types.KeySchemaElement{key(table.PartAttribute, types.KeyTypeHash), key(table.SortAttribute, types.KeyTypeRange)},
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &name}); err != nil {
			t.Error(err)
		}
	})
	rows, a, b := table.New(client, name), table.Key{Part: "p", Sort: "a"}, table.Key{Part: "p", Sort: "b"}
	for _, ops := range [][]table.Op{{{Key: a}}, {{Key: a, Set: table.Row{"x": strings.Repeat("x", 2000)}}, {Key: b}}} {
		if err := rows.Write(t.Context(), ops...); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := rows.Get(t.Context(), a, b); err != nil {
		t.Fatal(err)
	}
	// 1 KB a unit, twice in a transaction; a consistent read of up to 4 KB is one.
	want := map[string]float64{"DynamoDB CreateTable": 0, "DynamoDB PutItem": 1, "DynamoDB TransactWriteItems": 6, "DynamoDB BatchGetItem": 2}
	mu.Lock()
	defer mu.Unlock()
	for operation, units := range want {
		if got, found := counted[operation]; !found || got != units {
			t.Errorf("%s: %g units (%v), want %g", operation, got, found, units)
		}
	}
}
