package events

import (
	"encoding/json"
	"slices"
	"time"
)

// AnalysisSchema names the version of analysis.json.
const AnalysisSchema = "dev.squirrly.analysis.v1"

// Analysis is the result of a run, whole: analysis.json in the artifact store.
type Analysis struct {
	Schema       string         `json:"schema"`
	Run          string         `json:"run"`
	Parent       string         `json:"parent,omitempty"` // the run that this one follows up: its captures are part of this
	Identity     Identity       `json:"identity"`
	JobID        string         `json:"jobId,omitempty"`
	JobName      string         `json:"jobName,omitempty"`
	FlinkVersion string         `json:"flinkVersion,omitempty"`
	CreatedAt    time.Time      `json:"createdAt"`           // of the analysis
	CapturedAt   time.Time      `json:"capturedAt,omitzero"` // when the profiles began, as far as it is known
	Verdict      Verdict        `json:"verdict"`
	Severity     Severity       `json:"severity"` // the highest of the findings
	Degraded     bool           `json:"degraded"` // a part of the analysis could not be done
	DegradedWhy  []string       `json:"degradedWhy,omitempty"`
	Died         []string       `json:"died,omitempty"`         // TaskManagers that died while they were profiled; the job is profiled no more until somebody allows it
	Findings     []Finding      `json:"findings"`               // most important first
	Observations []Observation  `json:"observations,omitempty"` // true and useful, but nothing to fix
	Silenced     []Silenced     `json:"silenced,omitempty"`     // causes that another finding stands for
	Unverified   []string       `json:"unverified,omitempty"`   // what the LLM claimed and the evidence refutes or does not decide, in words of ours
	Doubts       []Doubt        `json:"doubts,omitempty"`       // of the LLM about findings, which they change in nothing
	Readings     []Reading      `json:"readings,omitempty"`     // what the LLM says in its own words: nobody has verified it
	Comparison   *Comparison    `json:"comparison,omitempty"`
	Vertices     []VertexLoad   `json:"vertices,omitempty"`  // in the order of the data flow
	Operators    []OperatorLoad `json:"operators,omitempty"` // in the order of the data flow
	Flame        *Flame         `json:"flame,omitempty"`     // of the vertex that limits the job
	Usage        *Usage         `json:"usage,omitempty"`     // what the job delivered and what it took
	Costs        []Cost         `json:"costs,omitempty"`     // everything that was measured, most expensive first
	Captures     []CaptureStats `json:"captures"`
	Evidence     []Fact         `json:"evidence"`
	Counting     *Counting      `json:"counting,omitempty"` // what the counts of Evidence refer to
	Missing      []string       `json:"missing,omitempty"`  // what was not available, and what it would have shown
	Provenance   Provenance     `json:"provenance"`
}

// MarshalJSON implements json.Marshaler: lists that every analysis has are written as [] when empty, never as null.
func (a Analysis) MarshalJSON() ([]byte, error) {
	type plain Analysis // without this method
	a.Findings, a.Captures, a.Evidence = list(a.Findings), list(a.Captures), list(a.Evidence)
	return json.Marshal(plain(a)) //nolint:wrapcheck // json names the type itself.
}

// list is s, and an empty list for nil.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// Limit says whether and by what the throughput of a job is limited.
type Limit string

// The possible verdicts.
const (
	LimitVertex        Limit = "vertex"        // one vertex limits the job
	LimitNone          Limit = "not_limited"   // no vertex above 80 % busy, and nothing backpressured but for short bursts
	LimitCPU           Limit = "cpu"           // task threads are ready to run and get no CPU; VertexName is the one that lacks it most, and no code is to blame
	LimitBackpressured Limit = "backpressured" // the input never ends and is held back, but no vertex is busy on average
	LimitBursts        Limit = "bursts"        // backpressured and idle in turn: on average nothing limits the job
	LimitRestarting    Limit = "restarting"    // the job failed and restarted while it was profiled: nothing else matters
	LimitStarting      Limit = "starting"      // the job was rescaled, restored its state or did not run whole: profile it again
	LimitUnknown       Limit = "unknown"       // the load of the job, or of a vertex that may limit it, is not known
)

// Limits returns every verdict.
func Limits() []Limit {
	return []Limit{
		LimitVertex, LimitNone, LimitCPU, LimitBackpressured, LimitBursts, LimitRestarting, LimitStarting, LimitUnknown,
	}
}

// Valid reports one of [Limits].
func (l Limit) Valid() bool { return slices.Contains(Limits(), l) }

