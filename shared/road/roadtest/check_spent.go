package roadtest

// What may be spent at most: spentAtOnce for what is there before anything
// happens, spentEach for each event, POST and call of a caller, about twice
// what most schedules need. Batches of schedules are small: what full ones
// cost is held to its budget by the adapter's own tests.
const (
	spentAtOnce = 40
	spentEach   = 8
)

// checkSpent: whatever failed and was tried again, nothing ran away.
func (r *run) checkSpent() {
	if r.Spent == nil {
		return
	}
	happened := len(r.receivers.all()) + len(r.calls)
	for _, m := range r.memories {
		happened += len(r.log[m])
	}
	if spent, most := r.Spent(), spentAtOnce+spentEach*happened; spent > most {
		r.found(12, "%d write units and queue requests were spent on %d events, POSTs and calls, at most %d may be", spent, happened, most)
	}
}
