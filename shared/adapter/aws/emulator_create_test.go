package aws_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/memhooks/memhooks/shared/adapter/aws"
)

// create makes the tables and the master key that the settings name, as they
// stand in the template, and sets the key's id.
func (e *emulator) create(ctx context.Context, s *aws.Settings) error {
	for resource, name := range map[string]string{"Table": s.Table, "KeyTable": s.KeyTable} {
		if err := e.table(ctx, resource, name); err != nil {
			return fmt.Errorf("make %s of template.yaml: %w", resource, err)
		}
	}
	var key kms.CreateKeyInput
	if err := e.properties("MasterKey", &key); err != nil {
		return err
	}
	made, err := kms.NewFromConfig(e.base).CreateKey(ctx, &key)
	if err != nil {
		return fmt.Errorf("make MasterKey of template.yaml: %w", err)
	}
	s.KMSKey = *made.KeyMetadata.KeyId
	return nil
}

func (e *emulator) table(ctx context.Context, resource, name string) error {
	client := dynamodb.NewFromConfig(e.base)
	input, live := dynamodb.CreateTableInput{TableName: &name}, dynamodb.UpdateTimeToLiveInput{TableName: &name}
	if err := errors.Join(e.properties(resource, &input), e.properties(resource, &live)); err != nil {
		return err
	}
	if input.StreamSpecification != nil {
		input.StreamSpecification.StreamEnabled = sdk.Bool(true) // where it stands in a template it is
	}
	input.SSESpecification = nil // its names differ, and an emulator encrypts nothing
	if _, err := client.CreateTable(ctx, &input); err != nil {
		return err
	}
	waiter := dynamodb.NewTableExistsWaiter(client, func(o *dynamodb.TableExistsWaiterOptions) { o.MinDelay = 50 * time.Millisecond })
	if err := waiter.Wait(ctx, &dynamodb.DescribeTableInput{TableName: &name}, patience); err != nil {
		return err
	}
	if live.TimeToLiveSpecification == nil {
		return nil
	}
	_, err := client.UpdateTimeToLive(ctx, &live)
	return err
}

// properties reads a resource's properties into the request that makes it: the
// API calls most by the names that templates use.
func (e *emulator) properties(resource string, into any) error {
	written, err := json.Marshal(e.template.Resources[resource].Properties)
	if err == nil {
		err = json.Unmarshal(written, into)
	}
	if err != nil {
		return fmt.Errorf("read the properties of %s in template.yaml: %w", resource, err)
	}
	return nil
}

// remove removes what create made.
func (e *emulator) remove(ctx context.Context, s aws.Settings) error {
	client := dynamodb.NewFromConfig(e.base)
	_, main := client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &s.Table})
	_, keys := client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &s.KeyTable})
	_, key := kms.NewFromConfig(e.base).ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &s.KMSKey, PendingWindowInDays: sdk.Int32(7)})
	return errors.Join(main, keys, key)
}
