package aws

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
)

// slowRows are one row that counts how often it is read; a reading sees the row
// as it was when it began, and takes a second.
type slowRows struct {
	Rows
	mu    sync.Mutex
	value int64
	reads int
}

func (s *slowRows) Get(ctx context.Context, keys ...table.Key) ([]table.Row, error) {
	s.mu.Lock()
	s.reads++
	seen := s.value
	s.mu.Unlock()
	if err := pause(ctx, time.Second); err != nil {
		return nil, err
	}
	rows := make([]table.Row, len(keys))
	for i := range rows {
		rows[i] = table.Row{"v": seen}
	}
	return rows, nil
}

func (s *slowRows) set(v int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.value = v
}

func TestTenWhoAskAtOnceReadTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &slowRows{value: 1}
		rows := newTogether(slow)
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				got, err := rows.Get(t.Context(), table.Key{Part: "p", Sort: "s"})
				if err != nil || got[0].Number("v") != 1 {
					t.Errorf("read %v, %v", got, err)
				}
				got[0]["v"] = int64(9) // nobody else's
			})
		}
		all.Wait()
		if slow.reads != 2 || len(rows.newest) != 0 {
			t.Errorf("%d readings, %d remembered", slow.reads, len(rows.newest))
		}
	})
}

func TestNobodyIsGivenWhatWasReadBeforeTheyAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &slowRows{}
		rows := newTogether(slow)
		var all sync.WaitGroup
		for i := range int64(20) {
			all.Go(func() {
				if got, err := rows.Get(t.Context(), table.Key{Part: "p"}); err != nil || got[0].Number("v") < i {
					t.Errorf("asked at %d: %v, %v", i, got, err)
				}
			})
			synctest.Wait()
			slow.set(i + 1)
			time.Sleep(300 * time.Millisecond)
		}
		all.Wait()
	})
}

func TestWhoGivesUpSpoilsNobodyElsesReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &slowRows{}
		rows := newTogether(slow)
		short, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		var all sync.WaitGroup
		for _, ctx := range []context.Context{t.Context(), short, t.Context(), short} {
			all.Go(func() {
				if _, err := rows.Get(ctx, table.Key{Part: "p"}); (err != nil) != (ctx == short) {
					t.Errorf("ended with %v", err)
				}
			})
			synctest.Wait()
		}
		all.Wait()
	})
}
