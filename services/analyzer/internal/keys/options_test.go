package keys

import "testing"

func TestKnown(t *testing.T) {
	for _, test := range []struct {
		key, major string
		want       bool
	}{
		{"pipeline.object-reuse", "1", true},
		{"pipeline.object-reuse", "2", true},
		{"pipeline.object-reuse", "", true},
		{"pipeline.object-reuse", "3", true},
		{"pipeline.object-reus", "", false},
		{"taskmanager.network.memory.buffers-per-channel", "1", true}, // gone in 2.0
		{"taskmanager.network.memory.buffers-per-channel", "2", false},
		{"state.backend", "2", true}, // deprecated
		{"table.exec.mini-batch.enabled", "1", true},
		{"metrics.reporter.prom.interval", "1", true},
		{"metrics.reporter.a.b.interval", "1", false},
		{"metrics.reporter..interval", "1", false},
		{"metrics.reporter.<name>.interval", "1", false},
		{"external-resource.gpu.param.x", "2.3.0", true},
		{"external-resource.gpu.param.x.y", "2.3.0", false},
		{"", "", false},
	} {
		if got := Known(test.key, test.major); got != test.want {
			t.Errorf("Known(%q, %q) = %t", test.key, test.major, got)
		}
	}
}
