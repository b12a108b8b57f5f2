package artifact_test

import (
	"testing"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/pkg/events"
)

func TestKeys(t *testing.T) {
	prefix := events.Identity{Cluster: "local", Namespace: "default", Job: "orders"}.Prefix("run-1")
	sum := artifact.Sum([]byte("body")) // 230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5
	for name, c := range map[string]struct{ got, want string }{
		"capture":      {artifact.CaptureKey(prefix, "tm-1", events.ModeITimer, sum), "local/default/orders/run-1/captures/tm-1-ITIMER-230d8358dc8e.html"},
		"odd JVM":      {artifact.CaptureKey("", "../x", events.ModeWall, sum), "captures/___x-d6b96a97-WALL-230d8358dc8e.html"},
		"context":      {artifact.ContextKey(prefix, "job.json", sum), "local/default/orders/run-1/context/job-230d8358dc8e.json"},
		"odd context":  {artifact.ContextKey("", "Main.java", sum), "context/Main_java-91797b67-230d8358dc8e"},
		"document":     {artifact.DocumentKey(prefix, artifact.Report, ".html", sum), "local/default/orders/run-1/report-230d8358dc8e.html"},
		"bare":         {artifact.DocumentKey("", artifact.Manifest, "", sum), "manifest-230d8358dc8e"},
		"upload":       {artifact.UploadKey(sum), "uploads/" + sum},
		"not a digest": {artifact.DocumentKey("", artifact.Manifest, "", "ab"), "manifest-ab"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %s, want %s", name, c.got, c.want)
		}
	}
}
