package seal

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestACacheHoldsWhatWasPutLastAndNoMoreThanItsSize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 5).Draw(t, "size")
		c, now := newCache[int, int](size), time.Unix(0, 0)
		last := map[int]int{}
		for step := range rapid.IntRange(1, 60).Draw(t, "steps") {
			key := rapid.IntRange(0, 8).Draw(t, "key")
			switch rapid.SampledFrom([]string{"put", "get", "drop", "late", "wait"}).Draw(t, "do") {
			case "put":
				c.put(c.begin(), key, step, now.Add(3))
				last[key] = step
				if got, ok := c.get(key, now); !ok || got != step {
					t.Fatalf("got %d, %v right after putting %d", got, ok, step)
				}
			case "get":
				if got, ok := c.get(key, now); ok && got != last[key] {
					t.Fatalf("got %d, want %d or nothing", got, last[key])
				}
			case "drop":
				c.drop(func(k, _ int) bool { return k == key })
				if _, ok := c.get(key, now); ok {
					t.Fatal("a dropped value is there")
				}
			case "late":
				era := c.begin()
				c.drop(func(k, _ int) bool { return k == key })
				c.put(era, key, -1, now.Add(3))
				if _, ok := c.get(key, now); ok {
					t.Fatal("a value loaded before a drop entered after it")
				}
			case "wait":
				now = now.Add(1)
			}
			if len(c.slots) > size || len(c.index) != len(c.slots) {
				t.Fatalf("%d slots, %d indexed, size %d", len(c.slots), len(c.index), size)
			}
			for k, at := range c.index {
				if c.slots[at].key != k {
					t.Fatalf("key %d is indexed at the slot of %d", k, c.slots[at].key)
				}
			}
		}
	})
}

func TestAFullCacheKeepsWhatIsUsed(t *testing.T) {
	c, now := newCache[int, int](4), time.Unix(0, 0)
	for i := range 100 {
		c.put(c.begin(), i, i, now.Add(1))
		if _, ok := c.get(0, now); !ok {
			t.Fatalf("the value in constant use went after %d others", i)
		}
	}
}

func TestARawKeyPrintsAsAMark(t *testing.T) {
	key := secret{}
	for i := range key {
		key[i] = 0xa7
	}
	encoded, err := json.Marshal(map[string]any{"value": key, "pointer": &key})
	if err != nil {
		t.Fatal(err)
	}
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "value", key, "pointer", &key)
	held := struct{ raw *secret }{&key}
	shown := logged.String() + string(encoded) + fmt.Sprintf("%v %+v %#v %x %X %s %q %d %v %x %+v", key, key, key, key, key, key, key, key, &key, &key, held)
	for _, trace := range []string{"a7a7", "A7A7", "167", "\xa7"} {
		if strings.Contains(shown, trace) {
			t.Errorf("a raw key shows: %s", shown)
		}
	}
	if !strings.Contains(shown, mark) {
		t.Errorf("no mark in %s", shown)
	}
}
