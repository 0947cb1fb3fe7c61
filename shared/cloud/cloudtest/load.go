package cloudtest

import (
	"bytes"
	"fmt"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
)

var loadRules = []Rule{
	{"load/by hash", "Hash to that very grain", loadHash},
	{"load/by what leads to the current grain", "Prefix, Lineage and Name lead to the lineage's current grain (or its gone head)", loadLeads},
	{"load/gone", "A gone grain keeps identifiers only; its Box is nil.", loadGone},
	{"load/absent", "fault.NotFound where nothing has that name; a gone grain is returned with its State", loadAbsent},
	{"load/gives back what was stored", "Stored is a grain as a cloud keeps it: identifiers in the open, content sealed.", loadIntact},
	{"load/sees every answered write", "Load is strongly consistent.", loadStrong},
}

func loadHash(b *bench) {
	a := b.add("a")
	b.want(b.load("a first grain", store.Ref{Hash: a.Hash}).State == store.Current, "a first grain is not current")
	next := b.supersede(a, "a2")
	for range 2 {
		old := b.load("a superseded grain", store.Ref{Hash: a.Hash})
		b.want(old.Hash == a.Hash && old.State == store.Superseded && bytes.Equal(old.Box, a.Box),
			"a superseded grain's hash gives %.8s in state %d", old.Hash, old.State)
		now := b.load("its successor", store.Ref{Hash: next.Hash})
		b.want(now.State == store.Current && now.Version == 2 && now.Lineage == a.Hash, "its successor has state %d, version %d", now.State, now.Version)
		b.reopen()
	}
}

func loadLeads(b *bench) {
	a := b.add("a", called("color"))
	b.add("other", called("shape"))
	ways := map[string]store.Ref{
		"lineage": {Lineage: a.Hash}, "prefix": {Prefix: a.Hash[:32]}, "name": {Name: blind("color")},
	}
	for version := 1; version <= 3; version++ {
		for way, ref := range ways {
			got := b.load("by "+way, ref)
			b.want(got.Hash == a.Hash && got.Version == version, "the %s leads to version %d of %d", way, got.Version, version)
		}
		if version < 3 {
			a = b.supersede(a, fmt.Sprint("a", version+1))
		}
	}
	b.forget(a)
	for way, ref := range ways {
		got, err := b.Grains.Load(b.ctx, b.mem, ref)
		if way == "name" && fault.KindOf(err) == fault.NotFound && err != nil {
			continue // its blind went with the lineage
		}
		b.done("loading a gone head by "+way, err)
		b.want(got.State == store.Gone && got.Box == nil, "the %s of a gone lineage leads to state %d", way, got.State)
	}
}

func loadGone(b *bench) {
	a := b.add("a", about("ann"), scoped("acme/prod"))
	next := b.supersede(a, "a2")
	b.load("a grain that is gone soon", store.Ref{Hash: next.Hash})
	b.forget(next)
	for range 2 {
		for _, s := range []store.Stored{a, next} {
			got := b.load("a gone grain", store.Ref{Hash: s.Hash})
			b.want(got.State == store.Gone && got.Box == nil, "version %d of a gone lineage has state %d and a box of %d bytes", s.Version, got.State, len(got.Box))
			b.want(got.Hash == s.Hash && got.Lineage == a.Hash, "a gone grain lost its identifiers")
		}
		b.crash()
	}
}

func loadAbsent(b *bench) {
	b.add("a", called("color"))
	for what, ref := range map[string]store.Ref{
		"hash": {Hash: hash("no")}, "lineage": {Lineage: hash("no")}, "prefix": {Prefix: hash("no")[:32]}, "name": {Name: blind("no")},
	} {
		_, err := b.Grains.Load(b.ctx, b.mem, ref)
		b.refused("loading by an unknown "+what, err, fault.NotFound)
	}
	_, err := b.Grains.Load(b.ctx, change.Memory{Tenant: b.mem.Tenant, ID: "nowhere"}, store.Ref{Hash: hash("a")})
	b.refused("loading from a memory that is not there", err, fault.NotFound)
}

func loadIntact(b *bench) {
	full := b.add("full", about("Ann \U0001f600"), scoped("acme/prod"), spaced("work"), typed("event"), called("color"), telling("tea"),
		func(s *store.Stored) { s.CreatedAt -= 86_400_000; s.Box = bytes.Repeat([]byte{0, 255, '\n'}, 5000) })
	bare := b.add("bare")
	next := b.supersede(full, "full2")
	full.State = store.Superseded
	for range 2 {
		for _, s := range []store.Stored{full, bare, next} {
			got := b.load("a stored grain", store.Ref{Hash: s.Hash})
			if s.State == store.Superseded {
				got.Name, got.Subject = s.Name, s.Subject // kept of the current grain alone is enough
			}
			b.want(sameStored(got, s), "stored was %+v, loaded %+v", shown(s), shown(got))
		}
		b.reopen()
	}
}

func loadStrong(b *bench) {
	a := b.add("a")
	lineage, quit := a.Hash, make(chan struct{})
	reader := make(chan error, 1)
	grains := b.Grains
	go func() {
		for version := 0; ; {
			got, err := grains.Load(b.ctx, b.mem, store.Ref{Lineage: lineage})
			if err == nil && got.Version < version {
				err = fmt.Errorf("version %d was loaded after version %d", got.Version, version)
			}
			version = got.Version
			select {
			case <-quit:
				reader <- err
				return
			default:
			}
			if err != nil {
				reader <- err
				return
			}
		}
	}()
	b.ends = append(b.ends, func() { close(quit) })
	for version := 2; version <= 12; version++ {
		a = b.supersede(a, fmt.Sprint("a", version))
		got := b.load("what was just superseded", store.Ref{Lineage: lineage})
		b.want(got.Hash == a.Hash, "version %d was loaded after version %d was committed", got.Version, version)
	}
	b.end()
	b.done("reading beside a writer", <-reader)
}

// sameStored compares what a port promises to keep; Seq is optional.
func sameStored(a, b store.Stored) bool {
	return a.Hash == b.Hash && a.Lineage == b.Lineage && a.Type == b.Type && a.Namespace == b.Namespace &&
		a.Person == b.Person && a.ScopePath == b.ScopePath && a.CreatedAt == b.CreatedAt && a.FirstAt == b.FirstAt &&
		a.Version == b.Version && a.State == b.State && a.KeyID == b.KeyID &&
		bytes.Equal(a.Subject, b.Subject) && bytes.Equal(a.Name, b.Name) && bytes.Equal(a.Box, b.Box)
}

// shown is a grain without its box, for messages.
func shown(s store.Stored) store.Stored {
	s.Box = nil
	return s
}

func sameChange(a, b change.Change) bool {
	content := bytes.Equal(a.Content, b.Content)
	a.Content, b.Content = nil, nil
	return content && fmt.Sprint(a) == fmt.Sprint(b)
}
