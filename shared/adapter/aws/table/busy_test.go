package table_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/fault"
)

// service answers requests in its own words: an operation's name and its body
// in, a body out, which is an error where it begins with the error's type.
type service func(operation, body string) string

func (s service) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	answer, status := s(operation, string(body)), http.StatusOK
	if strings.HasPrefix(answer, `{"__type"`) {
		status = http.StatusBadRequest
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body: io.NopCloser(bytes.NewReader([]byte(answer))), Request: r}, nil
}

func (s service) tables() *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{Region: "x", HTTPClient: s, Retryer: aws.NopRetryer{}, BaseEndpoint: aws.String("http://x"),
		Credentials: aws.AnonymousCredentials{}, DisableValidateResponseChecksum: true})
}

func (s service) streams() *dynamodbstreams.Client {
	return dynamodbstreams.New(dynamodbstreams.Options{Region: "x", HTTPClient: s, Retryer: aws.NopRetryer{},
		BaseEndpoint: aws.String("http://x"), Credentials: aws.AnonymousCredentials{}})
}

func TestABusyTableIsAskedAgain(t *testing.T) {
	const conflict = `{"__type":"TransactionCanceledException","CancellationReasons":[{"Code":"None"},{"Code":"TransactionConflict"}]}`
	ops := []table.Op{{Key: at("a")}, {Key: at("b")}}
	synctest.Test(t, func(t *testing.T) {
		answers := []string{conflict, `{"__type":"TransactionInProgressException"}`, `{"__type":"ThrottlingException"}`, `{}`}
		tokens, asked := map[string]bool{}, 0
		rows := table.New(service(func(operation, body string) string {
			var request struct{ ClientRequestToken string }
			if err := json.Unmarshal([]byte(body), &request); err != nil || operation != "TransactWriteItems" {
				t.Errorf("%s %s: %v", operation, body, err)
			}
			tokens[request.ClientRequestToken] = true
			asked++
			return answers[asked-1]
		}).tables(), "t")
		if err := rows.Write(t.Context(), ops...); err != nil || asked != len(answers) || len(tokens) != 1 || tokens[""] {
			t.Errorf("%d requests under tokens %v: %v", asked, tokens, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		rows := table.New(service(func(string, string) string { return conflict }).tables(), "t")
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		err := rows.Write(ctx, ops...)
		if fault.KindOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "held by other transactions") {
			t.Errorf("always a conflict: %v", err)
		}
	})
	for code, kind := range map[string]fault.Kind{"ValidationException": fault.Internal, "InternalServerError": fault.Unavailable} {
		rows := table.New(service(func(string, string) string { return `{"__type":"` + code + `"}` }).tables(), "t")
		err := rows.Write(t.Context(), ops...)
		var refused *table.ConditionError
		if fault.KindOf(err) != kind || errors.As(err, &refused) || !strings.HasPrefix(err.Error(), "write to table t: ") {
			t.Errorf("%s: %v", code, err)
		}
	}
}

func TestKeysLeftUnprocessedAreAskedForAgain(t *testing.T) {
	const (
		a    = `{"pk":{"S":"p"},"sk":{"S":"a"},"n":{"N":"1"}}`
		left = `{"t":{"Keys":[{"pk":{"S":"p"},"sk":{"S":"b"}}],"ConsistentRead":true}}`
	)
	synctest.Test(t, func(t *testing.T) {
		answers := []string{
			`{"Responses":{"t":[` + a + `]},"UnprocessedKeys":` + left + `}`,
			`{"Responses":{},"UnprocessedKeys":` + left + `}`,
			`{"Responses":{"t":[{"pk":{"S":"p"},"sk":{"S":"b"}}]},"UnprocessedKeys":{}}`,
		}
		asked := 0
		rows := table.New(service(func(operation, body string) string {
			if consistent := strings.Contains(body, `"ConsistentRead":true`); operation != "BatchGetItem" || !consistent {
				t.Errorf("%s %s", operation, body)
			}
			if asked > 0 && strings.Contains(body, `"a"`) {
				t.Errorf("asked again for what it has: %s", body)
			}
			asked++
			return answers[asked-1]
		}).tables(), "t")
		got, err := rows.Get(t.Context(), at("a"), at("b"))
		if want := []table.Row{{"n": int64(1)}, {}}; err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, %v", got, err)
		}
	})
}

func TestAForeignRowIsNoAnswer(t *testing.T) {
	rows := table.New(service(func(string, string) string { return `{"Item":{"pk":{"S":"p"},"sk":{"S":"a"},"x":{"BOOL":true}}}` }).tables(), "t")
	if _, err := rows.Get(t.Context(), at("a")); err == nil || fault.KindOf(err) != fault.Internal || !strings.Contains(err.Error(), `"x"`) {
		t.Errorf("got %v", err)
	}
}
