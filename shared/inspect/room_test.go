package inspect

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/delivery"
)

func TestAStoryHasRoomForTheNewestDeliveriesOfAllHooks(t *testing.T) {
	r := delivery.Record{Error: strings.Repeat("x", 100)}
	for n := range 21 {
		r.Trail = append(r.Trail, delivery.Attempt{N: n + 1, Error: r.Error})
	}
	s := Story{Hooks: make([]Part, detailed)}
	for i := range s.Hooks {
		for range repeated {
			s.Hooks[i].Deliveries = append(s.Hooks[i].Deliveries, Delivery{Record: r, Body: make([]byte, 10<<10)})
		}
	}
	s.fit()
	records, bodies := 0, 0
	for i, p := range s.Hooks {
		if len(p.Deliveries) == 0 || p.Deliveries[0].Body == nil || !p.Cut {
			t.Errorf("hook %d has %d deliveries", i, len(p.Deliveries))
		}
		for _, d := range p.Deliveries {
			shown, err := json.Marshal(d.Record)
			if err != nil {
				t.Fatal(err)
			}
			records, bodies = records+len(shown), bodies+len(d.Body)
		}
	}
	if !s.Truncated || records > 2*mostRecords || bodies > mostContent || bodies < mostContent/2 {
		t.Errorf("%d bytes of records, %d of bodies", records, bodies)
	}
}
