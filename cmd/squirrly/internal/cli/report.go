package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"runtime"

	"github.com/cli/browser"
	"github.com/spf13/cobra"

	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

type reportFlags struct {
	open bool
	out  string
	http string
}

func (a *app) reportCommand() *cobra.Command {
	var f reportFlags
	c := &cobra.Command{
		Use:   "report RUN|DIR",
		Short: "Print the report of a run, or open it in a browser",
		Long: `Print the report of a run on a server, or of a folder that ` + "`squirrly profile --out`" + ` wrote; or open it in a browser, with the
flame graphs that it links to. Where there is no browser the path of the page is printed.

A run is read from the server (--nats) and the artifact store (SQUIRRLY_S3_…), or by HTTP alone: --http names the API of the
trigger, and SQUIRRLY_HTTP_TOKEN its token.`,
		Example: `  squirrly report 1b9d6bcd --open
  squirrly report ./profile -o markdown
  squirrly report 1b9d6bcd --http https://squirrly.example --open`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, v []string) error { return a.report(c.Context(), v[0], f) },
	}
	c.Flags().BoolVar(&f.open, "open", false, "open the page in a browser")
	c.Flags().StringVar(&f.out, "out", "", "`DIR` for the page and what it links to (default with --open: one in the user's cache)")
	c.Flags().StringVar(&f.http, "http", "", "`URL` of the HTTP API, to read a run without NATS and store (env SQUIRRLY_HTTP_URL)")
	return c
}

func (a *app) report(ctx context.Context, name string, f reportFlags) error {
	if f.http == "" && !a.remote() {
		f.http = env("SQUIRRLY_HTTP_URL")
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return a.reportFolder(ctx, name, f)
	}
	if f.http != "" {
		return a.reportHTTP(ctx, name, f)
	}
	return a.reportRun(ctx, name, f)
}

// reportFolder prints or opens the report of a folder.
func (a *app) reportFolder(ctx context.Context, dir string, f reportFlags) error {
	an, err := a.readAnalysis(ctx, dir)
	if err != nil {
		return err
	}
	if !f.open {
		return a.printReport(an)
	}
	into, err := a.openFolder(dir)
	if err != nil {
		return err
	}
	if err := errors.Join(into.reports(an), into.close()); err != nil {
		return err
	}
	return a.show(filepath.Join(dir, reportName))
}

// reportRun prints or opens the report of a run on a server.
func (a *app) reportRun(ctx context.Context, given string, f reportFlags) error {
	b, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	id, err := a.find(ctx, b, given)
	if err != nil {
		return err
	}
	rec, err := run.New(b).Get(ctx, id)
	if err != nil {
		return err
	}
	if rec.State != events.StateAnalyzed {
		return fmt.Errorf("run %s is %s: it has no report", id, rec.State)
	}
	store, err := openStore(ctx, b)
	if err != nil {
		return err
	}
	if !f.open && f.out == "" {
		an, err := loadAnalysis(ctx, store, rec)
		if err != nil {
			return err
		}
		return a.printReport(an)
	}
	return a.intoFolder(ctx, id, f, func(dir string) error { return a.export(ctx, store, rec, dir) })
}

// reportHTTP prints or opens the report of a run that the HTTP API has.
func (a *app) reportHTTP(ctx context.Context, given string, f reportFlags) error {
	s, err := newSite(f.http)
	if err != nil {
		return err
	}
	id, err := s.find(ctx, given)
	if err != nil {
		return err
	}
	an, err := s.analysis(ctx, id)
	if err != nil {
		return err
	}
	if !f.open && f.out == "" {
		return a.printReport(an)
	}
	return a.intoFolder(ctx, id, f, func(dir string) error { return a.exportSite(ctx, s, an, id, dir) })
}

// exportSite writes the captures of a run that the HTTP API has, and the report in all formats.
func (a *app) exportSite(ctx context.Context, s *site, an events.Analysis, id, dir string) (err error) {
	into, err := a.openFolder(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, into.close()) }()
	for _, c := range an.Captures {
		file := path.Base(c.Key)
		if c.Key == "" || !filepath.IsLocal(file) {
			continue
		}
		err := into.take(ctx, "captures/"+file, func() ([]byte, error) {
			return s.get(ctx, "/v1/runs/"+id+"/captures/"+url.PathEscape(file), maxPage)
		})
		if err != nil {
			return err
		}
	}
	return into.reports(an)
}

func (a *app) printReport(an events.Analysis) error {
	if err := a.render(a.out, a.flags.output, an); err != nil {
		return fmt.Errorf("print report: %w", err)
	}
	return nil
}

// intoFolder writes a run to the folder that was asked for, or to one in the user's cache, and opens its page. What can be
// read of it is opened whatever else is missing.
func (a *app) intoFolder(ctx context.Context, id string, f reportFlags, write func(dir string) error) error {
	dir := folderOf(ctx, f.out, id)
	if f.out == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return usage("no folder for the page: give --out DIR (%w)", err)
		}
		dir = filepath.Join(cache, "squirrly", "reports", filepath.Base(id))
	}
	wrote := write(dir)
	page := filepath.Join(dir, reportName)
	if _, err := os.Stat(page); !f.open || err != nil {
		return wrote
	}
	return errors.Join(wrote, a.show(page))
}

// show opens a page in a browser; where there is none it prints the path.
func (a *app) show(page string) error {
	page, err := filepath.Abs(page)
	if err != nil {
		return fmt.Errorf("open %s: %w", page, err)
	}
	fmt.Fprintln(a.out, page)
	if a.browser == nil {
		a.browser = openBrowser
	}
	if err := a.browser(page); err != nil {
		fmt.Fprintf(a.err, "squirrly: no browser opens here (%s): the page is the file above\n", clean(err.Error()))
	}
	return nil
}

var errNoDisplay = errors.New("there is no display")

// openBrowser opens a file in the browser of the desktop.
func openBrowser(page string) error {
	if runtime.GOOS == "linux" && env("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME") == "" {
		return errNoDisplay // else a browser of the terminal may take it over
	}
	browser.Stdout, browser.Stderr = os.Stderr, os.Stderr
	return browser.OpenFile(page) //nolint:wrapcheck // the caller says what for.
}
