package report_test

import (
	"time"

	"squirrly.dev/pkg/events"
)

var noon = time.Date(2026, 11, 22, 3, 10, 0, 0, time.UTC)

const baselineRun = "6f0d1c9e-8a34-5f0e-9d61-1c2a7b90e4d3"

// sleepy is a job that a sleep limits; the LLM took part.
func sleepy() events.Analysis {
	grounding := 0.6
	return events.Analysis{
		Schema: events.AnalysisSchema, Run: "0b8f7c52-4a1d-5c3e-8f60-7d2e9a51c0b4",
		Identity: events.Identity{Cluster: "local", Namespace: "flink", Job: "sample-job"},
		JobID:    "a3f1c0d29b6e4f7d8c5e2b1a90f7d6e3", JobName: "Random integers", FlinkVersion: "2.3.0", CreatedAt: noon,
		Severity: events.SeverityCritical,
		Verdict: events.Verdict{
			Limit: events.LimitVertex, VertexID: "v3", VertexName: "even-stall", Subtasks: 2, BusySubtasks: 2, Busy: 0.98,
			Headline: "even-stall (2 of 2 subtasks) limits the job: 98 % busy, 97 % of that in EvenStallingFunction.map → " +
				"Thread.sleep. Upstream, 2 vertices are victims.",
			Anchor: "dev.squirrly.sample.EvenStallingFunction.map", Frame: "java.lang.Thread.sleep", P: 0.97,
			Fix: "Remove the sleep, or wait with a processing-time timer.", Bound: 33.3, NextLimit: "sine",
			Victims: []string{"random-source", "spread"}, Confidence: events.ConfidenceHigh, Samples: 1180,
			Evidence: []string{"V3", "F1", "M2"},
		},
		Findings:     []events.Finding{copyFinding(), sleepFinding(), kryoFinding()},
		Observations: sleepyObservations(),
		Unverified:   []string{"Refuted: garbage collection at O3 (even-stall). Its frames have next to none of the samples there."},
		Doubts: []events.Doubt{{
			Finding: "R2", Evidence: []string{"C2"}, Text: "The model claims records copied between chained operators at O3 instead of R2; 1 of its 2 relations holds.",
		}},
		Readings: []events.Reading{
			{About: "R1", Kind: events.ReadingCause, Text: "The sleep looks like a throttle from a load test that nobody took out again."},
			{About: "L1", Kind: events.ReadingChange, Text: "env.getConfig().enableObjectReuse(); // <b>then</b> measure again"},
			{Kind: events.ReadingObservation, Text: "Der Zweig sine scheint Luft zu haben; ein zweites Profil nach der Änderung lohnt sich."},
			{About: "R7", Kind: events.ReadingCause, Text: "About a finding that is not here."},
		},
		Comparison: &events.Comparison{
			BaselineRun: baselineRun, BaselineAt: noon.Add(-24 * time.Hour),
			Summary: "Throughput is 11 % lower than in the baseline; one finding is new.",
			Effect:  events.EffectWorse, Caveats: []string{"Flink was 1.20.5 in the baseline run and is 2.3.0 now."},
			Measures: []events.Measure{
				{Name: "throughput", Unit: "records/s", Before: 2218, After: 1974, Significant: true},
				{Name: "CPU per 1,000 records", Unit: "core-s", Before: 0.31, After: 0.33},
			},
			Changes: []events.Comparable{
				{
					Fingerprint: "f1", Title: "Sleeping in a task thread", Change: "persisting", Before: 0.96, After: 0.97, Rule: "A1",
					Where: "EvenStallingFunction.map → Thread.sleep", Metric: "thread time per 1,000 records", Unit: "thread-s",
					CostBefore: 0.88, CostAfter: 0.988, Advice: "Remove the sleep.", Effect: events.EffectNone,
				},
				{Fingerprint: "f2", Title: "Kryo serialises a generic type", Change: "new", After: 0.08},
				{
					Fingerprint: "f3", Title: "Regular expression compiled per record", Change: "resolved", Before: 0.21, Rule: "A6",
					Where: "Parse.map → Pattern.compile", Unit: "core-s", CostBefore: 0.05, Advice: "Compile it once.", Effect: events.EffectHelped,
				},
			},
			Graphs: []events.GraphRef{{Mode: events.ModeWall, ObjectRef: events.ObjectRef{Key: "local/flink/sample-job/r/diff-WALL-5f5f5f5f5f5f.html"}}},
		},
		Vertices: []events.VertexLoad{
			{ID: "v1", Name: "random-source", Parallelism: 2, Busy: 0.04, BusyMax: 0.05, Idle: 0.02, BackPressured: 0.94, RecordsOut: 1974, Role: "victim"},
			{ID: "v2", Name: "spread", Parallelism: 2, Busy: 0.03, BusyMax: 0.03, Idle: 0.05, BackPressured: 0.92, RecordsIn: 1974, RecordsOut: 1974, Role: "victim", Inputs: []string{"random-source"}},
			{ID: "v3", Name: "even-stall", Parallelism: 2, Busy: 0.975, BusyMax: 0.98, Idle: 0.02, BackPressured: 0.005, RecordsIn: 1974, RecordsOut: 1974, Role: "limit", Inputs: []string{"spread"}},
			{ID: "v4", Name: "sine", Parallelism: 2, Busy: 0.31, BusyMax: 0.33, Idle: 0.69, RecordsIn: 1974, RecordsOut: 1974, Inputs: []string{"spread"}},
			{
				ID: "v5", Name: "discard: Writer(a long list of columns) -> discard: Committer", Label: "Sink: discard", Parallelism: 1, Busy: -1, BusyMax: -1,
				Idle: -1, RecordsIn: 1974, Inputs: []string{"even-stall", "sine"},
			},
		},
		Operators: []events.OperatorLoad{
			{Vertex: "even-stall", Name: "even-stall", Busy: 1, CPU: 0.4, RecordsIn: -1, RecordsOut: -1, Hottest: "java.lang.Thread.sleep", Findings: []string{"R1"}},
			{Vertex: "sine", Name: "sine", Busy: 0.9, CPU: 0.7, RecordsIn: 1974, RecordsOut: 1974},
		},
		Flame: &events.Flame{Vertex: "even-stall", Mode: events.ModeWall, Samples: 1210, Frames: []events.FlameFrame{
			{Name: "org.apache.flink.streaming.api.operators.StreamMap.processElement", Samples: 1210},
			{Name: "dev.squirrly.sample.EvenStallingFunction.map", Depth: 1, Samples: 1200},
			{Name: "java.lang.Thread.sleep", Depth: 2, Samples: 1180, Finding: "R1"},
			{Name: "__futex_abstimed_wait_common", Depth: 3, Samples: 1180},
		}},
		Captures: []events.CaptureStats{
			{JVM: "10.244.0.17:6122-8ab3f1", Mode: events.ModeITimer, Samples: 1804, Bytes: 148_213, Status: "stored", Notes: []string{"71 % of the expected samples"}},
			{JVM: "10.244.0.17:6122-8ab3f1", Mode: events.ModeWall, Samples: 24_610, Bytes: 1_463_870, Status: "stored", Key: "local/flink/sample-job/r/captures/10_244_0_17_6122-WALL-06bfc774bb38.html"},
			{JVM: "10.244.0.18:6122-c04d77", Mode: events.ModeWall, Status: "lost", Notes: []string{"the TaskManager ended during the profile"}},
		},
		Evidence: []events.Fact{
			{ID: "V3", Text: "even-stall was 98 % busy (busiest subtask) over 60 s.", Value: 0.98, Unit: "share", Vertex: "even-stall"},
			{ID: "F1", Text: "EvenStallingFunction.map → Thread.sleep takes 1.95 thread equivalents.", Value: 1.95, Unit: "te", Mode: events.ModeWall, JVM: "10.244.0.17:6122-8ab3f1", Samples: 1180, StdErr: 0.005},
			{ID: "M2", Text: "random-source was backpressured for 94 % of its time.", Value: 0.94, Unit: "share", Vertex: "random-source"},
			{ID: "F4", Text: "KryoSerializer.serialize takes 0.16 thread equivalents.", Value: 0.16, Unit: "te", Mode: events.ModeITimer, Samples: 44, StdErr: 0.012},
			{ID: "K1", Text: "Task-root samples are 96 % of what 10 subtasks over 60 s should give.", Value: 0.96, Unit: "share", Mode: events.ModeWall},
			{ID: "C2", Text: "Serialisation is 4.1 % of the CPU profile without idle frames.", Value: 0.041, Unit: "share", Mode: events.ModeITimer},
		},
		Missing: []string{"No operator flame graphs: rest.flamegraph.enabled is off, so frames were mapped by thread dumps."},
		Provenance: events.Provenance{
			Squirrly: "v0.1.0", RulesVersion: "2026-11-20", Provider: "openai", Model: "gpt-5-mini",
			PromptHash: "9d2b6f0c4a7e1835", TokensIn: 6120, TokensOut: 1287, CostUSD: 0.0041, Grounding: &grounding,
			Claims: &events.Claims{Verified: 3, Dropped: 2, Refuted: 1, Undecided: 1},
		},
	}
}

