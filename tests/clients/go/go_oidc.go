package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// goOIDC is golang.org/x/oauth2 with github.com/coreos/go-oidc.
func goOIDC(ctx context.Context, issuer, secret, origin string) (http.Handler, error) {
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return nil, err
	}
	config := oauth2.Config{
		ClientID:     "go-oidc",
		ClientSecret: secret,
		Endpoint:     provider.Endpoint(),
		RedirectURL:  origin + "/callback",
		Scopes:       []string{oidc.ScopeOpenID, "profile", "email"},
	}
	verifier := provider.Verifier(&oidc.Config{ClientID: config.ClientID})

	routes := http.NewServeMux()
	routes.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		state, nonce, pkce := oauth2.GenerateVerifier(), oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
		remember(w, "state", state)
		remember(w, "nonce", nonce)
		remember(w, "pkce", pkce)
		http.Redirect(w, r, config.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(pkce)), http.StatusFound)
	})
	routes.HandleFunc("/callback", func(w http.ResponseWriter, r *http.Request) {
		name, err := func() (string, error) {
			if r.FormValue("state") != remembered(r, "state") {
				return "", fmt.Errorf("the state is another")
			}
			if r.FormValue("error") != "" {
				return "", fmt.Errorf("%s", r.FormValue("error_description"))
			}
			token, err := config.Exchange(r.Context(), r.FormValue("code"), oauth2.VerifierOption(remembered(r, "pkce")))
			if err != nil {
				return "", err
			}
			raw, _ := token.Extra("id_token").(string)
			idToken, err := verifier.Verify(r.Context(), raw)
			if err != nil {
				return "", err
			}
			if idToken.Nonce != remembered(r, "nonce") {
				return "", fmt.Errorf("the nonce is another")
			}
			// Verify checks no at_hash by itself.
			if idToken.AccessTokenHash != "" {
				if err := idToken.VerifyAccessToken(token.AccessToken); err != nil {
					return "", err
				}
			}
			info, err := provider.UserInfo(r.Context(), config.TokenSource(r.Context(), token))
			if err != nil {
				return "", err
			}
			var claims struct{ Name string }
			err = info.Claims(&claims)
			return claims.Name, err
		}()
		if err != nil {
			http.Error(w, "Failed: "+err.Error(), http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, "Hello, %s.", name)
	})
	return routes, nil
}

func remember(w http.ResponseWriter, name, value string) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: 600, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

func remembered(r *http.Request, name string) string {
	cookie, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return cookie.Value
}
