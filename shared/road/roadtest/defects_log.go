package roadtest

import (
	"context"
	"slices"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
)

// retold is a log that is told otherwise from some seq on.
type retold struct {
	feed.Log
	tell func([]feed.Entry) []feed.Entry
}

// wrongFrom is the seq at which logs are told otherwise.
const wrongFrom = 4

func (l retold) all(ctx context.Context, m change.Memory) ([]feed.Entry, error) {
	b, err := l.Log.Bounds(ctx, m)
	if err != nil {
		return nil, err
	}
	page, err := l.Log.Read(ctx, m, b.Floor-1, feed.MaxLimit)
	page = slices.Clone(page)
	for i := range page {
		page[i].Matches = slices.Clone(page[i].Matches)
	}
	return l.tell(page), err
}

// Bounds ends where what is told ends.
func (l retold) Bounds(ctx context.Context, m change.Memory) (feed.Bounds, error) {
	b, err := l.Log.Bounds(ctx, m)
	all, wrong := l.all(ctx, m)
	if n := len(all); err == nil && wrong == nil && n > 0 {
		b.Head = all[n-1].Seq
	}
	return b, err
}

// Read is what is told of the log.
func (l retold) Read(ctx context.Context, m change.Memory, after int64, limit int) ([]feed.Entry, error) {
	if _, err := l.Log.Read(ctx, m, after, limit); err != nil {
		return nil, err
	}
	all, err := l.all(ctx, m)
	all = slices.DeleteFunc(all, func(e feed.Entry) bool { return e.Seq <= after })
	return all[:min(limit, len(all))], err
}

// at is where an entry stands, -1 where it does not.
func at(all []feed.Entry, seq int64) int {
	return slices.IndexFunc(all, func(e feed.Entry) bool { return e.Seq == seq })
}

func shift(all []feed.Entry, by int64) {
	for i := range all {
		all[i].Seq += by
	}
}

func dropping(all []feed.Entry) []feed.Entry {
	if i := at(all, wrongFrom); i >= 0 {
		all = slices.Delete(all, i, i+1)
		shift(all[i:], -1)
	}
	return all
}

func doubling(all []feed.Entry) []feed.Entry {
	if i := at(all, wrongFrom); i >= 0 {
		all = slices.Insert(all, i, all[i])
		shift(all[i+1:], 1)
	}
	return all
}

func skipping(all []feed.Entry) []feed.Entry {
	if i := at(all, wrongFrom); i >= 0 {
		shift(all[i:], 1)
	}
	return all
}

func swapping(all []feed.Entry) []feed.Entry {
	if i := at(all, wrongFrom); i >= 0 && i+1 < len(all) {
		all[i].Change, all[i+1].Change = all[i+1].Change, all[i].Change
	}
	return all
}

func unchained(all []feed.Entry) []feed.Entry {
	for i := range all {
		for k := range all[i].Matches {
			all[i].Matches[k].Prev = all[i].Seq - 1
		}
	}
	return all
}

func unmatched(all []feed.Entry) []feed.Entry {
	if i := at(all, wrongFrom); i >= 0 {
		all[i].Matches = nil
	}
	return all
}

// silentLog goes on at the floor as if nothing were missing.
type silentLog struct{ feed.Log }

func (l silentLog) Read(ctx context.Context, m change.Memory, after int64, limit int) ([]feed.Entry, error) {
	page, err := l.Log.Read(ctx, m, after, limit)
	if err == nil || fault.KindOf(err) != fault.Compacted {
		return page, err
	}
	b, err := l.Log.Bounds(ctx, m)
	if err != nil {
		return nil, err
	}
	return l.Log.Read(ctx, m, b.Floor-1, limit)
}

// sharedLog tells every tenant of the first one's changes.
type sharedLog struct{ feed.Log }

func (l sharedLog) Read(ctx context.Context, m change.Memory, after int64, limit int) ([]feed.Entry, error) {
	m.Tenant = "acme"
	return l.Log.Read(ctx, m, after, limit)
}

func (l sharedLog) Bounds(ctx context.Context, m change.Memory) (feed.Bounds, error) {
	m.Tenant = "acme"
	return l.Log.Bounds(ctx, m)
}