func sleepFinding() events.Finding {
	return events.Finding{
		ID: "R1", Fingerprint: "f1", Rule: "A1", Category: "blocking", Title: "Sleeping in a task thread",
		Severity: events.SeverityCritical, Confidence: events.ConfidenceHigh,
		Anchor: "dev.squirrly.sample.EvenStallingFunction.map", Frame: "java.lang.Thread.sleep",
		Path: []string{
			"org.apache.flink.streaming.api.operators.StreamMap.processElement",
			"dev.squirrly.sample.EvenStallingFunction.map", "java.lang.Thread.sleep",
		},
		Vertices: []string{"even-stall"}, OnPath: true, Mode: events.ModeWall, Samples: 1180, TE: 1.95, P: 0.97, StdErr: 0.005,
		Share: 0.44, Bound: 33.3,
		Where: "EvenStallingFunction.map → Thread.sleep in the vertex even-stall, both subtasks.",
		Size:  "1.95 thread equivalents: 97 % (± 0.5 %) of the time of the vertex, 44 % of the whole profile without idle frames.",
		Why:   "While the function sleeps, the subtask takes no record, timer or barrier; random-source and spread only wait for it.",
		Cause: "The function puts the task's only thread to sleep for 1 ms on every even number.",
		Recommendation: events.Recommendation{
			Change:    "Remove the sleep. Wait with a processing-time timer, or limit the source with a rate limiter.",
			Why:       "A subtask has one thread; the time it sleeps is throughput that no other setting gives back.",
			Impact:    "At most 33× the throughput of this vertex; then sine limits the job at about 3× of today.",
			TradeOffs: "A timer needs a keyed stream and adds state.", Effort: "code",
			Links: []string{"https://nightlies.apache.org/flink/flink-docs-stable/docs/dev/datastream/operators/process_function/"},
		},
		Evidence: []string{"F1", "V3", "M2"}, Origin: events.OriginBoth, Proof: events.ProofProven,
	}
}

