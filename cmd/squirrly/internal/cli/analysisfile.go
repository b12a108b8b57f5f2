package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"squirrly.dev/pkg/events"
)

// analysisName is the file in which `squirrly profile --out` leaves the analysis.
const analysisName = "analysis.json"

// readAnalysis reads an analysis from its file, or from the folder that `squirrly profile --out` wrote.
func readAnalysis(path string) (events.Analysis, error) {
	var an events.Analysis
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, analysisName)
	}
	file, err := os.Open(path)
	if err != nil {
		return an, usage("%w", err)
	}
	defer func() { _ = file.Close() }()
	b, err := io.ReadAll(io.LimitReader(file, maxAnalysis+1))
	switch {
	case err != nil:
		return an, fmt.Errorf("read %s: %w", path, err)
	case len(b) > maxAnalysis:
		return an, usage("%s is larger than %d MiB", path, maxAnalysis>>20)
	}
	if err := json.Unmarshal(b, &an); err != nil {
		return an, usage("%s is no analysis: %w", path, err)
	}
	if an.Schema != events.AnalysisSchema {
		return an, usage("%s is no analysis: its schema is %q, want %q", path, an.Schema, events.AnalysisSchema)
	}
	return an, nil
}
