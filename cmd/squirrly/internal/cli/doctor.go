package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"squirrly.dev/cmd/squirrly/internal/doctor"
	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/services/trigger"
)

type doctorFlags struct {
	store, deep, ask bool
	cluster          string
	flink            flinkFlags
	llm              llmFlags
}

func (a *app) doctorCommand() *cobra.Command {
	var f doctorFlags
	c := &cobra.Command{
		Use:   "doctor [URL...]",
		Short: "Look at everything that Squirrly depends on, and say what to do",
		Long: `Look at the NATS server with its streams and consumers, the artifact store, the rights in Kubernetes, the language model,
the clocks, and the Flink clusters whose REST URLs are given: whether they can be reached and profile on each TaskManager.

  ok     it is as it should be
  note   it works, and you should know
  off    it is not configured, which is a way to work
  fail   it is not as it should be; the line below says what to do

With --store every object of the artifact store is looked at instead, and every object that the record of a run names:

  incomplete   it is listed, and the server lacks part of it
  damaged      its content is not what was stored (--deep reads everything to find out)
  missing      the record of a run names it, and it is not there

Nothing is changed, and no profile is started. The exit code is 1 when something fails. -o json prints the same for programs.`,
		Example: `  squirrly doctor
  squirrly doctor http://localhost:8081 --nats nats://nats.example:4222
  squirrly doctor --store --deep`,
		RunE: func(c *cobra.Command, urls []string) error {
			switch {
			case f.deep && !f.store:
				return usage("--deep is about the objects of the store: give --store as well")
			case f.store && len(urls) > 0:
				return usage("--store looks at the artifact store alone")
			case f.store:
				return a.doctorStore(c.Context(), f.deep)
			}
			return a.doctor(c.Context(), urls, f)
		},
	}
	flags := c.Flags()
	flags.BoolVar(&f.store, "store", false, "look at every object of the artifact store")
	flags.BoolVar(&f.deep, "deep", false, "with --store: read every object and compare its hash")
	flags.BoolVar(&f.ask, "ask-llm", false, "ask the language model a question of some 50 tokens")
	flags.StringVar(&f.cluster, "cluster", "", "kube context `NAME` (default: this pod's cluster, else the current context)")
	f.llm.add(c)
	f.flink.add(c)
	return c
}

// doctorConfig is what the environment says about what is looked at.
type doctorConfig struct {
	Flink   access.Config
	Trigger trigger.Config
}

// Aliases implements daemon.Aliased.
func (c doctorConfig) Aliases() map[string]string { return c.Trigger.Aliases() }

func (a *app) doctor(ctx context.Context, urls []string, f doctorFlags) error {
	cfg, err := daemon.Load[doctorConfig](os.Environ())
	if err != nil {
		return usage("%w", err)
	}
	llm, err := f.llm.config()
	if err != nil {
		return err
	}
	var targets []string
	for _, u := range urls {
		t, err := (&requestFlags{}).target(u)
		if err != nil {
			return err
		}
		if t.URL == "" {
			return usage("%s: name the REST URL of a JobManager, such as http://localhost:8081", u)
		}
		targets = append(targets, t.URL)
	}
	entries, err := f.flink.entries()
	if err != nil {
		return err
	}
	cfg.Flink.Local = true
	if f.flink.file != "" {
		cfg.Flink.File = f.flink.file
	}
	way, err := access.Open(cfg.Flink, access.Options{Entries: entries, Logger: a.logger()})
	if err != nil {
		return usage("%w", err)
	}
	all := a.doctorServer(ctx)
	all = append(all, doctor.Kubernetes(ctx, cfg.Trigger, f.cluster)...)
	for _, url := range targets {
		all = append(all, doctor.Flink(ctx, way, url)...)
	}
	all = append(all, doctor.LLM(ctx, llm, f.ask)...)
	if err := ctx.Err(); err != nil {
		return err //nolint:wrapcheck // the exit code says so.
	}
	return a.printDoctor(all)
}

// doctorServer looks at the NATS server and the store. Without one, and none named, there is nothing to look at.
func (a *app) doctorServer(ctx context.Context) []doctor.Finding {
	b, err := a.connect(ctx)
	if err != nil {
		if !a.remote() {
			return []doctor.Finding{{Area: "NATS", State: doctor.Off, Says: "no server is named and none runs here: `squirrly profile` works without one, " +
				"`squirrly up` starts one"}}
		}
		cause, _, _ := strings.Cut(err.Error(), "\n")
		return []doctor.Finding{{Area: "NATS", State: doctor.Fail, Says: cause, Do: "Check the address, the network and the credentials (--nats, --creds)."}}
	}
	defer b.Close()
	all := doctor.NATS(ctx, b)
	s, err := openStore(ctx, b)
	if err != nil {
		return append(all, doctor.Finding{Area: "Artifact store", State: doctor.Fail, Says: err.Error(), Do: "Correct the setting that is named."})
	}
	where := "the object store on the NATS server"
	if env("SQUIRRLY_S3_ENDPOINT") != "" {
		where = "S3 at " + env("SQUIRRLY_S3_ENDPOINT")
	}
	return append(all, doctor.Store(ctx, s, where)...)
}

func (a *app) printDoctor(all []doctor.Finding) error {
	if a.flags.output == formatJSON {
		if err := a.json(all); err != nil {
			return err
		}
	} else {
		area, width := "", a.columns(a.out)
		for _, f := range all {
			if f.Area != area {
				area = f.Area
				fmt.Fprintln(a.out, clean(area))
			}
			const indent = "        "
			fmt.Fprintln(a.out, fmt.Sprintf("  %-6s", f.State)+strings.TrimPrefix(foldedTo(indent+f.Says, indent, width), indent))
			if f.Do != "" {
				fmt.Fprintln(a.out, foldedTo(indent+"→ "+f.Do, indent+"  ", width))
			}
		}
	}
	if doctor.Broken(all) {
		return &coded{code: exitFailure, quiet: true, err: errors.New("something is not as it should be")}
	}
	return nil
}