// copyFinding is one that a model chose among what is possible.
func copyFinding() events.Finding {
	return events.Finding{
		ID: "L1", Fingerprint: "f4", Rule: "B2", Category: "serialization", Title: "Records copied between chained operators",
		Severity: events.SeverityWarning, Confidence: events.ConfidenceLow,
		Anchor: "dev.squirrly.sample.SpreadFunction.map", Frame: "org.apache.flink.api.java.typeutils.runtime.PojoSerializer.copy",
		Mode: events.ModeITimer, Samples: 51, TE: 0.18, P: 0.09, Share: 0.047,
		Where: "PojoSerializer.copy behind SpreadFunction.map.",
		Size:  "0.18 thread equivalents, 4.7 % of the CPU profile.",
		Why:   "Each copy takes CPU that functions could use.",
		Cause: "Object reuse is off, so each record is copied before the next operator of the chain gets it.",
		Recommendation: events.Recommendation{
			Change: "Enable object reuse once no function keeps or changes a record after it has emitted it.",
			Why:    "A record that nobody keeps needs no copy.", Impact: "Up to 0.1 cores.", Effort: "config",
			Config: []events.ConfigChange{{Key: "pipeline.object-reuse", Value: "true"}},
		},
		Alternatives: []events.Recommendation{
			{Change: "Make records cheaper to copy, with fewer fields and immutable types.", Effort: "code"},
			{Change: "Register a serializer for the type.", When: "It may also be Kryo serialises a generic type (B1), with 3.1 % of the time.", Effort: "code"},
		},
		Evidence: []string{"F4"}, Origin: events.OriginLLM, Proof: events.ProofSupported,
	}
}

