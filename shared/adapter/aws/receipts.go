package aws

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/once"
)

// receipts is the port once.Receipts: one row per key, which expires an hour
// after nobody can ask for it any more.
type receipts struct{ a *Adapter }

// The attributes of a receipt's row.
const (
	receiptBody   = "body"
	receiptSeed   = "seed"
	receiptAt     = "at" // epoch milliseconds
	receiptStatus = "status"
	receiptAnswer = "answer"
	receiptPacked = "packed" // the answer, where it is kept with gzip
	receiptClaim  = "claim"  // of whose claim the row is
)

const (
	receiptSpare = time.Hour
	// packFrom is how long an answer is kept as it is; below it a row is one
	// write unit anyhow.
	packFrom = 512
	// maxAnswer bounds what is kept of an answer: a row holds 400 KiB.
	maxAnswer = 380 << 10
)

func receiptKey(r once.Receipt) table.Key {
	return table.Key{Part: "R#" + url.QueryEscape(r.Scope) + "/" + url.QueryEscape(r.Key), Sort: "r"}
}

// Claim is the port's.
func (s receipts) Claim(ctx context.Context, r once.Receipt, since int64) (once.Receipt, bool, error) {
	claim := rand.Text()
	row := table.Row{
		receiptBody: r.Body[:], receiptSeed: r.Seed[:], receiptAt: r.At, receiptStatus: int64(r.Status), receiptClaim: claim,
		attrExpires: time.UnixMilli(r.At).Add(once.KeptFor + receiptSpare).Unix(),
	}
	if err := setAnswer(row, r.Answer); err != nil {
		return once.Receipt{}, false, err
	}
	err := s.a.cfg.Main.Write(ctx, table.Op{
		Key: receiptKey(r), Set: row, If: []table.Clause{{Name: receiptAt, Is: table.Less, Value: since}}, OrAbsent: true,
	})
	var refused *table.ConditionError
	switch {
	case err == nil:
		return r, true, nil
	case !errors.As(err, &refused):
		return once.Receipt{}, false, fmt.Errorf("claim an idempotency key: %w", err)
	case refused.Row.Text(receiptClaim) == claim: // the first try's answer was lost
		return r, true, nil
	}
	stands, err := receiptOf(r, refused.Row)
	return stands, false, err
}

// Finish is the port's. A receipt that another claim has replaced is left. An
// answer that does not fit into a row when it is packed is refused: the key is
// claimed again after a while, and ends with the same ids.
func (s receipts) Finish(ctx context.Context, r once.Receipt) error {
	op := table.Op{
		Action: table.Update, Key: receiptKey(r), Set: table.Row{receiptStatus: int64(r.Status)},
		If: []table.Clause{{Name: receiptSeed, Is: table.Equal, Value: r.Seed[:]}},
	}
	if err := setAnswer(op.Set, r.Answer); err != nil {
		return err
	}
	for _, name := range [...]string{receiptAnswer, receiptPacked} {
		if _, set := op.Set[name]; !set {
			op.Remove = append(op.Remove, name)
		}
	}
	err := s.a.cfg.Main.Write(ctx, op)
	var refused *table.ConditionError
	switch {
	case errors.As(err, &refused):
		return fault.New(fault.NotFound, "the idempotency key was claimed by another request meanwhile")
	case err != nil:
		return fmt.Errorf("finish a receipt: %w", err)
	}
	return nil
}

// setAnswer puts an answer into a row, packed where that makes it smaller.
func setAnswer(row table.Row, answer []byte) error {
	name := receiptAnswer
	if len(answer) > packFrom {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		if _, err := w.Write(answer); err != nil {
			return fmt.Errorf("pack a receipt's answer: %w", err)
		}
		if err := w.Close(); err != nil {
			return fmt.Errorf("pack a receipt's answer: %w", err)
		}
		if packed.Len() < len(answer) {
			name, answer = receiptPacked, packed.Bytes()
		}
	}
	if len(answer) > maxAnswer {
		return fault.New(fault.Internal, "the answer has %d bytes when it is packed; a receipt keeps %d", len(answer), maxAnswer)
	}
	if answer != nil {
		row[name] = answer
	}
	return nil
}

// receiptOf is the receipt that stands in a row under the key of another.
func receiptOf(asked once.Receipt, row table.Row) (once.Receipt, error) {
	r := once.Receipt{
		Scope: asked.Scope, Key: asked.Key, At: row.Number(receiptAt), Status: int(row.Number(receiptStatus)), Answer: row.Bytes(receiptAnswer),
	}
	copy(r.Body[:], row.Bytes(receiptBody))
	copy(r.Seed[:], row.Bytes(receiptSeed))
	packed := row.Bytes(receiptPacked)
	if packed == nil {
		return r, nil
	}
	from, err := gzip.NewReader(bytes.NewReader(packed))
	if err == nil {
		r.Answer, err = io.ReadAll(from)
	}
	if err != nil {
		return once.Receipt{}, fmt.Errorf("unpack a receipt's answer: %w", err)
	}
	return r, nil
}
