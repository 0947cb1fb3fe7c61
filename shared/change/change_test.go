package change_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/change"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func TestAMemoryIDLeadsBackToItsLineage(t *testing.T) {
	lineage := strings.Repeat("0123456789abcdef", 4)
	id := change.MemoryID(lineage)
	prefix, ok := change.LineagePrefix(id)
	if !ok || !strings.HasPrefix(lineage, prefix) || len(prefix) < 32 {
		t.Errorf("MemoryID(%s) = %q, which leads to %q, %v", lineage, id, prefix, ok)
	}
	if got := change.MemoryID(""); got != "" {
		t.Errorf("no lineage has the id %q", got)
	}
	for _, no := range []string{"", "mem_", id[4:], id + "0", id[:len(id)-1], strings.ToUpper(id), "MEM_" + id[4:], "mem_" + strings.Repeat("g", 32), "mem_" + strings.Repeat("%", 32), "wh_" + id[4:]} {
		if prefix, ok := change.LineagePrefix(no); ok {
			t.Errorf("LineagePrefix(%q) = %q", no, prefix)
		}
	}
}

func FuzzOnlyMemoryIDsHaveALineage(f *testing.F) {
	for _, s := range []string{"", "mem_", "mem_" + strings.Repeat("0", 32), "mem_" + strings.Repeat("F", 32), "mem_" + strings.Repeat("ab", 32)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, id string) {
		prefix, ok := change.LineagePrefix(id)
		if !ok {
			if prefix != "" {
				t.Errorf("a refused id gives the prefix %q", prefix)
			}
			return
		}
		if back := change.MemoryID(prefix + strings.Repeat("0", 32)); back != id {
			t.Errorf("%q leads to %q, which is named %q", id, prefix, back)
		}
		if strings.Trim(prefix, "0123456789abcdef") != "" {
			t.Errorf("the prefix %q is not lowercase hex", prefix)
		}
	})
}

func TestChangesOfALineageStandInOneGroupAndOthersAlone(t *testing.T) {
	a := change.Change{ID: "1", Lineage: "aa", Hash: "bb"}
	b := change.Change{ID: "2", Lineage: "aa", Hash: "cc"}
	recall, rotation := change.Change{ID: "3"}, change.Change{ID: "4"}
	if a.Group() != b.Group() {
		t.Error("two versions of a lineage are in different groups")
	}
	if recall.Group() == rotation.Group() || recall.Group() == a.Group() {
		t.Error("changes without a lineage wait for others")
	}
	if a.EventID() != "evt_1" {
		t.Errorf("the event id is %q", a.EventID())
	}
}

func TestTheSameSeedDrawsTheSame(t *testing.T) {
	draw := func(seed byte) string {
		d := change.Seeded(noon, [32]byte{seed})
		out := d.ID()
		part := d.Split()
		b, err := d.Bytes(16)
		if err != nil {
			t.Fatal(err)
		}
		return out + part.ID() + string(b) + d.ID()
	}
	if first, again := draw(1), draw(1); first != again {
		t.Error("a repeated request gets other ids")
	}
	if draw(1) == draw(2) {
		t.Error("two requests get the same ids")
	}
}

func TestPartsOfARequestDrawApartFromEachOther(t *testing.T) {
	two := func() (a, b change.Draw) {
		d := change.Seeded(noon, [32]byte{7})
		return d.Split(), d.Split()
	}
	a, b := two()
	if a.ID() == b.ID() || !a.At.Equal(noon) {
		t.Error("two parts of a request draw the same id, or have another time")
	}
	_, alone := two()
	busy, beside := two()
	for range 9 {
		busy.ID()
	}
	if alone.ID() != beside.ID() {
		t.Error("a part's ids depend on what another part drew")
	}
}

func TestIDsSortByTheirTime(t *testing.T) {
	early := change.Seeded(noon, [32]byte{1}).ID()
	late := change.Seeded(noon.Add(time.Millisecond), [32]byte{2}).ID()
	if len(early) != 26 || early >= late {
		t.Errorf("%q and, a millisecond later, %q", early, late)
	}
	if a, b := change.NewDraw(noon).ID(), change.NewDraw(noon).ID(); a == b {
		t.Error("two requests of one millisecond have the same id")
	}
}

func TestADrawWithoutRandomnessStillNamesAndSaysSo(t *testing.T) {
	d := change.Draw{At: noon, Rand: io.LimitReader(bytes.NewReader(nil), 0)}
	if len(d.ID()) != 26 || len(d.Split().ID()) != 26 {
		t.Error("an id is missing")
	}
	if _, err := d.Bytes(1); !errors.Is(err, io.EOF) {
		t.Errorf("Bytes: %v", err)
	}
}

func TestARepeatedDrawBeginsWithItsID(t *testing.T) {
	was := change.NewDraw(noon).ID()
	d, err := change.Repeat(was)
	if err != nil || !d.At.Equal(noon) {
		t.Fatalf("%v, %v", d.At, err)
	}
	if first, second := d.ID(), d.ID(); first != was || second == was || len(second) != 26 {
		t.Errorf("%s is repeated as %s and then %s", was, first, second)
	}
	for _, no := range []string{"", "evt_" + was, was[:25], was + "0", "zzzzzzzzzzzzzzzzzzzzzzzzzz"} {
		if _, err := change.Repeat(no); err == nil {
			t.Errorf("%q is repeated", no)
		}
	}
}