func kryoFinding() events.Finding {
	return events.Finding{
		ID: "R2", Fingerprint: "f2", Rule: "B1", Category: "serialization", Title: "Kryo serialises a generic type",
		Severity: events.SeverityInfo, Confidence: events.ConfidenceMedium,
		Anchor: "dev.squirrly.sample.SineFunction.map", Frame: "org.apache.flink.api.java.typeutils.runtime.kryo.KryoSerializer.serialize",
		Mode: events.ModeITimer, Samples: 44, TE: 0.16, P: 0.08, Share: 0.041,
		Where: "KryoSerializer.serialize behind SineFunction.map.",
		Size:  "0.16 thread equivalents, 4.1 % of the CPU profile.",
		Why:   "Off the path of the bottleneck it costs CPU, not throughput.",
		Cause: "A field's class has no default constructor, so Flink falls back to Kryo.",
		Recommendation: events.Recommendation{
			Change: "Make the class a POJO; refuse generic types while you do.", Why: "Flink's POJO serializer writes fields without reflection.",
			Impact: "No gain in throughput today; 0.1 cores.", Effort: "config",
			Config: []events.ConfigChange{{Key: "pipeline.generic-types", Value: "false"}},
			Links:  []string{"docs/dev/datastream/fault-tolerance/serialization/types_serialization/"},
		},
		Evidence: []string{"F4", "C2", "F99"}, Origin: events.OriginRules,
	}
}

func sleepyObservations() []events.Observation {
	return []events.Observation{
		{Text: "Both subtasks of even-stall are equally busy: there is no skew.", Evidence: []string{"V3"}, Origin: events.OriginRules},
		{Text: "The JVM was warm: throughput stayed within 5 %.", Origin: events.OriginLLM},
	}
}

// calm is a healthy job, by rules alone.
func calm() events.Analysis {
	return events.Analysis{
		Schema: events.AnalysisSchema, Run: baselineRun,
		Identity: events.Identity{Cluster: "prod", Namespace: "shop", Job: "orders"}, FlinkVersion: "1.20.5", CreatedAt: noon,
		Severity: events.SeverityNone,
		Verdict: events.Verdict{
			Limit: events.LimitNone, Headline: "Not limited. Busiest vertex enrich 41 % busy, no backpressure.",
			NextLimit: "enrich", Confidence: events.ConfidenceHigh, Evidence: []string{"V1"},
		},
		Findings: []events.Finding{},
		Vertices: []events.VertexLoad{
			{ID: "a", Name: "Source: orders", Parallelism: 4, Busy: 0.12, BusyMax: 0.14, Idle: 0.88, RecordsOut: 48_150},
			{ID: "b", Name: "enrich", Parallelism: 8, Busy: 0.38, BusyMax: 0.41, Idle: 0.62, RecordsIn: 48_150, RecordsOut: 3.2},
		},
		Captures: []events.CaptureStats{{JVM: "tm-1", Mode: events.ModeWall, Samples: 90_412, Bytes: 612, Status: "stored"}},
		Evidence: []events.Fact{{ID: "V1", Text: "enrich was 41 % busy (busiest subtask).", Value: 0.41, Unit: "share"}},
		Provenance: events.Provenance{
			Squirrly: "v0.1.0", RulesVersion: "2026-11-20", Provider: "rules",
			Note: "No LLM key is set; the analysis is by rules.",
		},
	}
}

// degraded is a result that the LLM and the metrics are missing from.
func degraded() events.Analysis {
	a := sleepy()
	a.Degraded = true
	a.Died = []string{"172.17.0.3:41537-6b1f2c"}
	a.DegradedWhy = []string{"llm_unavailable: the LLM did not answer for 30 minutes; the result is by rules alone."}
	a.Verdict = events.Verdict{
		Limit: events.LimitUnknown, Confidence: events.ConfidenceLow, Samples: 24,
		Headline: "Limit unknown: the counters of the job are not known. The largest cost is EvenStallingFunction.map → Thread.sleep.",
	}
	a.Severity, a.Comparison, a.Unverified, a.Vertices, a.Observations = events.SeverityWarning, nil, nil, nil, nil
	a.Doubts, a.Readings = nil, nil
	f := sleepFinding()
	f.Severity, f.Confidence, f.Origin, f.Proof = events.SeverityWarning, events.ConfidenceLow, events.OriginRules, ""
	a.Findings = []events.Finding{f}
	a.Missing = []string{"Metrics: without them nobody can tell which vertex limits the job."}
	a.Provenance = events.Provenance{Squirrly: "v0.1.0", RulesVersion: "2026-11-20", Provider: "rules"}
	return a
}

// planted is put into every text of the hostile analysis.
const planted = "<script>alert(1)</script><img src=x onerror=alert(2)> \x1b[31mred\x1b[0m \u202egnp.exe\u2066 `tick` ``two`` | pipe | " +
	"[click](javascript:alert(3)) ![i](https://evil.example/i.png) https://evil.example www.evil.example \"'&amp; $x$ *b* _i_ ~~s~~ @everyone <@U024BE7LH> <!channel>\r\n" +
	"# heading\n- item\n\u0000\u0007\u200bzero\ufeff e\u0301\u0302\u0303\u0304\u0305 \xff"

