package aws

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/adapter/aws/fifo"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/dialect"
)

// job is a delivery's job in an epoch of its hook.
type job struct {
	delivery.Job
	epoch int64
	again bool // it may have been sent before: the receiver looks whether it has ended
}

func (j *job) memory() change.Memory { return j.Entry.Change.Memory }

// message is a job as a person reads it in a queue, and packed. It holds no
// content but what is sealed, and no secret. The fields from Attempts on are a
// dead letter's alone.
type message struct {
	Hook      string `json:"hook"`
	Delivery  string `json:"delivery"`
	EventID   string `json:"event_id"`
	EventType string `json:"event_type"`
	Seq       int64  `json:"seq"`

	Attempts       int    `json:"attempts,omitempty"`
	LastStatus     int    `json:"last_status,omitempty"`
	LastError      string `json:"last_error,omitempty"`
	FirstAttemptAt string `json:"first_attempt_at,omitempty"`
	LastAttemptAt  string `json:"last_attempt_at,omitempty"`
	Console        string `json:"console,omitempty"`

	Job packedJob `json:"job"`
}

// packedJob is what else a job is made of.
type packedJob struct {
	Tenant  string       `json:"tenant"`
	Memory  string       `json:"memory"`
	Prev    int64        `json:"prev"`
	Redrive int          `json:"redrive,omitempty"`
	Epoch   int64        `json:"epoch"`
	Again   bool         `json:"again,omitempty"`
	Cause   events.Cause `json:"cause"`
	At      int64        `json:"at"`
	Change  []byte       `json:"change"` // change.Pack
}

func messageOf(j *job) message {
	c := &j.Entry.Change
	return message{
		Hook: j.Hook, Delivery: j.ID(), EventID: c.EventID(), EventType: string(c.Cause), Seq: j.Entry.Seq,
		Job: packedJob{c.Memory.Tenant, c.Memory.ID, j.Prev, j.Redrive, j.epoch, j.again, c.Cause, c.At, change.Pack(c)},
	}
}

// readMessage reads a message's body; dead says that it is a dead letter's.
func readMessage(body string) (j job, dead bool, err error) {
	var msg message
	if err := json.Unmarshal([]byte(body), &msg); err != nil {
		return job{}, false, fmt.Errorf("read a job: %w", err)
	}
	j = job{epoch: msg.Job.Epoch, again: msg.Job.Again}
	j.Hook, j.Prev, j.Redrive, j.Entry.Seq = msg.Hook, msg.Job.Prev, msg.Job.Redrive, msg.Seq
	c := &j.Entry.Change
	if err := change.Unpack(msg.Job.Change, c); err != nil {
		return job{}, false, fmt.Errorf("read the job of delivery %q: %w", msg.Delivery, err)
	}
	c.ID, c.Cause, c.At = strings.TrimPrefix(msg.EventID, "evt_"), msg.Job.Cause, msg.Job.At
	c.Memory = change.Memory{Tenant: msg.Job.Tenant, ID: msg.Job.Memory}
	return j, msg.LastAttemptAt != "", nil
}

// group is the queue's group of a job. Redrives need no order with the events
// themselves.
func (j *job) group() string {
	name := hookPart(j.memory(), j.Hook) + "\n" + j.Entry.Change.Group()
	if j.Redrive > 0 {
		name += " again"
	}
	return digest(name)
}

// dedup is equal for a job that is sent twice in one epoch. A redrive's epoch
// is its number.
func (j *job) dedup() string {
	which := "epoch " + strconv.FormatInt(j.epoch, 10)
	if j.Redrive > 0 {
		which = "redrive " + strconv.Itoa(j.Redrive)
	}
	return digest(hookPart(j.memory(), j.Hook) + "\n" + j.Entry.Change.ID + "\n" + which)
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:20])
}

const (
	sendLanes = 8  // senders side by side
	sendBatch = 10 // messages of one request
)

// sendJobs puts jobs in line, each hook's in their order and hooks side by side.
// Sending the same jobs again is harmless. When it fails some may be in line.
func (a *Adapter) sendJobs(ctx context.Context, jobs []job) error {
	if len(jobs) == 0 {
		return nil
	}
	lanes := make([][]fifo.Message, min(sendLanes, (len(jobs)+sendBatch-1)/sendBatch))
	of := make(map[string]int, len(lanes)) // hook → lane
	for i := range jobs {
		j := &jobs[i]
		name := hookPart(j.memory(), j.Hook)
		lane, known := of[name]
		if !known {
			lane = len(of) % len(lanes)
			of[name] = lane
		}
		body, err := json.Marshal(messageOf(j))
		if err != nil {
			return fmt.Errorf("write the job of delivery %s: %w", j.ID(), err)
		}
		lanes[lane] = append(lanes[lane], fifo.Message{Group: j.group(), Dedup: j.dedup(), Body: string(body)})
	}
	errs := make([]error, len(lanes))
	var all sync.WaitGroup
	for i, lane := range lanes {
		if len(lane) > 0 {
			all.Go(func() { errs[i] = a.cfg.Jobs.Send(ctx, lane) })
		}
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return fmt.Errorf("put jobs in line: %w", err)
		}
	}
	return nil
}

// redriveJob is what a row that tells a redrive puts in line; false where the
// redrive has ended, or its event is compacted.
func (a *Adapter) redriveJob(ctx context.Context, m change.Memory, hookID string, r table.Row) (job, bool, error) {
	o := readOther(r)
	if !o.pending() || o.redrive == 0 {
		return job{}, false, nil
	}
	e, there, err := a.entry(ctx, m, o.seq)
	if err != nil || !there {
		return job{}, false, err
	}
	return job{Job: delivery.Job{Hook: hookID, Prev: o.prev, Redrive: o.redrive, Entry: e}, again: true}, true, nil
}

// bury puts the readable message of a dead letter in the queue for them, each
// in a group of its own.
func (a *Adapter) bury(ctx context.Context, h *hookRow, j job, o *other) error {
	msg := messageOf(&j)
	msg.EventType = dialect.Name(h.Dialect, j.Entry.Change.Cause)
	msg.Attempts, msg.LastStatus, msg.LastError = o.attempts, o.code, o.err
	msg.FirstAttemptAt, msg.LastAttemptAt = readable(o.firstAt), readable(o.lastAt)
	if a.cfg.Console != "" {
		msg.Console = strings.TrimSuffix(a.cfg.Console, "/") + "/memories/" + url.PathEscape(h.Memory.ID) + "/dead-letters/" + url.PathEscape(j.ID())
	}
	body, err := json.Marshal(msg)
	if err == nil {
		id := digest(hookPart(h.Memory, h.ID) + "\n" + j.ID())
		err = a.cfg.Dead.Send(ctx, []fifo.Message{{Group: id, Dedup: id, Body: string(body)}})
	}
	if err != nil {
		return fmt.Errorf("send dead letter %s: %w", j.ID(), err)
	}
	return nil
}

func readable(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }
