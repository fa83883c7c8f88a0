"""Create a certificate for 127.0.0.1 with trustme or the program openssl."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificate:
    """The files of the root certificate, the server's certificate chain and its private key."""

    root: Path
    chain: Path
    key: Path


def make_certificate(folder: Path) -> Certificate | None:
    """Create a certificate, or return None if neither tool is installed."""
    files = Certificate(folder / "root.pem", folder / "chain.pem", folder / "key.pem")
    try:
        import trustme
    except ImportError:
        return _by_openssl(folder, files) if shutil.which("openssl") else None
    authority = trustme.CA()
    leaf = authority.issue_cert("127.0.0.1", "localhost")
    authority.cert_pem.write_to_path(str(files.root))
    leaf.private_key_pem.write_to_path(str(files.key))
    files.chain.write_bytes(b"".join(part.bytes() for part in leaf.cert_chain_pems))
    return files


def _by_openssl(folder: Path, files: Certificate) -> Certificate:
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
        "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1,DNS:localhost "
        f"-keyout {files.key} -out {files.chain}"
    )
    subprocess.run(command.split(), check=True, capture_output=True, cwd=folder)
    shutil.copy(files.chain, files.root)
    return files
