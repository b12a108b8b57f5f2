package flinktest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Script is how the profiler of a [Replay] behaves. The zero value starts every profile, shows it RUNNING once, then
// FINISHED, and gives the recorded page.
type Script struct {
	Polls       int    // the list shows a profile RUNNING so many times; 0 means once, negative never
	Busy        int    // refuse so many starts, since somebody else profiles
	RefuseStart string // answer a start with FAILED and this message
	RefuseMode  string // … only in this mode; empty means in all
	FailStop    string // end a profile as FAILED with this message
	Disabled    bool   // Flink without a profiler
	NoWebUI     bool   // … and without web UI, which words it differently
	Unreachable bool   // the TaskManager died just now, and Flink has not noticed
	Lost        bool   // … and has noticed: it is not registered any more
	MissingFile bool   // a finished profile's file is gone
	Page        []byte // give this page instead of the recorded one
}

// Play changes the behaviour from now on; running profiles stay.
func (r *Replay) Play(s Script) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.script = s
}

// AddProfile puts a finished profile into the history, as a user of Flink's web UI would have.
func (r *Replay) AddProfile(mode string, seconds int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.newProfile(mode, seconds)
	p.foreign = true
	p.finish("")
	r.profiles = slices.Insert(r.profiles, 0, p)
}

// Started counts the profiles that clients have started.
func (r *Replay) Started() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(r.profiles), func(p profile) bool { return p.foreign }))
}

// profile is one as Flink answers it, null for null.
type profile struct {
	Status        string  `json:"status"`
	Mode          string  `json:"mode"`
	TriggerTime   int64   `json:"triggerTime"`
	FinishedTime  *int64  `json:"finishedTime"`
	Duration      int64   `json:"duration"`
	Message       *string `json:"message"`
	OutputFile    *string `json:"outputFile"`
	ProfilingMode string  `json:"profilingMode"`

	polls   int // the list was asked so often since the start
	foreign bool
}

func (r *Replay) newProfile(mode string, seconds int64) profile {
	trigger := time.Now().UnixMilli()
	if len(r.profiles) > 0 { // unique, as in a JVM, which profiles once at a time
		trigger = max(trigger, r.profiles[0].TriggerTime+1)
	}
	return profile{Status: "RUNNING", Mode: mode, TriggerTime: trigger, Duration: seconds, ProfilingMode: mode}
}

// finish ends a profile; an empty reason means well.
func (p *profile) finish(reason string) {
	end := p.TriggerTime + p.Duration*1000
	p.FinishedTime = &end
	if reason != "" {
		p.Status, p.Message = "FAILED", &reason
		return
	}
	success := "Profiling Successful"
	file := fmt.Sprintf("%s_%s_%s.html", TaskManagerID(0), p.Mode, time.UnixMilli(end).UTC().Format("2006-01-02_15_04_05"))
	p.Status, p.Message, p.OutputFile = "FINISHED", &success, &file
}

// profiler answers the three routes of the profiler; file is what follows the slash.
func (r *Replay) profiler(method, file string, body []byte) Exchange {
	if r.script.Disabled {
		return r.disabled(method, file)
	}
	switch {
	case r.script.Unreachable && method == http.MethodPost:
		return r.byName["error-taskmanager-lost-start"]
	case r.script.Unreachable:
		return r.byName["error-taskmanager-lost-list"]
	case file != "":
		return r.file(file)
	case method == http.MethodPost:
		return r.start(body)
	default:
		return r.list()
	}
}

func (r *Replay) disabled(method, file string) Exchange {
	name := "error-disabled-"
	if r.script.NoWebUI {
		name += "no-ui-"
	}
	switch {
	case file != "":
		name += "file"
	case method == http.MethodPost:
		name += "start"
	default:
		name += "list"
	}
	return r.byName[name]
}

func (r *Replay) start(body []byte) Exchange {
	var request struct {
		Mode     string `json:"mode"`
		Duration int64  `json:"duration"`
	}
	err := json.Unmarshal(body, &request)
	known := slices.Contains([]string{"CPU", "ITIMER", "WALL", "ALLOC", "LOCK"}, request.Mode)
	switch {
	case err != nil || !known:
		return r.byName["error-mode-unknown"]
	case request.Duration <= 0 || request.Duration > 300:
		return r.byName["error-duration-100000"]
	case r.script.Busy > 0:
		r.script.Busy--
		return r.byName["error-busy"]
	case len(r.profiles) > 0 && r.profiles[0].Status == "RUNNING":
		return r.byName["error-busy"]
	}
	p := r.newProfile(request.Mode, request.Duration)
	if r.script.RefuseStart != "" && (r.script.RefuseMode == "" || r.script.RefuseMode == p.Mode) {
		p.finish(r.script.RefuseStart)
	}
	r.profiles = slices.Insert(r.profiles, 0, p)
	return ok(p)
}

func (r *Replay) list() Exchange {
	if len(r.profiles) > 0 && r.profiles[0].Status == "RUNNING" {
		newest := &r.profiles[0]
		if newest.polls >= r.script.pollsUntilFinished() {
			newest.finish(r.script.FailStop)
		}
		newest.polls++
	}
	return ok(map[string]any{"profilingList": append([]profile{}, r.profiles...)})
}

func (s Script) pollsUntilFinished() int {
	if s.Polls == 0 {
		return 1
	}
	return max(s.Polls, 0)
}

func (r *Replay) file(name string) Exchange {
	for _, p := range r.profiles {
		if p.OutputFile == nil || *p.OutputFile != name || r.script.MissingFile {
			continue
		}
		page := r.script.Page
		if page == nil {
			var err error
			if page, err = Page(r.version, p.Mode); err != nil {
				return Exchange{Status: http.StatusInternalServerError, JSON: mustJSON(map[string]any{"errors": []string{err.Error()}})}
			}
		}
		return Exchange{Status: http.StatusOK, ContentType: "text/plain", Text: string(page)}
	}
	return r.byName["error-file-missing"]
}

// finishedProfiles counts those that the counters have advanced for.
func (r *Replay) finishedProfiles() int {
	n := 0
	for _, p := range r.profiles {
		if p.Status == "FINISHED" && !p.foreign {
			n++
		}
	}
	return n
}

func ok(body any) Exchange {
	return Exchange{Status: http.StatusOK, ContentType: "application/json; charset=UTF-8", JSON: mustJSON(body)}
}
