// A MongoDB-protocol server for the tests: FerretDB embedded, on its SQLite backend.
//
//	ferretdb <address> <folder>     for example: ferretdb 127.0.0.1:37017 /tmp/documents
//
// Built from its own module, since FerretDB's command refuses to start when it was not built from its release tree.
// FerretDB 1 reads, changes and writes back in three steps; MongoDB promises that the update of one document is atomic.
// So updates go through a gate, one at a time (gate.go). And its index on _id is of no use to it: build.sh mends that.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	if len(os.Args) != 3 {
		os.Stderr.WriteString("usage: ferretdb <address> <folder>\n")
		os.Exit(2)
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	inside := os.Args[2] + "/inside.sock"
	os.Remove(inside)
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{Unix: inside},
		Logger:    logger,
		Handler:   "sqlite",
		SQLiteURL: "file:" + os.Args[2] + "/",
	})
	if err != nil {
		logger.Error(err.Error())
		os.Exit(1)
	}
	ending, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := open(os.Args[1], inside); err != nil {
		logger.Error(err.Error())
		os.Exit(1)
	}
	if err := server.Run(ending); err != nil {
		logger.Error(err.Error())
		os.Exit(1)
	}
}
