// Demoserver is the web server of the demonstration, .ci/demo: it answers every
// request.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: demoserver HOST:PORT")
	}
	s := &http.Server{
		Addr: os.Args[1], ReadHeaderTimeout: 5 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") }),
	}
	log.Fatal(s.ListenAndServe())
}
