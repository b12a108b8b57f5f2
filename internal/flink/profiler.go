package flink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// MaxProfileSize is the largest page that DownloadProfile passes on, in bytes.
const MaxProfileSize = 64 << 20

// Mode is what the profiler samples.
type Mode string

// The modes of Flink's profiler, spelled as its API wants them.
const (
	ModeCPU    Mode = "CPU"
	ModeITIMER Mode = "ITIMER"
	ModeWALL   Mode = "WALL"
	ModeALLOC  Mode = "ALLOC"
	ModeLOCK   Mode = "LOCK"
)

// States of a profile.
const (
	ProfileRunning  = "RUNNING"
	ProfileFinished = "FINISHED"
	ProfileFailed   = "FAILED"
)

// Profile is one profile of one JVM. Flink gives it no id: within a JVM, TriggerTime is what tells it from others.
type Profile struct {
	Status       string `json:"status"`
	Mode         Mode   `json:"mode"`
	TriggerTime  int64  `json:"triggerTime"`  // epoch ms, the TaskManager's clock
	FinishedTime int64  `json:"finishedTime"` // epoch ms; 0 while RUNNING
	Duration     int64  `json:"duration"`     // seconds
	Message      string `json:"message"`      // why it FAILED
	OutputFile   string `json:"outputFile"`   // only when FINISHED; for DownloadProfile
}

// StartProfile starts a profile of one TaskManager. Flink counts in seconds: duration is rounded up. Flink cannot stop
// a profile, refuses a second one in the same JVM (ErrProfilerBusy) and a duration above its limit
// (ErrDurationOutOfRange); a mode that the machine does not allow is ErrModeRefused.
func (c *Client) StartProfile(ctx context.Context, taskManagerID string, mode Mode, duration time.Duration) (Profile, error) {
	seconds := int64((duration + time.Second - 1) / time.Second)
	r := call{
		method: http.MethodPost, path: profilerPath(taskManagerID),
		body: struct {
			Mode     Mode  `json:"mode"`
			Duration int64 `json:"duration"`
		}{mode, seconds},
	}
	var p Profile
	err := c.json(ctx, r, &p)
	if err == nil {
		err = r.rejected(p)
	}
	if err != nil {
		return Profile{}, fmt.Errorf("start %s profile of TaskManager %s: %w", mode, taskManagerID, err)
	}
	return p, nil
}

// ListProfiles lists the profiles that a TaskManager remembers, newest first.
func (c *Client) ListProfiles(ctx context.Context, taskManagerID string) ([]Profile, error) {
	var list struct {
		Profiles []Profile `json:"profilingList"`
	}
	if err := c.get(ctx, &list, profilerPath(taskManagerID)...); err != nil {
		return nil, fmt.Errorf("list profiles of TaskManager %s: %w", taskManagerID, err)
	}
	return list.Profiles, nil
}

// DownloadProfile copies the page of a finished profile to w and returns its size. Above MaxProfileSize it stops with
// ErrTooLarge; what w got by then is worthless.
func (c *Client) DownloadProfile(ctx context.Context, taskManagerID, file string, w io.Writer) (int64, error) {
	r := call{method: http.MethodGet, path: profilerPath(taskManagerID, file)}
	var size int64
	err := c.do(ctx, r, func(body io.Reader) error {
		var err error
		size, err = r.copy(w, body)
		return err
	})
	if err != nil {
		return size, fmt.Errorf("download profile %s of TaskManager %s: %w", file, taskManagerID, err)
	}
	return size, nil
}

func (r call) copy(w io.Writer, body io.Reader) (int64, error) {
	from := &source{reader: io.LimitReader(body, MaxProfileSize+1)}
	n, err := io.Copy(w, from)
	switch {
	case from.err != nil: // the other side broke off, which must not look like a short page
		return n, r.failed(http.StatusOK, ErrUnavailable, withoutURL(from.err))
	case err != nil:
		return n, fmt.Errorf("write page: %w", err)
	case n > MaxProfileSize:
		return n, r.failed(http.StatusOK, ErrTooLarge, nil)
	}
	return n, nil
}

// source remembers whether reading failed, which io.Copy does not tell from writing.
type source struct {
	reader io.Reader
	err    error
}

func (s *source) Read(b []byte) (int, error) {
	n, err := s.reader.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err //nolint:wrapcheck // io.EOF must stay as it is
}

// rejected is the answer to a start that Flink accepted and the profiler did not: HTTP 200, and FAILED in the body.
func (r call) rejected(p Profile) error {
	if p.Status != ProfileFailed {
		return nil
	}
	e := r.failed(http.StatusOK, ErrProfileFailed, nil)
	e.Messages = []string{p.Message}
	switch {
	case strings.Contains(p.Message, "Profiler already started"):
		e.kind = ErrProfilerBusy
	case refusesMode(p.Message):
		e.kind = ErrModeRefused
	}
	return e
}

func profilerPath(taskManagerID string, file ...string) []string {
	return append([]string{"taskmanagers", taskManagerID, "profiler"}, file...)
}
