package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"squirrly.dev/internal/natsusers"
	"squirrly.dev/services/notifier"
)

type natsUsersFlags struct {
	out, manifest, namespace string
	requesters               []string
	options                  natsusers.Options
	force, nsc               bool
}

// toStdout is the name of standard output.
const toStdout = "-"

func (a *app) natsUsersCommand() *cobra.Command {
	var f natsUsersFlags
	c := &cobra.Command{
		Use:   "nats-users (--out DIR | --nsc)",
		Short: "Make users, passwords and accounts for a NATS server, each user with the least it needs",
		Long: `Make a user for each service, for ` + "`squirrly provision`" + ` (provision), for this program (operator), and for people and
systems outside, in accounts of their own: requesters, who may only ask, and subscribers, who may only read results. DIR then holds
accounts.conf for the configuration of the server, a file USER.password for each user, and Kubernetes Secrets of both.

  squirrly nats-users --out users --requester orders-ci=prod/flink/orders --subscriber dashboard

Passwords that are there are kept: remove the file of one for a new one. The same users give the same files. accounts.conf and the
Secrets are replaced by others with --force alone. Give the same --subscriber to ` + "`squirrly provision`" + `, which makes their durables.
Nothing is sent anywhere.

With --nsc nothing is written: what is printed are the commands of nsc that make the same accounts and users as JWTs, for a server in
operator mode. A client then needs its credentials file and, for its inbox, the name of its user.`,
		Args: args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error { return a.natsUsers(f) },
	}
	c.Flags().StringVar(&f.out, "out", "", "`DIR` to write to; it is made when it is missing")
	c.Flags().StringVar(&f.manifest, "manifest", "", "`FILE` for the Kubernetes Secrets (default: secrets.yaml in DIR); - is stdout")
	c.Flags().StringVar(&f.namespace, "namespace", "", "`NAMESPACE` of the Kubernetes Secrets")
	c.Flags().StringArrayVar(&f.requesters, "requester", nil, "`NAME[=CLUSTER[/NAMESPACE[/JOB]]]` of somebody who may ask for profiles; may be repeated")
	c.Flags().StringArrayVar(&f.options.Subscribers, "subscriber", nil, "`NAME` of somebody who may read results; may be repeated")
	c.Flags().StringSliceVar(&f.options.Channels, "channels", notifier.ChannelTypes(), "`TYPES` of notification channels, as for provision")
	c.Flags().StringArrayVar(&f.options.Forward, "notify-subject", nil, "`SUBJECT` on which the notifier publishes, as in SQUIRRLY_NOTIFY_SUBJECT; may be repeated")
	c.Flags().BoolVar(&f.force, "force", false, "replace accounts.conf and the Secrets that are there")
	c.Flags().BoolVar(&f.nsc, "nsc", false, "print commands of nsc for the same accounts and users as JWTs, and write nothing")
	return c
}

func (a *app) natsUsers(f natsUsersFlags) error {
	if (f.out == "") != f.nsc {
		return usage("name the folder to write to: --out DIR; or give --nsc alone, for commands that make JWTs")
	}
	for _, r := range f.requesters {
		name, scope, scoped := strings.Cut(r, "=")
		if scoped && scope == "" {
			return usage("--requester %s: nothing after the =; leave it out for a requester who may ask about every job", r)
		}
		f.options.Requesters = append(f.options.Requesters, natsusers.Requester{Name: name, Scope: scope})
	}
	if f.nsc {
		return a.nsc(f.options)
	}
	folder, err := natsusers.Prepare(f.out, f.namespace, f.options)
	if errors.Is(err, natsusers.ErrOptions) {
		return usage("%w", err)
	}
	if err != nil {
		return fmt.Errorf("make users: %w", err)
	}
	manifest := f.manifest
	switch manifest {
	case "":
		manifest = filepath.Join(f.out, natsusers.ManifestFile)
	case toStdout:
		manifest = ""
	}
	if err := folder.Write(manifest, f.force); err != nil {
		if errors.Is(err, natsusers.ErrDiffers) {
			return fmt.Errorf("%w\n  --force replaces it; passwords that are there are kept", err)
		}
		return fmt.Errorf("write users: %w", err)
	}
	return a.printNATSUsers(folder, manifest)
}

// nsc prints the table as commands of nsc.
func (a *app) nsc(o natsusers.Options) error {
	users, err := natsusers.Users(o)
	if err != nil {
		return usage("%w", err)
	}
	_, err = fmt.Fprint(a.out, natsusers.NSC(users))
	return err //nolint:wrapcheck // of the output of this program.
}

// natsUser is what is told of a user: all but the password.
type natsUser struct {
	Name     string `json:"name"`
	Account  string `json:"account"`
	Password string `json:"passwordFile"`
	Kept     bool   `json:"kept"`
}

func (a *app) printNATSUsers(f *natsusers.Folder, manifest string) error {
	fmt.Fprintf(a.err, "Include %s into the configuration of the NATS server.\n", filepath.Join(f.Dir, natsusers.ConfigFile))
	if manifest == "" {
		body, err := f.Manifest()
		if err == nil {
			_, err = a.out.Write(body)
		}
		return err //nolint:wrapcheck // it says what it does.
	}
	var all []natsUser
	for _, l := range f.Users {
		all = append(all, natsUser{l.Name, l.Account, l.File, l.Kept})
	}
	if a.flags.output == formatJSON {
		return a.json(all)
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "USER\tACCOUNT\tPASSWORD\tFILE")
	for _, u := range all {
		state := "new"
		if u.Kept {
			state = "kept"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", u.Name, u.Account, state, u.Password)
	}
	return w.Flush() //nolint:wrapcheck // of the output of this program.
}
