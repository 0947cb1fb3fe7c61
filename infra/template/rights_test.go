package template_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/infra/template"
)

// A right is one action on one resource.
type right struct{ action, resource string }

// rights are what a function may do.
func rights(t *testing.T, made *template.Template, function string) []right {
	t.Helper()
	var all []right
	policies, _ := property(t, made, function+"Role", "Policies").([]any)
	for _, p := range policies {
		statements, _ := template.At(p, "PolicyDocument", "Statement").([]any)
		for _, s := range statements {
			if template.At(s, "Effect") != "Allow" {
				continue // what is denied takes rights away, see TestDeliveryMakesNoKeys
			}
			actions, _ := template.At(s, "Action").([]any)
			for _, action := range actions {
				all = append(all, right{action.(string), resourceOf(template.At(s, "Resource"))})
			}
		}
	}
	if len(all) == 0 || property(t, made, function+"Role", "ManagedPolicyArns") != nil {
		t.Errorf("%s has no rights of its own, or somebody else's", function)
	}
	return all
}

// resourceOf is the logical name that a statement is about, or its text.
func resourceOf(v any) string {
	if name, ok := template.At(v, "Fn::GetAtt").(string); ok {
		return name
	}
	if text, ok := template.At(v, "Fn::Sub").(string); ok {
		return text
	}
	return fmt.Sprint(v)
}

// tail is the one pattern that a right may be about: AWS lists streams by table.
const tail = "${Table.Arn}/stream/*"

func TestNoFunctionMayDoWhatItNeedNot(t *testing.T) {
	made := read(t)
	for _, name := range functions {
		for _, r := range rights(t, made, name) {
			if strings.Contains(r.action, "*") || strings.Contains(r.resource, "*") && r.resource != tail {
				t.Errorf("%s may %s on %s", name, r.action, r.resource)
			}
			if strings.HasPrefix(r.action, "logs:") && r.resource != name+"Log.Arn" {
				t.Errorf("%s may write the log %s", name, r.resource)
			}
			if slices.Contains([]string{"dynamodb:Scan", "dynamodb:DeleteTable", "dynamodb:UpdateTable", "kms:ScheduleKeyDeletion", "sqs:PurgeQueue"}, r.action) {
				t.Errorf("%s may %s", name, r.action)
			}
		}
	}
}

// Who alone may do what matters most. A row that nobody needs any more fails.
func TestWhatMattersMostFewMayDo(t *testing.T) {
	made := read(t)
	for _, tc := range []struct {
		right
		who []string
	}{
		{right{"dynamodb:DeleteItem", "KeyTable.Arn"}, []string{"Memories", "Upkeep"}},
		{right{"dynamodb:PutItem", "KeyTable.Arn"}, []string{"Memories", "Hooks", "Upkeep"}},
		{right{"dynamodb:UpdateItem", "KeyTable.Arn"}, []string{"Memories", "Hooks", "Upkeep"}},
		{right{"dynamodb:DeleteItem", "Table.Arn"}, []string{"Memories", "Hooks", "Fanout", "Upkeep"}},
		{right{"kms:Encrypt", "MasterKey.Arn"}, []string{"Memories", "Hooks"}},
		{right{"kms:Decrypt", "MasterKey.Arn"}, []string{"Memories", "Hooks", "Fanout", "Deliver"}},
		{right{"sqs:SendMessage", "Queue.Arn"}, []string{"Fanout", "Upkeep"}},
		{right{"sqs:DeleteMessage", "Queue.Arn"}, []string{"Deliver"}},
		{right{"sqs:SendMessage", "DeadLetterQueue.Arn"}, []string{"Deliver"}},
		{right{"sqs:DeleteMessage", "DeadLetterQueue.Arn"}, []string{"Upkeep"}},
		{right{"dynamodb:GetRecords", "Table.StreamArn"}, []string{"Fanout"}},
	} {
		var who []string
		for _, name := range functions {
			if slices.Contains(rights(t, made, name), tc.right) {
				who = append(who, name)
			}
		}
		if !slices.Equal(who, tc.who) {
			t.Errorf("%s on %s: %v may, %v is wanted", tc.action, tc.resource, who, tc.who)
		}
	}
}

// Who answers hostile receivers, or reads what anybody wrote, can't make itself
// an administrator: bearer keys and tenants are out of its reach.
func TestDeliveryMakesNoKeys(t *testing.T) {
	made := read(t)
	for _, name := range []string{"Fanout", "Deliver"} {
		policies, _ := property(t, made, name+"Role", "Policies").([]any)
		denied := map[string]bool{}
		for _, s := range template.At(policies[0], "PolicyDocument", "Statement").([]any) {
			if template.At(s, "Effect") != "Deny" {
				continue
			}
			keys, _ := template.At(s, "Condition", "ForAnyValue:StringLike", "dynamodb:LeadingKeys").([]any)
			actions, _ := template.At(s, "Action").([]any)
			for _, action := range actions {
				denied[fmt.Sprint(action)] = slices.Equal(keys, []any{"A#*", "T#*", "tenants"})
			}
		}
		for _, action := range []string{"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"} {
			if !denied[action] {
				t.Errorf("%s may %s bearer keys and tenants", name, action)
			}
		}
	}
}
