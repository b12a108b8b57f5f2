package flamegraph

// hashes is a set of hashes that takes 16 bytes for each at most, and half as
// much again while it grows. A map takes three times that.
type hashes struct {
	slots []uint64 // a power of two of them; 0 is free
	len   int
}

// add adds a hash and reports whether it is new.
func (h *hashes) add(hash uint64) bool {
	const first = 64
	if 2*h.len >= len(h.slots) {
		old := h.slots
		h.slots, h.len = make([]uint64, max(first, 2*len(old))), 0 //nolint:mnd // half of them stay free
		for _, hash := range old {
			if hash != 0 {
				h.add(hash)
			}
		}
	}
	hash = max(hash, 1)
	mask := uint64(len(h.slots) - 1) //nolint:gosec // there are some
	for i := hash & mask; ; i = (i + 1) & mask {
		switch h.slots[i] {
		case hash:
			return false
		case 0:
			h.slots[i] = hash
			h.len++
			return true
		}
	}
}
