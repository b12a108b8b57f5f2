package memory

import (
	"math"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

const (
	// ofContainer is the share of a container's limit that Go's memory may take where GOMEMLIMIT is not set, in percent: the
	// rest is for what Go does not count.
	ofContainer = 90
	// base is what a process takes that does nothing: about 30 MiB, and garbage.
	base = 64 << 20
)

// OfProcess returns the budget of this process: what its limit leaves beside what it takes anyway. The limit is GOMEMLIMIT; where
// that is not set it becomes nine tenths of the limit of the container (cgroup). Without either it is nil. It is called once: two
// budgets of one process are twice its memory.
func OfProcess() *Budget {
	limit := debug.SetMemoryLimit(-1) // only asks
	if limit == math.MaxInt64 {
		container, err := memlimit.FromCgroup()
		if err != nil || container == 0 || container > math.MaxInt64/ofContainer {
			return nil
		}
		limit = int64(container) / 100 * ofContainer //nolint:mnd // percent
		debug.SetMemoryLimit(limit)
	}
	return New(of(limit))
}

// of is what can be shared out below a limit.
func of(limit int64) int64 { return max(limit-base, limit/2) } //nolint:mnd // half of one that is too small for this program