// Verdict is what a reader gets first.
type Verdict struct {
	Limit        Limit      `json:"limit"`
	Headline     string     `json:"headline"` // one or two sentences of plain text
	VertexID     string     `json:"vertexId,omitempty"`
	VertexName   string     `json:"vertexName,omitempty"`
	Subtasks     int        `json:"subtasks,omitempty"`     // of the vertex
	BusySubtasks int        `json:"busySubtasks,omitempty"` // that limit: all of them, or fewer when the load is skewed
	Busy         float64    `json:"busy,omitempty"`         // of the busiest subtask, 0 to 1
	Anchor       string     `json:"anchor,omitempty"`       // the function that explains it, as Class.method
	Frame        string     `json:"frame,omitempty"`        // what the function does, for example java.lang.Thread.sleep
	P            float64    `json:"p,omitempty"`            // share of the vertex's time in Anchor → Frame, 0 to 1
	Fix          string     `json:"fix,omitempty"`          // the first recommendation in one sentence
	Bound        float64    `json:"bound,omitempty"`        // upper bound of the speed-up: 1/(1-P), or less where NextLimit ends it; 0 is none
	Gain         string     `json:"gain,omitempty"`         // Bound in a sentence, for example "At most 1.4× the throughput, then sine limits."; empty when there is none
	NextLimit    string     `json:"nextLimit,omitempty"`    // the vertex that ends the speed-up before 1/(1-P)
	Victims      []string   `json:"victims,omitempty"`      // vertices that only wait for this one
	Confidence   Confidence `json:"confidence"`
	Samples      int64      `json:"samples,omitempty"` // behind Anchor → Frame
	Evidence     []string   `json:"evidence,omitempty"`
}

// Text is the headline with the gain.
func (v Verdict) Text() string {
	if v.Gain == "" {
		return v.Headline
	}
	return v.Headline + " " + v.Gain
}

// Origin says who made a finding.
type Origin string

// The origins of findings.
const (
	OriginRules Origin = "rules"
	OriginLLM   Origin = "llm"
	OriginBoth  Origin = "rules+llm"
)

// Finding is one problem.
type Finding struct {
	ID          string `json:"id"`          // within this analysis, for example R1
	Fingerprint string `json:"fingerprint"` // the same over runs: rule, anchor, operator, mode family
	// FingerprintVersion tells by which rules Fingerprint was made; 0 is the first. Those of two versions are not compared.
	FingerprintVersion int            `json:"fingerprintVersion,omitempty"`
	Rule               string         `json:"rule,omitempty"`  // id in the rule catalogue, for example A1
	Layer              Layer          `json:"layer,omitempty"` // what it is a fault of; empty when that is not known
	Category           string         `json:"category"`        // for example blocking, serialization, state, network, gc, starvation
	Title              string         `json:"title"`
	Severity           Severity       `json:"severity"`
	Confidence         Confidence     `json:"confidence"`
	Anchor             string         `json:"anchor"`         // first user frame below an operator, or of what reads or writes records for a task, else the matched frame
	Frame              string         `json:"frame"`          // the frame that the rule matched
	Path               []string       `json:"path,omitempty"` // frames from the operator to Frame, shortened
	Vertices           []string       `json:"vertices,omitempty"`
	OnPath             bool           `json:"onPath"` // in the vertex that limits the job
	Mode               Mode           `json:"mode"`   // of the capture that carries it; empty when metrics alone do, as of a skew
	Samples            int64          `json:"samples"`
	TE                 float64        `json:"te"`                    // thread equivalents; 1 is one subtask fully occupied
	P                  float64        `json:"p"`                     // TE over the TE of the limiting vertex's subtasks, 0 to 1
	StdErr             float64        `json:"stdErr,omitempty"`      // sampling error of P
	Share              float64        `json:"share"`                 // of the whole profile without idle frames, 0 to 1
	Bound              float64        `json:"bound,omitempty"`       // 1/(1-P) on the path, 0 off it
	Attainable         float64        `json:"attainable,omitempty"`  // upper bound of the job's speed-up: Bound, or less where another vertex limits then; 0 is none, or not known
	Cores              float64        `json:"cores,omitempty"`       // CPU that it takes; 0 is none or unknown
	CostPerHour        float64        `json:"costPerHour,omitempty"` // of Cores, in Currency; 0 without a price
	Currency           string         `json:"currency,omitempty"`    // of CostPerHour, for example USD
	Where              string         `json:"where"`                 // Key Bottlenecks: where it is
	Size               string         `json:"size"`                  // Key Bottlenecks: how large it appears
	Why                string         `json:"why"`                   // Key Bottlenecks: why it matters
	Cause              string         `json:"cause"`                 // Root Causes
	Recommendation     Recommendation `json:"recommendation"`
	// Alternatives are other changes that help, or may: then their When says how to tell.
	Alternatives []Recommendation `json:"alternatives,omitempty"`
	Evidence     []string         `json:"evidence"` // ids of facts
	Origin       Origin           `json:"origin"`
	Proof        Proof            `json:"proof,omitempty"` // empty is proven
}

// Recommendation says what to change for a finding.
type Recommendation struct {
	Change    string         `json:"change"`              // proposed change
	Why       string         `json:"why"`                 // why it helps
	Impact    string         `json:"impact"`              // impact estimate
	TradeOffs string         `json:"tradeOffs,omitempty"` //
	Config    []ConfigChange `json:"config,omitempty"`
	Links     []string       `json:"links,omitempty"`  // documentation
	Effort    string         `json:"effort,omitempty"` // config, code or redesign
	When      string         `json:"when,omitempty"`   // how to tell whether it applies, where that is not known; empty is that it does
}

