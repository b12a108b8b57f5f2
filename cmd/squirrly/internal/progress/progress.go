// Package progress shows how far a run is, from its record: one line for each thing that happened, and on a terminal a
// last line that moves. It writes and never reads; what a run is lies in the record.
package progress

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode"

	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// Printer shows one run. It is safe for concurrent use.
type Printer struct {
	w     io.Writer
	live  bool // a terminal that may be drawn on
	width int
	start time.Time

	mu    sync.Mutex
	rec   run.Record
	named bool      // the run was named
	last  time.Time // of the last printed line of the history
	drawn bool
	tick  int
}

// New returns a printer that writes to w; live draws a moving last line of at most width columns.
func New(w io.Writer, live bool, width int) *Printer {
	if width <= 0 {
		width = 80
	}
	return &Printer{w: w, live: live, width: width, start: time.Now()}
}

// Update shows what is new in a record.
func (p *Printer) Update(rec run.Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rec = rec
	if !p.named {
		p.named = true
		p.line("run %s", rec.Run)
	}
	p.history(rec)
	p.draw()
}

// history prints the lines of the record's history that are newer than the last one printed.
func (p *Printer) history(rec run.Record) {
	for _, l := range rec.History {
		if !l.At.After(p.last) {
			continue
		}
		p.last = l.At
		if rec.Outcome == nil || !strings.HasPrefix(l.Text, string(rec.State)+": ") { // else the command's error says it
			p.line("%s", name(l.Text))
		}
	}
}

// Tick moves the last line. Call it a few times a second.
func (p *Printer) Tick() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tick++
	p.draw()
}

// Done removes the moving line.
func (p *Printer) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
}

func (p *Printer) line(format string, args ...any) {
	p.erase()
	fmt.Fprintf(p.w, "%6s  %s\n", elapsed(time.Since(p.start)), fmt.Sprintf(format, args...))
}

func (p *Printer) erase() {
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.drawn = false
	}
}

const frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

// draw paints the moving line: a sign of life, the state, what is being done and how far.
func (p *Printer) draw() {
	if !p.live || p.rec.State == "" || p.rec.State.Terminal() {
		return
	}
	p.erase()
	glyphs := []rune(frames)
	text := fmt.Sprintf("%6s  %c %s", elapsed(time.Since(p.start)), glyphs[p.tick%len(glyphs)], p.rec.State)
	if p.rec.Step != "" {
		text += " · " + name(p.rec.Step)
	}
	if p.rec.WaitsFor != "" {
		text += " · waits: " + string(p.rec.WaitsFor)
		if left := time.Until(p.rec.NotBefore); left > 0 {
			text += fmt.Sprintf(", tried again in %.0fs", left.Seconds())
		}
	}
	if p.rec.Percent > 0 {
		text += fmt.Sprintf(" · %d %%", p.rec.Percent)
	}
	if r := []rune(text); len(r) >= p.width {
		text = string(r[:p.width-2]) + "…"
	}
	fmt.Fprint(p.w, text)
	p.drawn = true
}

// Ended says in one line how the run ended.
func (p *Printer) Ended(rec run.Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	if rec.State != events.StateAnalyzed {
		return // the error of the command says it
	}
	p.line("done in %s", time.Since(p.start).Round(time.Second/10))
}

func elapsed(d time.Duration) string { return fmt.Sprintf("%.1fs", d.Seconds()) }

// name keeps text from outside from steering the terminal.
func name(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}
