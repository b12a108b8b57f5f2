package daemon

import (
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"squirrly.dev/internal/placeholder"
	"squirrly.dev/internal/userfile"
)

const (
	// Prefix begins the name of every variable.
	Prefix = "SQUIRRLY_"

	fileSuffix    = "_FILE"
	maxSecretFile = 64 << 10 // bytes
)

// Aliased is implemented by a configuration that also honours well-known names: it maps SQUIRRLY_OPENAI_API_KEY to
// OPENAI_API_KEY, for example. The first name wins.
type Aliased interface{ Aliases() map[string]string }

// Switchable is implemented by a configuration with variables that an empty value turns off, where others take their
// default when they are empty. OffWhenEmpty lists their names; the fields get the value "off".
type Switchable interface{ OffWhenEmpty() []string }

// ConfigError says which variables are wrong, one sentence for each.
type ConfigError struct{ Problems []string }

// Error implements error.
func (e *ConfigError) Error() string { return "configuration: " + strings.Join(e.Problems, "; ") }

// Load fills a configuration from environ ("NAME=value", as os.Environ gives it). Fields carry the tags of
// github.com/caarlos0/env: `env:"NATS_URL"` reads SQUIRRLY_NATS_URL. Every variable may be given as NAME_FILE
// instead, naming a file that holds the value, as secrets are mounted. Placeholders of examples are refused. If C has Validate() error, it is called. The
// error is a *[ConfigError].
func Load[C any](environ []string) (C, error) {
	var cfg C
	vars := toMap(environ)
	if s, ok := any(&cfg).(Switchable); ok {
		switchOff(vars, s.OffWhenEmpty())
	}
	files, problems, err := resolve(&cfg, vars)
	if err != nil {
		return cfg, err
	}
	problems = append(problems, placeholders(&cfg, vars, files)...)
	if err := env.ParseWithOptions(&cfg, options(vars)); err != nil {
		problems = append(problems, explain[C](err, vars)...)
	}
	if len(problems) > 0 {
		return cfg, &ConfigError{problems}
	}
	if v, ok := any(&cfg).(interface{ Validate() error }); ok {
		if err := v.Validate(); err != nil {
			return cfg, &ConfigError{[]string{err.Error()}}
		}
	}
	return cfg, nil
}

// switchOff writes out what an empty value means, since the parser of the variables takes it for one that is not set.
func switchOff(vars map[string]string, names []string) {
	for _, name := range names {
		if value, set := vars[name]; set && value == "" && vars[name+fileSuffix] == "" {
			vars[name] = "off"
		}
	}
}

func options(vars map[string]string) env.Options {
	return env.Options{Prefix: Prefix, Environment: vars}
}

func toMap(environ []string) map[string]string {
	vars := make(map[string]string, len(environ))
	for _, e := range environ {
		if name, value, ok := strings.Cut(e, "="); ok {
			vars[name] = value
		}
	}
	return vars
}

// resolve fills in variables that are given by another name or by a file, and says which variable named a file.
func resolve(cfg any, vars map[string]string) (files map[string]string, problems []string, err error) {
	params, err := env.GetFieldParamsWithOptions(cfg, options(vars))
	if err != nil {
		return nil, nil, fmt.Errorf("read the fields of the configuration: %w", err)
	}
	files = map[string]string{}
	aliases := map[string]string{}
	if a, ok := cfg.(Aliased); ok {
		aliases = a.Aliases()
	}
	known := make(map[string]bool, len(params))
	for _, p := range params {
		known[p.Key] = true
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		for _, source := range []string{name, aliases[name]} {
			file := source + fileSuffix
			if source == "" || known[file] || vars[name] != "" && vars[file] == "" {
				continue
			}
			if problem := fill(vars, files, name, source, file); problem != "" {
				problems = append(problems, problem)
			}
		}
	}
	return files, problems, nil
}

// placeholders says which variables hold what an example has in the place of a value.
func placeholders(cfg any, vars, files map[string]string) (problems []string) {
	params, _ := env.GetFieldParamsWithOptions(cfg, options(vars)) // they were read before
	for _, p := range params {
		if placeholder.Is(vars[p.Key]) {
			problems = append(problems, cmp.Or(files[p.Key], p.Key)+": "+placeholder.Err.Error())
		}
	}
	return problems
}

// Readable says which files that hold a secret of a configuration everybody on this machine may read.
func Readable[C any](environ []string) (names []string) {
	var cfg C
	vars := toMap(environ)
	files, _, _ := resolve(&cfg, vars) // that all is right was seen before
	for _, name := range slices.Sorted(maps.Values(files)) {
		const others = 0o004
		if info, err := os.Stat(vars[name]); err == nil && info.Mode().IsRegular() && info.Mode()&others != 0 {
			names = append(names, name)
		}
	}
	return names
}

// fill sets vars[name] from the variable source, or from the file that the variable file names, which it keeps in files.
func fill(vars, files map[string]string, name, source, file string) (problem string) {
	switch {
	case vars[file] == "":
		if vars[source] != "" {
			vars[name] = vars[source]
		}
		return ""
	case vars[source] != "":
		return "set " + source + " or " + file + ", not both"
	case vars[name] != "":
		return "" // the first name wins
	}
	value, err := readSecret(vars[file])
	if err != nil {
		return file + ": " + err.Error()
	}
	vars[name], files[name] = value, file
	return ""
}

func readSecret(path string) (string, error) {
	b, err := userfile.ReadSoon(path, maxSecretFile)
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

// explain turns the errors of the parser into sentences that name the variable and never its value.
func explain[C any](err error, vars map[string]string) []string {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return []string{err.Error()}
	}
	var problems []string
	for _, err := range all.Errors {
		var missing env.VarIsNotSetError
		var empty env.EmptyVarError
		var wrong env.ParseError
		switch {
		case errors.As(err, &missing):
			problems = append(problems, missing.Key+" is not set")
		case errors.As(err, &empty):
			problems = append(problems, empty.Key+" is empty")
		case errors.As(err, &wrong):
			problems = append(problems, culprit[C](wrong, vars)+" must be "+expected(wrong))
		default:
			problems = append(problems, err.Error())
		}
	}
	return problems
}

// culprit finds the variable of a parse error, which names only a field: the one that gives the same error alone.
func culprit[C any](wrong env.ParseError, vars map[string]string) string {
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if !strings.HasPrefix(name, Prefix) {
			continue
		}
		var cfg C
		var all env.AggregateError
		if !errors.As(env.ParseWithOptions(&cfg, options(map[string]string{name: vars[name]})), &all) {
			continue
		}
		for _, err := range all.Errors {
			if same, ok := errors.AsType[env.ParseError](err); ok && same.Name == wrong.Name && same.Type == wrong.Type {
				return name
			}
		}
	}
	return "the default of " + wrong.Name
}

// expected says what a variable must look like.
func expected(e env.ParseError) string {
	switch e.Type {
	case reflect.TypeFor[time.Duration]():
		return "a duration such as 30s or 5m"
	case reflect.TypeFor[url.URL]():
		return "a URL"
	case reflect.TypeFor[slog.Level]():
		return "debug, info, warn or error"
	}
	if reflect.PointerTo(e.Type).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return fmt.Sprintf("a %s: %v", e.Type.Name(), e.Err)
	}
	switch e.Type.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "a " + e.Type.String()
}
