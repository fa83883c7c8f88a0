"""A certificate for 127.0.0.1, by trustme or by the program openssl, whichever there is."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificate:
    """Files: what clients trust, what the server shows, and its key."""

    root: Path
    chain: Path
    key: Path


def make_certificate(folder: Path) -> Certificate | None:
    """Make one; None where there is nothing to make it with."""
    made = Certificate(folder / "root.pem", folder / "chain.pem", folder / "key.pem")
    try:
        import trustme
    except ImportError:
        return _by_openssl(folder, made) if shutil.which("openssl") else None
    authority = trustme.CA()
    leaf = authority.issue_cert("127.0.0.1", "localhost")
    authority.cert_pem.write_to_path(str(made.root))
    leaf.private_key_pem.write_to_path(str(made.key))
    made.chain.write_bytes(b"".join(part.bytes() for part in leaf.cert_chain_pems))
    return made


def _by_openssl(folder: Path, made: Certificate) -> Certificate:
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
        "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1,DNS:localhost "
        f"-keyout {made.key} -out {made.chain}"
    )
    subprocess.run(command.split(), check=True, capture_output=True, cwd=folder)
    shutil.copy(made.chain, made.root)
    return made
