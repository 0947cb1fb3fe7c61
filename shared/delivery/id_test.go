package delivery

import (
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/feed"
)

func TestADeliveryIsFoundByItsIDAlone(t *testing.T) {
	for _, j := range []Job{
		{Hook: "wh_01JA", Entry: feed.Entry{Seq: 1}},
		{Hook: "hook-01J.A.7", Entry: feed.Entry{Seq: 1 << 62}, Redrive: 12},
	} {
		hook, seq, redrive, ok := ParseID(j.ID())
		if !ok || hook != j.Hook || seq != j.Entry.Seq || redrive != j.Redrive {
			t.Errorf("%s leads to %q, %d, %d, %v", j.ID(), hook, seq, redrive, ok)
		}
	}
}

func FuzzParseID(f *testing.F) {
	for _, id := range []string{
		"dlv_wh_1.42.0", "dlv_a.b.1.2", "dlv_.1.0", "dlv_x.0.0", "dlv_x.01.0", "dlv_x.1.-1", "dlv_x.+1.0",
		"dlv_test_01J", "dlv_x.9223372036854775808.0", "", "dlv_", "x.1.1", "dlv_x.1.99999999999999999999",
	} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		hook, seq, redrive, ok := ParseID(id)
		if !ok {
			return
		}
		if hook == "" || seq < 1 || redrive < 0 {
			t.Fatalf("%q was read as %q, %d, %d", id, hook, seq, redrive)
		}
		if again := (Job{Hook: hook, Redrive: redrive, Entry: feed.Entry{Seq: seq}}).ID(); again != id {
			t.Fatalf("%q names the same delivery as %q", id, again)
		}
	})
}

func TestIDsOfTestSendsNameNoDelivery(t *testing.T) {
	if _, _, _, ok := ParseID("dlv_test_" + strings.Repeat("0", 26)); ok {
		t.Error("a test send's id leads to a delivery")
	}
}
