package cursor_test

import (
	"context"
	"testing"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed/cursor"
	"github.com/memhooks/memhooks/shared/seal"
	"github.com/memhooks/memhooks/shared/seal/sealtest"
)

var home = change.Memory{Tenant: "main", ID: "default"}

func cursors() cursor.Maker {
	return cursor.New(seal.New(sealtest.Config(new(sealtest.Store), 1, nil)))
}

func TestACursorIsReadWhereItWasMadeOnly(t *testing.T) {
	ctx, c := context.Background(), cursors()
	rival := change.Memory{Tenant: "rival", ID: home.ID}
	for _, text := range []string{"", "42", "9 g some/token of anything \x00"} {
		made, err := c.Make(ctx, home, "events", text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.Read(ctx, home, "events", made); err != nil || got != text {
			t.Errorf("%q is read as %q, %v", text, got, err)
		}
		if again, _ := c.Make(ctx, home, "events", text); again != made {
			t.Error("the same place has two cursors")
		}
		for name, read := range map[string]func() (string, error){
			"another listing": func() (string, error) { return c.Read(ctx, home, "snapshot", made) },
			"a longer name":   func() (string, error) { return c.Read(ctx, home, "events4", made) },
			"another tenant":  func() (string, error) { return c.Read(ctx, rival, "events", made) },
			"another memory":  func() (string, error) { return c.Read(ctx, change.Memory{Tenant: "main", ID: "x"}, "events", made) },
		} {
			if got, err := read(); fault.KindOf(err) != fault.InvalidField || got != "" {
				t.Errorf("%s reads %q, %v", name, got, err)
			}
		}
	}
}

func TestAnAlteredCursorIsRefused(t *testing.T) {
	ctx, c := context.Background(), cursors()
	made, err := c.Make(ctx, home, "events", "42")
	if err != nil {
		t.Fatal(err)
	}
	for i := range made {
		for _, with := range []byte("A0_-=+/ ") {
			altered := made[:i] + string(with) + made[i+1:]
			if altered == made {
				continue
			}
			if got, err := c.Read(ctx, home, "events", altered); fault.KindOf(err) != fault.InvalidField {
				t.Errorf("%s reads %q, %v", altered, got, err)
			}
		}
	}
	for _, no := range []string{made[:8] + "\n" + made[8:], made + "\r", "", "A", made[:len(made)-1], made + "A", made + "=", made[:22]} {
		if got, err := c.Read(ctx, home, "events", no); fault.KindOf(err) != fault.InvalidField {
			t.Errorf("%q reads %q, %v", no, got, err)
		}
	}
}

func FuzzNoCursorCanBeMadeUp(f *testing.F) {
	ctx, c := context.Background(), cursors()
	for _, text := range []string{"", "1", "12345"} {
		made, err := c.Make(ctx, home, "events", text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(made)
	}
	f.Add("earliest")
	f.Fuzz(func(t *testing.T, cursor string) {
		text, err := c.Read(ctx, home, "events", cursor)
		if err != nil {
			if fault.KindOf(err) != fault.InvalidField {
				t.Fatalf("%q: %v", cursor, err)
			}
			return
		}
		if made, err := c.Make(ctx, home, "events", text); err != nil || made != cursor {
			t.Fatalf("%q reads %q, whose cursor is %q", cursor, text, made)
		}
	})
}
