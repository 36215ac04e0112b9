// Web applications in Go, each with another library: `ISSUER=… PORT=… CLIENT_SECRET=… postern-client-tests go-oidc`.
package main

import (
	"context"
	"log"
	"net/http"
	"os"
)

// application makes the routes of an application that is reached at origin.
type application func(ctx context.Context, issuer, secret, origin string) (http.Handler, error)

var applications = map[string]application{"go-oidc": goOIDC, "zitadel/oidc": zitadelOIDC}

func main() {
	port := os.Getenv("PORT")
	make, known := applications[os.Args[1]]
	if !known {
		log.Fatalf("there is no %s", os.Args[1])
	}
	handler, err := make(context.Background(), os.Getenv("ISSUER"), os.Getenv("CLIENT_SECRET"), "http://localhost:"+port)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("localhost:"+port, handler))
}
