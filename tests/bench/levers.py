#!/usr/bin/env python3
"""Measures how much each cold-start optimization ("lever") of `token` saves, by building `token` once without each of
them and comparing these builds with the real one. docs/cold-starts.md has the figures.

usage: python3 tests/bench/levers.py [LEVER ...]     (default: all; each is a release build of a minute or more)
"""

import os
import pathlib
import shutil
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
WORK = TARGET / "levers"
MAIN = "functions/token/src/main.rs"

# What each build leaves out: replacements in files, each of which must match, and build variables.
LEVERS = {
    "jitter-entropy": ([], {"AWS_LC_SYS_NO_JITTER_ENTROPY": "0"}),
    "no-warm-calls": ([(MAIN, "    deps.warm().await;\n", "")], {}),
    "system-roots": ([("shared/bootstrap/src/transport.rs", "TrustStore::empty()", "TrustStore::default()")], {}),
    "default-chain": ([
        (MAIN, "    log::init", """    let chain = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    if let Some(provider) = chain.credentials_provider() {
        let _ = aws_credential_types::provider::ProvideCredentials::provide_credentials(&provider).await;
    }
    log::init"""),
        ("functions/token/Cargo.toml", "[dependencies]\n",
         '[dependencies]\naws-config = "1"\naws-credential-types = "1"\n'),
    ], {}),
    "many-threads": ([
        (MAIN, '(flavor = "current_thread")', ""),
        ("functions/token/Cargo.toml", "tokio.workspace = true",
         'tokio = { workspace = true, features = ["rt-multi-thread"] }'),
    ], {}),
    "opt-level-3": ([], {"CARGO_PROFILE_RELEASE_OPT_LEVEL": "3"}),
    "no-lto": ([], {"CARGO_PROFILE_RELEASE_LTO": "off", "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16"}),
}


def exported(tree):
    """Exports the last commit to a separate folder with fresh timestamps, so that cargo rebuilds what a lever changes."""
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=REPOSITORY, capture_output=True, check=True)
    subprocess.run(["tar", "-x", "-m", "-C", tree], input=archive.stdout, check=True)


def build(lever, variants):
    replacements, variables = LEVERS[lever]
    tree = WORK / "tree"
    exported(tree)
    for file, text, other in replacements:
        source = (tree / file).read_text()
        if text not in source:
            raise SystemExit(f"{lever}: {file} no longer contains: {text!r}")
        (tree / file).write_text(source.replace(text, other, 1))
    environment = {**os.environ, "CARGO_TARGET_DIR": str(WORK / "target"), **variables}
    subprocess.run(["cargo", "build", "--release", "--bin", "token"], cwd=tree, env=environment, check=True)
    shutil.copy2(WORK / "target/release/token", variants / lever)


def main():
    chosen = sys.argv[1:] or list(LEVERS)
    unknown = set(chosen) - set(LEVERS)
    if unknown:
        raise SystemExit(f"unknown lever: {', '.join(sorted(unknown))}; available: {', '.join(LEVERS)}")
    variants = WORK / "variants"
    shutil.rmtree(variants, ignore_errors=True)
    variants.mkdir(parents=True)
    for lever in chosen:
        print(f"Without: {lever}", flush=True)
        build(lever, variants)
    environment = {**os.environ, "POSTERN_VARIANTS": str(variants)}
    subprocess.run(["cargo", "bench", "--bench", "cold"], cwd=REPOSITORY, env=environment, check=True)


if __name__ == "__main__":
    main()
