package embedded

import "github.com/memhooks/memhooks/shared/fault"

// inUse says that another process has the data folder open; holder is its
// process id, "" where that is not known.
func inUse(dir, holder string) error {
	if holder == "" {
		holder = "unknown"
	}
	return fault.New(fault.Unavailable, "the data folder %s is in use by another memhooks (process id %s): stop that one, or give this one another folder (MEMHOOKS_DATA)", dir, holder)
}
