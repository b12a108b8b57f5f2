package flamegraph

// chunkLen frames (64 KiB) make a chunk.
const (
	chunkBits = 11
	chunkLen  = 1 << chunkBits
)

// frameList is a list that grows without copying: a page of 50 MB has
// millions of frames, and doubling one slice would take twice their memory.
type frameList struct {
	chunks [][]Frame
	len    int
}

func (l *frameList) at(id FrameID) *Frame { return &l.chunks[id>>chunkBits][id&(chunkLen-1)] }

// add appends a frame. Pointers from at may go stale.
func (l *frameList) add(f Frame) {
	last := l.len >> chunkBits
	if last == len(l.chunks) {
		size := chunkLen
		if last == 0 {
			size = 0 // small graphs pay for what they hold
		}
		l.chunks = append(l.chunks, make([]Frame, 0, size))
	}
	l.chunks[last] = append(l.chunks[last], f)
	l.len++
}
