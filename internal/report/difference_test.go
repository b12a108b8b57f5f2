package report_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"squirrly.dev/internal/report"
	"squirrly.dev/pkg/events"
)

func difference() report.Difference {
	return report.Difference{
		Before: "v1", After: "v2", Comparison: sleepy().Comparison,
		Profiles: []report.ProfileChange{{
			Mode: events.ModeWall, Note: "WALL, for each record.",
			Grown:  []report.FrameChange{{Name: "app.New.map", After: 0.21}},
			Shrunk: []report.FrameChange{{Name: "java.lang.Thread.sleep", Before: 0.97, After: 0.02}},
		}},
	}
}

var differenceFormats = map[string]func(io.Writer, report.Difference) error{
	"text":     func(w io.Writer, d report.Difference) error { return report.DifferenceText(w, d, report.Options{}) },
	"markdown": report.DifferenceMarkdown, "html": report.DifferenceHTML, "json": report.DifferenceJSON,
}

func TestDifference(t *testing.T) {
	for name, write := range differenceFormats {
		var b bytes.Buffer
		if err := write(&b, difference()); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"v1", "v2", "Throughput is 11 % lower", "Remove the sleep.", "persisting", "app.New.map", "Thread.sleep"} {
			if !strings.Contains(strings.ReplaceAll(b.String(), "\u00a0", " "), want) {
				t.Errorf("%s lacks %q:\n%s", name, want, b.String())
			}
		}
		if name == "json" && !json.Valid(b.Bytes()) {
			t.Error("no JSON")
		}
	}
}

// Two runs without any difference say so.
func TestDifference_None(t *testing.T) {
	var b bytes.Buffer
	if err := report.DifferenceText(&b, report.Difference{Before: "a", After: "b"}, report.Options{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "No difference") {
		t.Errorf("says %q", b.String())
	}
}

func TestDifference_Hostile(t *testing.T) {
	d := difference()
	d.Before, d.After, d.Comparison = planted, planted, hostile().Comparison
	d.Profiles[0].Mode, d.Profiles[0].Note, d.Profiles[0].Grown[0].Name = planted, planted, planted
	for name, write := range differenceFormats {
		var b bytes.Buffer
		if err := write(&b, d); err != nil {
			t.Fatal(err)
		}
		bad := []string{"\x1b", "\u202e", "\u0007"}
		if name == "html" {
			bad = append(bad, "<script", "<img")
		}
		for _, x := range bad {
			if strings.Contains(b.String(), x) {
				t.Errorf("%s holds %q", name, x)
			}
		}
	}
}
