package bus

import "context"

// places counts the deliveries that a slot can still take.
type places struct {
	size int
	free chan struct{}
}

func newPlaces(size int) *places {
	p := &places{size: size, free: make(chan struct{}, size)}
	p.give(size)
	return p
}

// take waits until a place is free and takes all that are; it returns 0 when ctx ends first.
func (p *places) take(ctx context.Context) int {
	select {
	case <-p.free:
	case <-ctx.Done():
		return 0
	}
	for n := 1; ; n++ {
		select {
		case <-p.free:
		default:
			return n
		}
	}
}

// give returns what was taken.
func (p *places) give(n int) {
	for range n {
		p.free <- struct{}{}
	}
}

// empty waits until everything is returned.
func (p *places) empty() {
	for range p.size {
		<-p.free
	}
}
