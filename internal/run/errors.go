package run

import "errors"

// ErrSuperseded says that another worker owns the run. Whoever gets it stops everything and settles nothing: the
// acknowledgement of a zombie would destroy the live owner's message.
var ErrSuperseded = errors.New("superseded: another worker owns the run")

// ErrCancelled is the cause of a handler's context when the run was cancelled on request.
var ErrCancelled = errors.New("run cancelled on request")

// ErrNoRecord says that a run has no record.
var ErrNoRecord = errors.New("no record of this run")
