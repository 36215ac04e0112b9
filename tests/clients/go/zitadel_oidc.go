package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"

	"github.com/zitadel/oidc/v3/pkg/client/rp"
	httphelper "github.com/zitadel/oidc/v3/pkg/http"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// zitadelOIDC is github.com/zitadel/oidc as a relying party.
func zitadelOIDC(ctx context.Context, issuer, secret, origin string) (http.Handler, error) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	cookies := httphelper.NewCookieHandler(key, key, httphelper.WithUnsecure())
	provider, err := rp.NewRelyingPartyOIDC(ctx, issuer, "zitadel-oidc", secret, origin+"/callback",
		[]string{oidc.ScopeOpenID, oidc.ScopeProfile, oidc.ScopeEmail},
		rp.WithCookieHandler(cookies), rp.WithPKCE(cookies),
		rp.WithErrorHandler(func(w http.ResponseWriter, _ *http.Request, _ string, description string, _ string) {
			http.Error(w, "Failed: "+description, http.StatusUnauthorized)
		}))
	if err != nil {
		return nil, err
	}
	greet := func(w http.ResponseWriter, _ *http.Request, _ *oidc.Tokens[*oidc.IDTokenClaims], _ string, _ rp.RelyingParty, info *oidc.UserInfo) {
		fmt.Fprintf(w, "Hello, %s.", info.Name)
	}
	routes := http.NewServeMux()
	routes.Handle("/login", rp.AuthURLHandler(rand.Text, provider))
	routes.Handle("/callback", rp.CodeExchangeHandler(rp.UserinfoCallback(greet), provider))
	return routes, nil
}
