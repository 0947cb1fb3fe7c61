package aws

import (
	"fmt"
	"net/url"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
)

// The main table. M stands for a memory's partition, tenant/memory.
//
//	tenants        tenant             a tenant that has a memory
//	T#<tenant>     m#<memory>         a memory instance
//	               r#<memory>         a removal of a memory under way and, for two days, when it ended (ttl)
//	               a#<key id>         a bearer key, by id
//	A#<hash>       a                  a bearer key, by the hash of the raw key
//	R#<key>        r                  a receipt of an idempotency key (ttl)
//	Q#<key id>     q                  a key's leases of requests
//	M              l#<lineage>        a lineage: its current grain and its last change (tells)
//	               v#<lineage>#<hash> an older version of it
//	               g#<hash>           the lineage that a newer version's hash leads to
//	               k#<blind>          the lineage that a memory-set key leads to
//	               x#<change>         a change about no grain: recall, rotation, erasure (tells, ttl)
//	               h#<hook>           a hook (tells)
//	M#log          e#<first seq>      a chunk of the log
//	               floor              where the log begins
//	               k#<seq>            an erasure or rotation that outlived compaction
//	M#i            s#<id>             a segment of the search index
//	M#h#<hook>     p                  the hook's place: counters, how far its jobs are in line
//	               s#<bucket>#<id>    deliveries that the first attempt ended, one row a batch
//	               d#<seq>#<redrive>  any other delivery (tells, where a person redrives it)
//	               c#<name>           a named consumer
//
// The key table has no stream and no point-in-time recovery.
//
//	M              k#<key id>                a subject key
//	               p#<person>#<scope>        the current key of a pair, both hashed
//	               c#<cell id>, newest       the cell keys
//	               fence                     erasures under way
//
// A row that tells carries attrTells; the stream's filter lets no other pass.
const (
	partTenants = "tenants"

	sortMemory  = "m#"
	sortRemoval = "r#"
	sortAuth    = "a#"
	sortLineage = "l#"
	sortVersion = "v#"
	sortPointer = "g#"
	sortName    = "k#"
	sortMarker  = "x#"
	sortHook    = "h#"
	sortChunk   = "e#"
	sortFloor   = "floor"
	sortKept    = "k#"
	sortSegment = "s#"
	sortPlace   = "p"
	sortBatch   = "s#"
	sortOther   = "d#"
	sortReader  = "c#"
	sortKey     = "k#"
	sortPair    = "p#"
	sortCell    = "c#"
	sortNewest  = "newest"
	sortFence   = "fence"
)

// The attributes that rows of several kinds share. Others are named beside the
// code that writes them.
const (
	attrTells     = "f"   // what a row tells fan-out: one of tells…
	attrChange    = "c"   // a packed change
	attrCommitted = "w"   // when the writer sent the change, epoch milliseconds
	attrExpires   = "ttl" // Unix seconds
)

// What a row tells. A record is heard where its row has this attribute and the
// row before it did not tell the very same.
const (
	tellsChange  = "c"
	tellsHook    = "h"
	tellsRedrive = "r"
)

// part is a memory's partition. Ids are escaped, so that no two memories share
// one.
func part(m change.Memory) string {
	return url.QueryEscape(m.Tenant) + "/" + url.QueryEscape(m.ID)
}

func tenantPart(tenant string) string { return "T#" + url.QueryEscape(tenant) }
func logPart(m change.Memory) string  { return part(m) + "#log" }
func indexPart(m change.Memory) string {
	return part(m) + "#i"
}
func hookPart(m change.Memory, id string) string { return part(m) + "#h#" + url.QueryEscape(id) }

// seqSort orders numbers as texts.
func seqSort(prefix string, seq int64) string { return fmt.Sprintf("%s%016d", prefix, seq) }

// deliverySort is the row of one delivery.
func deliverySort(seq int64, redrive int) string {
	return fmt.Sprintf("%s%016d#%06d", sortOther, seq, redrive)
}

func memoryKey(m change.Memory) table.Key {
	return table.Key{Part: tenantPart(m.Tenant), Sort: sortMemory + m.ID}
}

func hookKey(m change.Memory, id string) table.Key {
	return table.Key{Part: part(m), Sort: sortHook + url.QueryEscape(id)}
}

func placeKey(m change.Memory, id string) table.Key {
	return table.Key{Part: hookPart(m, id), Sort: sortPlace}
}
