package embedded_test

import (
	"context"
	"crypto/rand"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/embedded"
	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/cloud/cloudtest"
	"github.com/memhooks/memhooks/shared/seal/localmaster"
)

// TestConformance holds the embedded cloud to every promise of the ports. Each
// rule runs in a bubble, whose clock stands still until all is done.
func TestConformance(t *testing.T) {
	const holdAfter = 4
	cloudtest.Run(t, synctest.Test, func(t *testing.T) cloudtest.Opened {
		return cloudtest.Folder(t, holdAfter, func(ctx context.Context, dir string) (*cloud.Cloud, error) {
			master, err := localmaster.Open(dir, "", rand.Reader)
			if err != nil {
				return nil, err
			}
			return embedded.Open(ctx, embedded.Config{Dir: dir, Wrapper: master, Now: time.Now, HoldAfter: holdAfter, Unfiled: 8})
		})
	})
}
