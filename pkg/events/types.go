package events

// Type is a CloudEvents type of this contract. The version suffix changes only with a breaking change.
type Type string

// The event types.
const (
	TypeProfileRequested    Type = "dev.squirrly.profile.requested.v1"
	TypeRunCancel           Type = "dev.squirrly.run.cancel.v1"
	TypeProfilePlanned      Type = "dev.squirrly.profile.planned.v1"
	TypeArtifactReady       Type = "dev.squirrly.artifact.ready.v1"
	TypeRecommendationReady Type = "dev.squirrly.recommendation.ready.v1"
	TypeRunRejected         Type = "dev.squirrly.run.rejected.v1"
	TypeRunFailed           Type = "dev.squirrly.run.failed.v1"
	TypeRunCancelled        Type = "dev.squirrly.run.cancelled.v1"
	TypeNotificationSent    Type = "dev.squirrly.notification.sent.v1"
	TypeNotificationFailed  Type = "dev.squirrly.notification.failed.v1"
	TypeFindingOpened       Type = "dev.squirrly.finding.opened.v1"
	TypeFindingWorsened     Type = "dev.squirrly.finding.worsened.v1"
	TypeFindingImproved     Type = "dev.squirrly.finding.improved.v1"
	TypeFindingResolved     Type = "dev.squirrly.finding.resolved.v1"
	TypeFindingReopened     Type = "dev.squirrly.finding.reopened.v1"
	TypeFindingDismissed    Type = "dev.squirrly.finding.dismissed.v1"
)

// nounVerb maps a type to the two tokens of its subject.
var nounVerb = map[Type]string{
	TypeProfileRequested:    "profile.requested",
	TypeRunCancel:           "run.cancel",
	TypeProfilePlanned:      "profile.planned",
	TypeArtifactReady:       "artifact.ready",
	TypeRecommendationReady: "recommendation.ready",
	TypeRunRejected:         "run.rejected",
	TypeRunFailed:           "run.failed",
	TypeRunCancelled:        "run.cancelled",
	TypeNotificationSent:    "notification.sent",
	TypeNotificationFailed:  "notification.failed",
	TypeFindingOpened:       "finding.opened",
	TypeFindingWorsened:     "finding.worsened",
	TypeFindingImproved:     "finding.improved",
	TypeFindingResolved:     "finding.resolved",
	TypeFindingReopened:     "finding.reopened",
	TypeFindingDismissed:    "finding.dismissed",
}

// Known reports whether t is a type of this contract.
func (t Type) Known() bool { return nounVerb[t] != "" }

// Schema is the id of the published JSON Schema of the data of events of this type.
func (t Type) Schema() string {
	return "https://squirrly.dev/pkg/events/schemas/" + string(t) + ".json"
}

// State is the state of a run.
type State string

// The states of a run in the order in which they are reached. Rejected, Analyzed, Failed and Cancelled are terminal.
const (
	StatePlanned   State = "planned"   // written by trigger
	StateRejected  State = "rejected"  // written by trigger
	StateProfiling State = "profiling" // written by collector
	StateCaptured  State = "captured"  // written by collector
	StateAnalyzing State = "analyzing" // written by analyzer
	StateAnalyzed  State = "analyzed"  // written by analyzer
	StateFailed    State = "failed"    // written by the owner, or by the sweeper when there is none
	StateCancelled State = "cancelled" // written by the owner, or by the sweeper when there is none
)

var stateRank = map[State]int{
	StatePlanned: 1, StateProfiling: 2, StateCaptured: 3, StateAnalyzing: 4,
	StateAnalyzed: 9, StateRejected: 9, StateFailed: 9, StateCancelled: 9,
}

// Known reports whether s is a state of this contract.
func (s State) Known() bool { return stateRank[s] != 0 }

// Terminal reports whether a run in this state is over.
func (s State) Terminal() bool { return stateRank[s] == stateRank[StateAnalyzed] }

// Reached reports whether s is at least as far along as other. All terminal states are equally far.
func (s State) Reached(other State) bool { return stateRank[s] >= stateRank[other] }

// Mode is a mode of Flink's profiler, spelt as the profiler's REST API spells it.
type Mode string

// The profiler's modes.
const (
	ModeCPU    Mode = "CPU"    // perf events; not available in most containers
	ModeITimer Mode = "ITIMER" // shares of CPU time; needs no privileges
	ModeWall   Mode = "WALL"   // every thread, running or waiting, 20 times a second
	ModeAlloc  Mode = "ALLOC"  // allocations, counted as TLAB refills
	ModeLock   Mode = "LOCK"   // contended lock entries
)

// Valid reports whether m is a mode that Flink's profiler knows.
func (m Mode) Valid() bool {
	switch m {
	case ModeCPU, ModeITimer, ModeWall, ModeAlloc, ModeLock:
		return true
	}
	return false
}

// Severity of a finding or of a whole analysis.
type Severity string

// The severities, from the least to the most severe. SeverityNone marks an analysis without findings.
const (
	SeverityNone     Severity = "none"
	SeverityInfo     Severity = "info"
	SeverityWarning  Severity = "warning"
	SeverityCritical Severity = "critical"
)

var severityRank = map[Severity]int{SeverityNone: 0, SeverityInfo: 1, SeverityWarning: 2, SeverityCritical: 3}

// Known reports whether s is a severity of this contract.
func (s Severity) Known() bool {
	_, ok := severityRank[s]
	return ok
}

// AtLeast reports whether s is as severe as other or more so. Unknown severities count as none.
func (s Severity) AtLeast(other Severity) bool { return severityRank[s] >= severityRank[other] }

// Confidence in a statement, from the number of samples and the cross-checks behind it.
type Confidence string

// The degrees of confidence. A finding of low confidence is never critical.
const (
	ConfidenceHigh   Confidence = "high"
	ConfidenceMedium Confidence = "medium"
	ConfidenceLow    Confidence = "low"
)
