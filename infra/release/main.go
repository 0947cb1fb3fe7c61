// Command release builds memhooks for every platform that it is released for,
// and packs each binary with what its user wants beside it:
//
//	release -version v1.2.3 -time 1767225600 [-out dist] [-only linux/amd64,windows/amd64]
//	release -version v1.2.3 -image dist/image -only linux/amd64
//
// The second form writes what the Dockerfile copies, in place of archives.
// The same sources, version and time give the same bytes, on any machine with
// the same Go. It needs Go and nothing else.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

// platforms are what memhooks is released for, as GOOS/GOARCH.
var platforms = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64"}

// order is what one run is asked for.
type order struct {
	root      string // the checkout
	out       string // the folder for archives and sums
	image     string // the folder for what an image holds; "": archives
	version   string
	time      time.Time // of everything in the archives
	platforms []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	o, err := parse(os.Args[1:], os.Stderr)
	switch {
	case err != nil:
	case o.image != "":
		err = o.stage(ctx, o.image, os.Stdout)
	default:
		err = o.run(ctx, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func parse(args []string, usage io.Writer) (order, error) {
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	flags.SetOutput(usage)
	o := order{root: "."}
	flags.StringVar(&o.version, "version", "", "what memhooks version says; also in the archives' names")
	flags.StringVar(&o.out, "out", "dist", "the folder to write to")
	flags.StringVar(&o.image, "image", "", "the folder for what an image holds, in place of archives")
	seconds := flags.Int64("time", 0, "the time of everything in the archives, in Unix seconds")
	only := flags.String("only", strings.Join(platforms, ","), "which platforms, separated by commas")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.time = time.Unix(max(*seconds, earliest), 0).UTC()
	o.platforms = strings.Split(*only, ",")
	if o.version == "" || strings.ContainsAny(o.version, `/\ `) {
		return o, fmt.Errorf("-version %q: give a version without slashes and spaces", o.version)
	}
	for _, p := range o.platforms {
		if !slices.Contains(platforms, p) {
			return o, fmt.Errorf("-only %s: use some of %s", p, strings.Join(platforms, ","))
		}
	}
	return o, nil
}
