package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"squirrly.dev/internal/userfile"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

// analysisName is the file in which `squirrly profile --out` leaves the analysis.
const analysisName = "analysis.json"

// readAnalysis reads an analysis from its file, or from the folder that `squirrly profile --out` wrote. Where such a
// folder has captures and no analysis, the rules make one.
func (a *app) readAnalysis(ctx context.Context, path string) (events.Analysis, error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		b, err := userfile.Read(ctx, path, maxAnalysis)
		if err != nil {
			return events.Analysis{}, refused(ctx, "%w", err)
		}
		return decodeAnalysis(path, b)
	}
	folder, err := userfile.OpenFolder(path)
	if err != nil {
		return events.Analysis{}, usage("%w", err)
	}
	defer folder.Close()
	if !folder.Has(analysisName) {
		return a.judge(ctx, path)
	}
	b, err := folder.Read(ctx, analysisName, maxAnalysis)
	if err != nil {
		return events.Analysis{}, refused(ctx, "%w", err)
	}
	return decodeAnalysis(folder.Path(analysisName), b)
}

func decodeAnalysis(path string, b []byte) (an events.Analysis, err error) {
	if err := json.Unmarshal(b, &an); err != nil {
		return an, usage("%s is no analysis: %w", path, err)
	}
	if an.Schema != events.AnalysisSchema {
		return an, usage("%s is no analysis: its schema is %q, want %q", path, an.Schema, events.AnalysisSchema)
	}
	return an, nil
}

// judge analyzes the captures in the folder of a run by the rules alone.
func (a *app) judge(ctx context.Context, folder string) (an events.Analysis, err error) {
	in, err := analyzer.Folder(folder)
	if err != nil {
		return an, usage("no %s, and %w", analysisName, err)
	}
	s, err := analyzer.New(rulesAlone(), analyzer.Deps{HTTP: &http.Client{}, Logger: a.logger()})
	if err != nil {
		return an, fmt.Errorf("open the analyzer: %w", err)
	}
	if an, err = s.Analyze(ctx, in); err != nil {
		return an, fmt.Errorf("analyze %s: %w", folder, err)
	}
	return an, nil
}
