import { describe, expect, test } from "#test";
import { configOf, faultsOf, planOf, WHOLE } from "./parsed.ts";

const TLS = '[tls]\ncert_file = "tls/{role}-{id}.crt"\nkey_file = "tls/{role}-{id}.key"\nca_file = "tls/ca.crt"\n';
const PATH = "a path, in which {role} and {id} stand for those of the node";

const without = (key: string): string =>
  TLS.split("\n")
    .filter((line) => !line.startsWith(key))
    .join("\n");

describe("[tls]", () => {
  test("is optional, and then there is no TLS", () => {
    expect(configOf(WHOLE).tls).toBeUndefined();
    expect(planOf(WHOLE, "center:3").tls).toBeUndefined();
  });

  test("tells each node its own files", () => {
    expect(planOf(WHOLE + TLS, "cross_center:5").tls).toEqual({
      certFile: "tls/cross_center-5.crt",
      keyFile: "tls/cross_center-5.key",
      caFile: "tls/ca.crt",
    });
    expect(planOf(WHOLE + TLS, "user:301").tls?.keyFile).toBe("tls/user-301.key");
  });

  for (const key of ["cert_file", "key_file", "ca_file"]) {
    test(`is refused without ${key}, which is named`, () => {
      expect(faultsOf(WHOLE + without(key))).toEqual([`tls.${key}: found nothing; allowed: ${PATH}`]);
    });
  }

  test("is refused when it is empty, which names all three", () => {
    expect(faultsOf(`${WHOLE}[tls]\n`).map((line) => line.split(":")[0])).toEqual([
      "tls.cert_file",
      "tls.key_file",
      "tls.ca_file",
    ]);
  });

  test("is refused with another placeholder, an unknown key, or as something else than a table", () => {
    expect(faultsOf(WHOLE + TLS.replace("{id}.crt", "{number}.crt"))).toEqual([
      `tls.cert_file: found "tls/{role}-{number}.crt"; allowed: ${PATH}`,
    ]);
    expect(faultsOf(`${WHOLE}${TLS}verify = false\n`)).toEqual([
      'tls.verify: found an unknown key "verify"; allowed: cert_file, key_file or ca_file',
    ]);
    expect(faultsOf(`tls = true\n${WHOLE}`)).toEqual([
      "tls: found true; allowed: a table with cert_file, key_file or ca_file",
    ]);
  });

  test("needs a cluster name that can be part of a DNS name", () => {
    for (const name of ["a_b", "a..b", "-a", "a.", "Ä"]) {
      const faults = faultsOf(WHOLE.replace('name = "test"', `name = "${name}"`) + TLS);
      expect([name, faults.length, faults[0]?.startsWith("cluster.name: ")]).toEqual([name, 1, true]);
    }
    for (const name of ["a", "eu-1.example.com", "9"]) {
      expect(faultsOf(WHOLE.replace('name = "test"', `name = "${name}"`) + TLS)).toEqual([]);
    }
  });
});
