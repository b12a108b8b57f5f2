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

// add appends a zero element and returns it. Older pointers may go stale.
func (l *chunked[T]) add() *T {
	last := l.len >> chunkBits
	if last == len(l.chunks) {
		size := chunkLen
		if last == 0 {
			size = 0 // small lists pay for what they hold
		}
		l.chunks = append(l.chunks, make([]T, 0, size))
	}
	chunk := l.chunks[last]
	if len(chunk) < cap(chunk) {
		chunk = chunk[:len(chunk)+1]
	} else {
		var zero T
		chunk = append(chunk, zero)
	}
	l.chunks[last] = chunk
	l.len++
	return &chunk[len(chunk)-1]
}