// ConfigChange is a key of Flink's configuration and what to set it to.
type ConfigChange struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Observation is something true that needs no change.
type Observation struct {
	Text     string   `json:"text"`
	Evidence []string `json:"evidence,omitempty"`
	Origin   Origin   `json:"origin"`
}

// Fact is one numbered piece of evidence. The prefix of its id tells its kind: F a frame, T a line of the tree, M a
// metric, V a vertex, C a category, K a check of the data itself.
type Fact struct {
	ID      string  `json:"id"`
	Text    string  `json:"text"` // a sentence with the number in it
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"` // "share", "te", "samples", "records/s", "cores", "s", "MiB", "count"
	Frame   string  `json:"frame,omitempty"`
	Vertex  string  `json:"vertex,omitempty"`
	JVM     string  `json:"jvm,omitempty"`
	Mode    Mode    `json:"mode,omitempty"`
	Samples int64   `json:"samples,omitempty"`
	StdErr  float64 `json:"stdErr,omitempty"`
	Count   *Count  `json:"count,omitempty"` // what Samples counts; not in events
}

// VertexLoad is how one vertex spent the capture windows, from deltas of the accumulated counters.
type VertexLoad struct {
	ID            string  `json:"id"`
	Name          string  `json:"name"`            // as Flink has it, of any length
	Label         string  `json:"label,omitempty"` // short and unique within the job, as all other fields and texts say it; empty: Name
	Parallelism   int     `json:"parallelism"`
	Busy          float64 `json:"busy"`          // mean over subtasks, 0 to 1; -1 is unknown
	BusyMax       float64 `json:"busyMax"`       // busiest subtask; -1 is unknown
	Idle          float64 `json:"idle"`          // mean; -1 is unknown
	BackPressured float64 `json:"backPressured"` // mean; -1 is unknown
	RecordsIn     float64 `json:"recordsIn"`     // per second, all subtasks; -1 is unknown
	RecordsOut    float64 `json:"recordsOut"`    // per second, all subtasks; -1 is unknown
	// SourceOut is what the source in the vertex itself hands to the operators behind it, per second, all subtasks: by the
	// counters of operators, whatever is chained to it. 0 is unknown, or no source.
	SourceOut float64 `json:"sourceOut,omitempty"`
	Role      string  `json:"role,omitempty"` // "limit", "victim" or empty
	// Inputs are the short names of the vertices upstream.
	Inputs []string `json:"inputs,omitempty"`
	// Windows are the same between each two readings of the counters, so that the spread of a run is known.
	Windows []LoadWindow `json:"windows,omitempty"`
}

// LoadWindow is how one vertex spent the time between two readings. -1 is unknown.
type LoadWindow struct {
	Busy       float64 `json:"busy"`                // of all subtasks together, in thread equivalents
	RecordsIn  float64 `json:"recordsIn"`           // per second, all subtasks
	RecordsOut float64 `json:"recordsOut"`          // per second, all subtasks
	SourceOut  float64 `json:"sourceOut,omitempty"` // likewise, of the source alone; 0 is unknown, or no source
}

// Short is the name of the vertex for people, as the findings say it.
func (v VertexLoad) Short() string {
	if v.Label != "" {
		return v.Label
	}
	return v.Name
}

// CaptureStats is what one capture was worth.
type CaptureStats struct {
	JVM     string   `json:"jvm"`
	Mode    Mode     `json:"mode"`
	Samples int64    `json:"samples"`
	Bytes   int64    `json:"bytes"`
	Status  string   `json:"status"`
	Key     string   `json:"key,omitempty"`
	Notes   []string `json:"notes,omitempty"` // for example undersampled, or why it was lost
	Code    Code     `json:"code,omitempty"`  // why it was lost, or taken in another mode than the one asked for
	Hint    string   `json:"hint,omitempty"`  // what to do about that
}

// Provenance says how a result came about.
type Provenance struct {
	Squirrly     string   `json:"squirrly"`     // version of the analyzer
	RulesVersion string   `json:"rulesVersion"` //
	Provider     string   `json:"provider"`     // "rules" when no LLM was asked
	Model        string   `json:"model,omitempty"`
	PromptHash   string   `json:"promptHash,omitempty"` // SHA-256 of the prompt as sent
	TokensIn     int      `json:"tokensIn,omitempty"`
	TokensOut    int      `json:"tokensOut,omitempty"`
	CostUSD      float64  `json:"costUsd,omitempty"`
	Grounding    *float64 `json:"grounding,omitempty"` // accepted claims over all claims of the LLM, 0 to 1
	Claims       *Claims  `json:"claims,omitempty"`
	Note         string   `json:"note,omitempty"` // for example that no key is set and the rules alone decided
}

// Claims counts what became of the claims of the LLM. Readings are none.
type Claims struct {
	Verified  int `json:"verified"`            // accepted: proven or supported
	Corrected int `json:"corrected"`           // always 0; analyses of before had sentences with numbers
	Dropped   int `json:"dropped"`             // not accepted: refuted and undecided ones
	Refuted   int `json:"refuted,omitempty"`   // of Dropped
	Undecided int `json:"undecided,omitempty"` // of Dropped
}
