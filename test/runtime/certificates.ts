/**
 * Certificates for tests, made by openssl in a folder: a CA, and nodes that it signs.
 */

import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TlsTexts } from "../../src/link/tls.ts";

export const hasOpenssl = Bun.which("openssl") !== null;
if (!hasOpenssl) console.log("      no openssl here: what needs certificates is skipped");

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

export interface NodeCertificate {
  readonly names: readonly string[];
  /** 30 when not said; below 0: expired. */
  readonly days?: number;
  /** Signed by this certificate of the folder instead of the CA's. */
  readonly by?: string;
  /** It may sign others. */
  readonly isAuthority?: boolean;
}

export class TestAuthority {
  readonly folder: string;
  #serial = 0;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    const extensions = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"];
    openssl(folder, [
      ...["req", "-x509", ...KEY, "-keyout", "ca.key", "-out", "ca.crt", "-days", "30", "-subj", "/CN=test"],
      ...extensions.flatMap((each) => ["-addext", each]),
    ]);
  }

  get path(): string {
    return join(this.folder, "ca.crt");
  }

  /** Writes `<file>.crt` and `<file>.key`. */
  sign(file: string, { names, days = 30, by = "ca", isAuthority = false }: NodeCertificate): void {
    this.#serial += 1;
    const { folder } = this;
    const alternative = names.length === 0 ? [] : [`subjectAltName=${names.map((each) => `DNS:${each}`).join(",")}`];
    const constraints = isAuthority ? ["basicConstraints=critical,CA:TRUE"] : [];
    openssl(folder, [
      ...["req", ...KEY, "-keyout", `${file}.key`, "-out", `${file}.csr`, "-subj", `/CN=${file}`],
      ...[...alternative, ...constraints].flatMap((each) => ["-addext", each]),
    ]);
    openssl(folder, [
      ...["x509", "-req", "-in", `${file}.csr`, "-CA", `${by}.crt`, "-CAkey", `${by}.key`, "-out", `${file}.crt`],
      ...["-set_serial", String(this.#serial), "-days", String(days), "-copy_extensions", "copy"],
    ]);
  }

  /** Of a node that `sign` has written; `ca`: whom it trusts. */
  texts(file: string, ca: TestAuthority = this): TlsTexts {
    const read = (name: string): string => readFileSync(join(this.folder, name), "utf8");
    return { certificate: read(`${file}.crt`), key: read(`${file}.key`), authority: readFileSync(ca.path, "utf8") };
  }
}

function openssl(folder: string, args: readonly string[]): void {
  const ran = Bun.spawnSync(["openssl", ...args], { cwd: folder, stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  if (ran.exitCode !== 0) throw new Error(`openssl ${args[0] ?? ""} failed: ${ran.stderr.toString()}`);
}
