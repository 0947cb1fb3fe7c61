package memory

import (
	"slices"
	"strings"
	"sync"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/redact"
)

// MaxBody is the largest event body in bytes: what the commonest receiver
// accepts by default.
const MaxBody = 102_400

// MaxName is the longest namespace, user_id or scope_path in bytes.
const MaxName = 1024

// surelySmall is a size of encoded fields below which no dialect's body can
// exceed MaxBody: fields appear at most twice, and a number grows at most
// fivefold when JavaScript prints it.
const surelySmall = 9 << 10

// checkSize refuses a grain whose largest event body, in any dialect and
// unredacted, would be too large, whether a hook exists or not.
func checkSize(c change.Change, fields map[string]any, encoded int) error {
	if encoded <= surelySmall {
		return nil
	}
	c.Cause, c.Superseded = events.Superseded, c.Hash
	for _, d := range dialect.Names() {
		body, err := dialect.Body(d, dialect.Event{Change: c, Fields: fields}, redact.Full)
		if err != nil {
			return err
		}
		if len(body) > MaxBody {
			return fault.New(fault.TooLarge, "the event of this grain would be %d bytes, above the %d that receivers accept: split it into smaller grains", len(body), MaxBody)
		}
	}
	return nil
}

func checkNames(st store.Stored) error {
	for _, n := range []struct{ field, value string }{
		{"namespace", st.Namespace}, {"user_id", st.Person}, {"scope_path", st.ScopePath},
	} {
		if err := checkName(n.field, n.value); err != nil {
			return err
		}
	}
	return checkPath(st.ScopePath)
}

// checkPath refuses a scope path that looks like another: erasing one of them
// would leave the other standing.
func checkPath(path string) error {
	if path != "" && slices.Contains(strings.Split(path, "/"), "") {
		return fault.New(fault.InvalidField, "scope_path %.80q has an empty part: write it as acme/prod, without a slash at either end or two in a row", path)
	}
	return nil
}

// checkName refuses NUL too: scopes with it are the house's own, such as the
// one that hooks' secrets are sealed under, and no caller may write or erase them.
func checkName(field, value string) error {
	switch {
	case len(value) > MaxName:
		return fault.New(fault.InvalidField, "%s has %d bytes; at most %d are accepted", field, len(value), MaxName)
	case strings.ContainsRune(value, 0):
		return fault.New(fault.InvalidField, "%s holds the character U+0000: leave it out", field)
	}
	return nil
}

// text is a field's string, "" where it is absent or something else.
func text(fields map[string]any, name string) string {
	s, _ := fields[name].(string)
	return s
}

// width is how many commits of one request run side by side, so that they
// share their fsyncs.
const width = 64

// side runs n pieces of work, at most width at once, and waits for all.
func side(n int, work func(i int)) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, width)
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			work(i)
		})
	}
	wg.Wait()
}
