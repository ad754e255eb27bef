/** What certificates are read as, and which texts a node may start with. */

import { describe, expect, test } from "#test";
import { join } from "node:path";
import { dnsNames, handshakeFault, tlsProblem, validToMs } from "../../src/runtime/certificate.ts";
import { hasOpenssl, TestAuthority } from "./certificates.ts";
import { cleanFolders, temporaryFolder } from "./temporary_folder.ts";

const NAME = "center-3.test";

/** Its names are the DNS name `a.test, DNS:center-9.test`, the URI `http://a/ b, DNS:center-9.test` and `ok.test`. */
const TRICKY = `-----BEGIN CERTIFICATE-----
MIIBijCCATCgAwIBAgIUBDvVWWBWT5wgNocokSIvsIx/j+wwCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBeDAeFw0yNjExMjMxMDI2NDRaFw0yNjExMjYxMDI2NDRaMAwx
CjAIBgNVBAMMAXgwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQSCW5oPXeIZm1i
I6VVsHIo675XMfw9tiKIRtCHMV3pHJrAki53sb213Bi1r8V6uPa8j9oAPJJDov6W
QnR1scp3o3AwbjBNBgNVHREERjBEghlhLnRlc3QsIEROUzpjZW50ZXItOS50ZXN0
hh5odHRwOi8vYS8gYiwgRE5TOmNlbnRlci05LnRlc3SCB29rLnRlc3QwHQYDVR0O
BBYEFGfa/x8szWhbpT3O+btFqCvNGQXgMAoGCCqGSM49BAMCA0gAMEUCIHrWNu4b
8wmgM7NhQW2jsQObiUwM4BdcIz9Ctnjx/ElZAiEA9rVXjOh81wJDjAuOmKsXoEw1
+YchTgM/xNQNqPOSVgM=
-----END CERTIFICATE-----
`;

describe.skipIf(!hasOpenssl)("Certificates", () => {
  test("are read for their DNS names, in their order, and for nothing else", () => {
    const authority = new TestAuthority(join(temporaryFolder(), "ca"));
    authority.sign("several", { names: [NAME, "b.test", "*.test"] });
    authority.sign("none", { names: [] });
    authority.sign("address", { names: ["c.test,IP:127.0.0.1,URI:http://center-9.test,email:a@center-9.test"] });
    const names = (file: string): readonly string[] => dnsNames(authority.texts(file).certificate);
    expect(names("several")).toEqual([NAME, "b.test", "*.test"]);
    expect(names("none")).toEqual([]);
    expect(dnsNames(TRICKY)).toEqual(["ok.test"]);
    expect(names("address")).toEqual(["c.test"]);
    cleanFolders();
  });

  test("say until when they are valid, to the second", () => {
    const authority = new TestAuthority(join(temporaryFolder(), "ca"));
    const beforeMs = Date.now();
    authority.sign("node", { names: [NAME], days: 10 });
    const leftMs = validToMs(authority.texts("node").certificate) - 10 * 86_400_000;
    expect(leftMs).toBeGreaterThan(beforeMs - 2_000);
    expect(leftMs).toBeLessThan(Date.now() + 2_000);
    cleanFolders();
  });

  test("are held against their key, their name and their CA before a node starts", () => {
    const authority = new TestAuthority(join(temporaryFolder(), "ca"));
    authority.sign("node", { names: ["x.test", NAME.toUpperCase()] });
    authority.sign("other", { names: ["center-4.test"] });
    const good = authority.texts("node");
    const other = authority.texts("other");
    const many = good.authority.repeat(17);
    const table = [
      [good, undefined],
      [{ ...good, authority: good.authority.repeat(2) }, undefined],
      [{ ...good, certificate: good.certificate + other.certificate }, undefined],
      [other, "cert_file: a certificate for center-4.test"],
      [{ ...good, certificate: "" }, "cert_file: no certificate in it"],
      [{ ...good, certificate: good.key }, "cert_file: no certificate in it"],
      [{ ...good, key: "" }, "key_file: no key in it"],
      [{ ...good, key: good.certificate }, "key_file: no key in it"],
      [{ ...good, key: other.key }, "key_file: the key of another certificate"],
      [{ ...good, authority: "" }, "ca_file: no certificate in it"],
      [
        { ...good, authority: `${good.authority}-----BEGIN CERTIFICATE-----\nrubbish` },
        "ca_file: what is no certificate",
      ],
      [{ ...good, authority: good.certificate }, "ca_file: a certificate that is no CA's"],
      [{ ...good, authority: many }, "ca_file: 17 certificates"],
    ] as const;
    for (const [texts, wanted] of table) {
      const problem = tlsProblem(texts, NAME);
      expect(problem === undefined ? undefined : `${problem.key}: ${problem.found}`).toBe(wanted);
      expect(JSON.stringify(problem ?? "")).not.toContain("PRIVATE");
    }
    cleanFolders();
  });
});

describe("handshakeFault()", () => {
  const fault = (code: string, message: string): string => {
    const { fault: name, reason } = handshakeFault(Object.assign(new Error(message), { code }));
    return `${name}: ${reason}`;
  };

  test("says which end does not take which certificate, or that there is no TLS", () => {
    expect(fault("CERT_NOT_YET_VALID", "x")).toBe("bad_certificate: the certificate of the other end is not valid yet");
    expect(fault("EPROTO", "error:1:SSL routines:L:TLSV1_ALERT_UNKNOWN_CA")).toBe(
      "bad_certificate: the other end does not take our certificate: TLSV1_ALERT_UNKNOWN_CA",
    );
    expect(fault("EPROTO", "error:1:SSL routines:L:HTTP_REQUEST")).toBe("tls_failed: the other end speaks no TLS");
    expect(fault("EPROTO", "error:1:SSL routines:L:NO_SHARED_CIPHER")).toBe("tls_failed: NO_SHARED_CIPHER");
    expect(fault("EPROTO", `error:1:L:${"X".repeat(1000)}`).length).toBeLessThan(230);
    expect(handshakeFault(null).fault).toBe("tls_failed");
  });
});