// hostile holds the planted text wherever an analysis has room for one.
func hostile() events.Analysis {
	a := sleepy()
	a.JobName, a.JobID, a.FlinkVersion, a.Run, a.Parent = planted, planted, planted, planted, planted
	a.Identity = events.Identity{Cluster: planted, Namespace: planted, Job: planted}
	a.Severity = planted
	a.Degraded, a.DegradedWhy, a.Died = true, []string{planted}, []string{planted}
	a.Verdict.Headline, a.Verdict.Anchor, a.Verdict.Frame, a.Verdict.Fix = planted, planted, planted, planted
	a.Verdict.NextLimit, a.Verdict.Victims, a.Verdict.Evidence = planted, []string{planted}, []string{planted, "F1"}
	a.Verdict.Confidence, a.Verdict.Gain = planted, planted
	f := events.Finding{
		ID: planted, Fingerprint: planted, Rule: planted, Category: planted, Title: planted, Severity: planted,
		Confidence: planted, Anchor: planted, Frame: planted, Path: []string{planted, planted}, Vertices: []string{planted},
		Mode: planted, Where: planted, Size: planted, Why: planted, Cause: planted, Evidence: []string{planted, "F1"}, Origin: planted, Proof: planted,
		Alternatives: []events.Recommendation{
			{Change: planted, When: planted, Config: []events.ConfigChange{{Key: planted, Value: planted}}},
			{When: "It may also be " + planted},
		},
		Recommendation: events.Recommendation{
			Change: planted, Why: planted, Impact: planted, TradeOffs: planted, Effort: planted,
			Config: []events.ConfigChange{{Key: planted, Value: planted}},
			Links:  []string{planted, "javascript:alert(4)", "https://ok.example/><script>", "http://plain.example/", "//evil.example"},
		},
	}
	a.Findings = []events.Finding{f}
	a.Observations = []events.Observation{{Text: planted, Evidence: []string{planted}, Origin: planted}}
	a.Unverified, a.Missing = []string{planted}, []string{planted}
	a.Doubts = []events.Doubt{{Finding: planted, Text: planted, Evidence: []string{planted}}}
	a.Readings = []events.Reading{{About: planted, Kind: planted, Text: planted}, {Kind: planted, Text: planted}}
	a.Comparison = &events.Comparison{
		BaselineRun: planted, Summary: planted, Effect: planted, Caveats: []string{planted},
		Measures: []events.Measure{{Name: planted, Unit: planted, Before: 1e300, After: 1e-300}},
		Changes: []events.Comparable{{
			Fingerprint: planted, Title: planted, Change: planted, Before: 0.1, After: 0.2, Rule: planted, Where: planted,
			Severity: planted, Metric: planted, Unit: planted, CostBefore: 1, CostAfter: 1e300, Advice: planted, Effect: planted,
		}},
		Graphs: []events.GraphRef{{Mode: planted, ObjectRef: events.ObjectRef{Key: planted, SHA256: planted}}},
	}
	a.Vertices = []events.VertexLoad{{ID: planted, Name: planted, Role: planted, Busy: 7, BusyMax: -3, BackPressured: 9, RecordsIn: 1e300}}
	a.Vertices = append(a.Vertices, events.VertexLoad{Name: planted, Label: planted + "2", Role: "limit", Inputs: []string{planted}})
	a.Operators = []events.OperatorLoad{{Vertex: planted, Name: planted, Hottest: planted, Findings: []string{planted}}}
	a.Flame = &events.Flame{Vertex: planted, Mode: planted, Samples: 3, Frames: []events.FlameFrame{
		{Name: planted, Samples: 3, Finding: planted}, {Name: planted, Depth: 1 << 30, Samples: 1 << 60},
	}}
	a.Captures = []events.CaptureStats{{JVM: planted, Mode: planted, Status: planted, Key: "r/captures/" + planted, Notes: []string{planted}}}
	a.Evidence = []events.Fact{{ID: planted, Text: planted, Unit: planted, Frame: planted, Vertex: planted, JVM: planted, Mode: planted}}
	a.Provenance = events.Provenance{Squirrly: planted, RulesVersion: planted, Provider: planted, Model: planted, PromptHash: planted, Note: planted}
	return a
}
