package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/road"
)

func TestANewKeyFitsItsHash(t *testing.T) {
	var out strings.Builder
	if err := printNewKey(&out, true); err != nil {
		t.Fatal(err)
	}
	var made struct{ Key, SHA256 string }
	if err := json.Unmarshal([]byte(out.String()), &made); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(made.Key))
	if !strings.HasPrefix(made.Key, "ar_") || hex.EncodeToString(sum[:]) != made.SHA256 {
		t.Errorf("%s", out.String())
	}
	if _, err := road.Load([]string{"MEMHOOKS_ADMIN_KEY_SHA256=" + made.SHA256}); err != nil {
		t.Error(err)
	}
	out.Reset()
	if err := printNewKey(&out, false); err != nil || strings.Count(out.String(), "AdminKeyHash=") != 1 {
		t.Errorf("%v: %s", err, out.String())
	}
}
