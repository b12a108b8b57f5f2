package claims

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"squirrly.dev/test/oracle"
)

// Run is a recording with what is known of it.
type Run struct {
	Name      string
	Dir       string     // as `squirrly profile --out` left it
	Analysis  []byte     // analysis.json, for the ids
	Operators []Operator // with their ids
	Truth     Truth
}

// Operator is an operator of the plan.
type Operator struct {
	ID, Name, Vertex string   // Vertex as the analysis names it
	Classes          []string // of its functions, by the source of the job: "dev.acme.Job$Enrich"; empty is unknown
}

// Truth is the fault that was planted in a job.
type Truth struct {
	Mechanisms []string       // the first is claimed, the others are as true; empty: none was planted, or the run has the fix
	Fixed      []string       // mechanisms that the job would show without its fix
	Vertex     *regexp.Regexp // that limits the job
	Frames     *regexp.Regexp // that the fault shows
	Fixes      []Change       // settings, each of which helps
}

// fact is what of a fact is read.
type fact struct {
	ID     string  `json:"id"`
	Text   string  `json:"text"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
	Frame  string  `json:"frame"`
	Vertex string  `json:"vertex"`
	Mode   string  `json:"mode"`
	Count  *struct {
		JVMs    []string `json:"jvms"`
		Samples int64    `json:"samples"`
		Of      any      `json:"of"`
		Busy    float64  `json:"busy"`
		Unit    string   `json:"unit"`
		AtMost  bool     `json:"atMost"`
	} `json:"count"`
}

// recording is a run that was read.
type recording struct {
	Run

	profile  *oracle.Profile
	facts    []fact // with samples that can be counted
	loads    []fact // of vertices: how busy they are
	vertices []vertex
	config   map[string]string // of the cluster
	frames   []string          // names on its pages, in order
	in       map[string][]bool // by id or name: which samples of the profile
	faulty   map[string]bool   // of frames: those that the fault shows
	base     Claim             // as true as it is known
	measures []string          // facts that can be the share of base
}

// read reads the pages and the context of a run.
func read(run Run) (*recording, error) {
	folder, err := oracle.OpenFolder(run.Dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", run.Name, err)
	}
	r := &recording{Run: run, in: map[string][]bool{}}
	if r.profile, err = oracle.OpenProfile(run.Analysis, folder.Page); err != nil {
		return nil, fmt.Errorf("%s: %w", run.Name, err)
	}
	var a struct {
		Vertices []struct{ ID, Name, Label string } `json:"vertices"`
		Evidence []fact                             `json:"evidence"`
	}
	if err := json.Unmarshal(run.Analysis, &a); err != nil {
		return nil, fmt.Errorf("%s: %w", run.Name, err)
	}
	labels := map[string]string{}
	for _, v := range a.Vertices {
		labels[v.ID] = cmp.Or(v.Label, v.Name)
	}
	if err := r.readContext(labels); err != nil {
		return nil, fmt.Errorf("%s: %w", run.Name, err)
	}
	for _, f := range a.Evidence {
		switch {
		case f.Vertex != "" && strings.HasPrefix(f.Text, f.Vertex+": ") && strings.Contains(f.Text, " busy on average"):
			r.loads = append(r.loads, f)
		case f.Count != nil && f.Count.Unit == "" && !f.Count.AtMost && f.Mode != "":
			r.facts = append(r.facts, f)
		}
	}
	r.readFrames()
	r.claim()
	return r, nil
}

// readFrames notes the names on the pages, and which of them show the fault.
func (r *recording) readFrames() {
	r.faulty = map[string]bool{}
	for i := range r.profile.All {
		for _, name := range r.profile.All[i].Frames {
			if _, seen := r.faulty[name]; seen {
				continue
			}
			r.faulty[name] = r.Truth.Frames != nil && r.Truth.Frames.MatchString(name)
			if len(name) <= longestName && !strings.HasPrefix(name, "[") {
				r.frames = append(r.frames, name)
			}
		}
	}
	slices.Sort(r.frames)
}

// longestName is how many bytes a name in a claim may have.
const longestName = 300
