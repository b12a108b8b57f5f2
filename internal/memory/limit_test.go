package memory_test

import (
	"math"
	"runtime/debug"
	"testing"

	"squirrly.dev/internal/memory"
)

// The budget leaves room for what the process takes anyway, and is never above its limit.
func TestOfProcess(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(math.MaxInt64))
	for limit, want := range map[int64]int64{450 << 20: 386 << 20, 900 << 20: 836 << 20, 100 << 20: 50 << 20} {
		debug.SetMemoryLimit(limit)
		b := memory.OfProcess()
		if got := b.Most(); got > want || got < want*9/10 {
			t.Errorf("a limit of %d MiB gives shares of %d MiB, want about %d", limit>>20, got>>20, want>>20)
		}
	}
}
