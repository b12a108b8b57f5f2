package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// serveAdmin starts the admin server.
func (d *Daemon) serveAdmin(ctx context.Context, addr string) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen for the admin server: %w", err)
	}
	d.adminAddr = l.Addr()
	d.admin = &http.Server{
		Handler:           d.AdminHandler(),
		ReadHeaderTimeout: 5 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	go func() {
		if err := d.admin.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			d.Logger.ErrorContext(ctx, "admin server ended", "error", err)
		}
	}()
	d.Logger.InfoContext(ctx, "admin server listens", "addr", d.adminAddr.String())
	return nil
}

// AdminHandler serves /livez (the process runs), /readyz (every check holds; with ?verbose each by name), /metrics
// and /version.
func (d *Daemon) AdminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { writeText(w, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", d.readyz)
	mux.HandleFunc("GET /version", d.version)
	mux.Handle("GET /metrics", promhttp.HandlerFor(d.registry, promhttp.HandlerOpts{Registry: d.registry}))
	return mux
}

func (d *Daemon) version(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{ // the client is gone
		"service": d.name, "version": Version(), "go": runtime.Version(),
	})
}

func writeText(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(text)) // the client is gone
}
