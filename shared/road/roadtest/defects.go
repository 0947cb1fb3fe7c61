package roadtest

import (
	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/delivery"
)

// Defect is something that is wrong on purpose. It is made anew for each run.
type Defect struct {
	Name      string
	Invariant int // that it breaks
	// cloud breaks ports, once for each process and each look.
	cloud func(*cloud.Cloud)
	// handler breaks attempts, once for each process.
	handler func(delivery.Handler) delivery.Handler
}

// None is no defect.
var None = Defect{Name: "none"}
