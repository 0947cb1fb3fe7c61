package bench

import (
	"context"
	"fmt"
)

// many is from how many entries on a page of the log mostly comes from the disk
// (the newest are held in memory, and to be compared with nothing), and the index
// has enough to catch up with for a rate.
const many = 10_000

// A rate of growth is the median of several samples, of so many writes from many
// callers each.
const (
	samplesOfRate = 3
	written       = 4000
)

// growth collects what one run measures at growing sizes. The reference of
// each figure is itself at the smallest.
type growth struct {
	of      string
	size    int
	first   map[string]float64
	samples []sample
}

// storedOverHTTP names what is measured of writes alone.
const storedOverHTTP = "durable writes over HTTP, 64 callers"

// How much more the largest size may cost than the smallest: a third.
var (
	flatRate = &Budget{AtLeast: 0.75, OfBare: true}
	flatTime = &Budget{AtMost: 1.33, OfBare: true}
)

func (g *growth) add(name, unit string, value float64, budget *Budget, remarks string) {
	if g.first == nil {
		g.first = map[string]float64{}
	}
	if g.first[name] == 0 {
		g.first[name] = value
	}
	g.samples = append(g.samples, sample{
		name: name, growth: g.of, size: g.size, unit: unit, value: value, bare: g.first[name], budget: budget, remarks: remarks,
	})
}

// over measures at each size on a system of its own, whose store is new, and
// which has been at work: so the sizes differ in nothing but the size.
func (g *growth) over(ctx context.Context, b *bed, sizes []int, measure func() error) error {
	for _, g.size = range sizes {
		if err := b.anew(ctx); err != nil {
			return err
		}
		if err := b.warmed(ctx); err != nil {
			return err
		}
		if err := measure(); err != nil {
			return err
		}
	}
	return nil
}

// grains measures the same at more and more stored grains of one memory.
func grains(ctx context.Context, b *bed) ([]sample, error) {
	sizes := []int{1_000, 10_000, 100_000}
	if b.Large {
		sizes = append(sizes, 1_000_000)
	}
	g := growth{of: "stored grains"}
	err := g.over(ctx, b, sizes, func() error {
		hook, err := b.polled(ctx)
		if err != nil {
			return err
		}
		if err := b.fill(ctx, 0, g.size); err != nil {
			return err
		}
		if err := g.reads(ctx, b, hook); err != nil {
			return err
		}
		return g.writes(ctx, b)
	})
	return g.samples, err
}

// reads measures how fast the index catches up with what was filled, and then
// one caller's calls.
func (g *growth) reads(ctx context.Context, b *bed, hook string) error {
	perSecond, err := b.indexed(ctx)
	if err != nil {
		return err
	}
	asks := []string{byText, bySubject}
	if g.size >= many {
		asks = append(asks, byPage)
		g.add("index, catching up", "grains/s", perSecond, flatRate, "")
	}
	questions := b.questions(hook, g.size)
	for _, name := range asks {
		took, err := p50(questions[name])
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		g.add(name, "ms", took, flatTime, "")
	}
	// All that match are ranked up to 10,000, so this grows up to there: no budget
	// says how much.
	took, err := p50(questions[byCommon])
	g.add(byCommon, "ms", took, nil, "")
	return err
}

// writes measures writes over HTTP, and then what goes the whole way to a hook.
// They begin at the size and add to it, as their remarks say.
func (g *growth) writes(ctx context.Context, b *bed) error {
	begun := g.size
	several := func(name, unit string, work func() error) error {
		var all []float64
		for range samplesOfRate {
			perSecond, err := timed(written, work)
			if err != nil {
				return err
			}
			all = append(all, perSecond)
		}
		ended := begun + samplesOfRate*written
		g.add(name, unit, spreadOf(all).Median, flatRate, fmt.Sprintf("from %s to %s grains", Number(float64(begun)), Number(float64(ended))))
		begun = ended
		return nil
	}
	if err := several(storedOverHTTP, "writes/s", func() error { return b.remember(ctx, written) }); err != nil {
		return err
	}
	if _, err := b.webhook(ctx, b.sink.url); err != nil {
		return err
	}
	return several(toldSteadily+", 1 hook", "events/s", func() error { return b.told(ctx, written, 1) })
}
