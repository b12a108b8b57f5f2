package parts

import "context"

// self is the program that runs this: a test that starts itself in another role, told by its environment.
var self = program{name: "self"}

// Self is a child process of the running program.
type Self struct{ proc *process }

// StartSelf runs the running program again with the given environment alone. dir takes its output.
func StartSelf(ctx context.Context, dir string, env ...string) (*Self, error) {
	proc, err := start(ctx, self, dir, env)
	if err != nil {
		return nil, err
	}
	return &Self{proc}, nil
}

// Kill ends the process at once (SIGKILL) and waits for it.
func (s *Self) Kill() { s.proc.Kill() }

// Done is closed when the process has ended.
func (s *Self) Done() <-chan struct{} { return s.proc.done }

// Err is how the process ended, with the end of its output; nil is success. It holds after Done.
func (s *Self) Err() error { return s.proc.failure() }
