package flamegraph

// chunkLen elements make a chunk.
const (
	chunkBits = 11
	chunkLen  = 1 << chunkBits
)

// chunked is a list that grows without copying: a page of 50 MB has millions
// of frames, and doubling one slice would take twice their memory.
type chunked[T any] struct {
	chunks [][]T
	len    int
}

func (l *chunked[T]) at(i int32) *T { return &l.chunks[i>>chunkBits][i&(chunkLen-1)] }

// add appends an element. Pointers from at may go stale.
func (l *chunked[T]) add(v T) {
	last := l.len >> chunkBits
	if last == len(l.chunks) {
		size := chunkLen
		if last == 0 {
			size = 0 // small lists pay for what they hold
		}
		l.chunks = append(l.chunks, make([]T, 0, size))
	}
	l.chunks[last] = append(l.chunks[last], v)
	l.len++
}
