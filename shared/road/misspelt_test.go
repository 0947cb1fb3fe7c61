package road

import (
	"maps"
	"testing"
)

func TestMisspelt(t *testing.T) {
	got, err := Misspelt([]string{
		"MEMHOOKS_AUT=off", "MEMHOOK_DATA=/x", "memhooks_addr=a", "MEMHOOKS_TIMEOUTS=5s", "MEMHOOKS_DATA_DIR=/x", "MEMHOOKS_MASTER_KEY_FILE=/k", "MEMHOOKS_ADDRESS=a", "MEMHOOKS_SERVICE_HOST=h",
		"MEMHOOKS_AUTH=on", "MEMHOOKS_URL=http://a", "MEMHOOKS_KEY=ap_a", "MEMHOOKS_SECRET=a", "HOME=/root", "MEMHOOKS=a",
	})
	want := map[string]string{
		"MEMHOOKS_AUT": "MEMHOOKS_AUTH", "MEMHOOK_DATA": "MEMHOOKS_DATA", "memhooks_addr": "MEMHOOKS_ADDR", "MEMHOOKS_TIMEOUTS": "MEMHOOKS_TIMEOUT",
		"MEMHOOKS_DATA_DIR": "MEMHOOKS_DATA", "MEMHOOKS_MASTER_KEY_FILE": "MEMHOOKS_MASTER_KEY", "MEMHOOKS_ADDRESS": "MEMHOOKS_ADDR",
	}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
}

func TestEdits(t *testing.T) {
	for pair, want := range map[[2]string]int{
		{"", ""}: 0, {"abc", "abc"}: 0, {"", "abc"}: 3, {"abc", ""}: 3, {"abc", "abd"}: 1, {"abc", "ac"}: 1, {"ac", "abc"}: 1, {"kitten", "sitting"}: 3,
	} {
		if got := edits(pair[0], pair[1]); got != want {
			t.Errorf("%q: %d, want %d", pair, got, want)
		}
	}
}
