import { describe, expect, test } from "#test";
import { exportSPKI, generateKeyPair, SignJWT } from "jose";
import type { JWTPayload } from "jose";
import { joseVerifier, signToken, TokenKeyError } from "#session/jose_tokens.ts";
import type { TokenKey } from "#session/jose_tokens.ts";
import type { TokenResult } from "#session/token.ts";
import { FakeClock } from "../link/fake_clock.ts";

const clock = new FakeClock();
const nowS = Math.floor(clock.wallMs() / 1000);

function hs256(kid: string, byte: number): Extract<TokenKey, { readonly algorithm: "HS256" }> {
  return { kid, algorithm: "HS256", secret: new Uint8Array(32).fill(byte) };
}
const OLD = hs256("old", 1);
const NEW = hs256("new", 2);
const GOOD = { sub: "ann", aud: "demo", exp: nowS + 60 };

function signed(
  payload: JWTPayload,
  header: { readonly kid?: string; readonly key?: Uint8Array } = {},
): Promise<string> {
  return new SignJWT(payload)
    .setProtectedHeader({
      alg: "HS256",
      ...("kid" in header ? {} : { kid: "new" }),
      ...(header.kid === undefined ? {} : { kid: header.kid }),
    })
    .sign(header.key ?? NEW.secret);
}

async function verify(token: string, keys: readonly TokenKey[] = [OLD, NEW]): Promise<TokenResult> {
  return (await joseVerifier({ keys, audience: "demo", clock })).verify(token);
}

function bad(detail: string): TokenResult {
  return { kind: "refused", code: "bad_token", detail: `Cannot log in: ${detail}` };
}

describe("joseVerifier", () => {
  test("takes what any of its keys has signed for this cluster", async () => {
    const options = { audience: "demo", player: "ann", nowMs: clock.wallMs() };
    expect(await verify(await signToken({ key: OLD, ...options }))).toEqual({ kind: "ok", player: "ann" });
    expect(await verify(await signToken({ key: NEW, ...options }))).toEqual({ kind: "ok", player: "ann" });
    expect(await verify(await signToken({ key: OLD, ...options }), [NEW])).toEqual(bad("no key has its kid"));
  });

  test("takes EdDSA, and no HS256 that is signed with the public key", async () => {
    const { privateKey, publicKey } = await generateKeyPair("EdDSA", { extractable: true });
    const pem = await exportSPKI(publicKey);
    const keys: readonly TokenKey[] = [{ kid: "ed", algorithm: "EdDSA", pem }];
    const good = await new SignJWT(GOOD).setProtectedHeader({ alg: "EdDSA", kid: "ed" }).sign(privateKey);
    expect(await verify(good, keys)).toEqual({ kind: "ok", player: "ann" });
    const confused = await signed(GOOD, { kid: "ed", key: new TextEncoder().encode(pem) });
    expect(await verify(confused, keys)).toEqual(bad("its algorithm is not the key's"));
  });

  test("says that a token has expired, by the clock that it was given, with 5 s of tolerance", async () => {
    expect(await verify(await signed({ ...GOOD, exp: nowS - 4 }))).toEqual({ kind: "ok", player: "ann" });
    const detail = "Cannot log in: the token has expired";
    expect(await verify(await signed({ ...GOOD, exp: nowS - 5 }))).toEqual({
      kind: "refused",
      code: "token_expired",
      detail,
    });
  });

  test("refuses what another cluster, nobody, or for ever was signed for", async () => {
    const claim = (name: string): TokenResult => bad(`claim ${name} is missing or not what is wanted`);
    expect(await verify(await signed({ ...GOOD, aud: "other" }))).toEqual(claim("aud"));
    expect(await verify(await signed({ sub: "ann", exp: GOOD.exp }))).toEqual(claim("aud"));
    expect(await verify(await signed({ sub: "ann", aud: "demo" }))).toEqual(claim("exp"));
    expect(await verify(await signed({ aud: "demo", exp: GOOD.exp }))).toEqual(claim("sub"));
    expect(await verify(await signed({ ...GOOD, nbf: nowS + 60 }))).toEqual(claim("nbf"));
    expect(await verify(await signed({ ...GOOD, sub: "" }))).toEqual(bad("sub has 0 characters, allowed are 1 to 128"));
    expect(await verify(await signed({ ...GOOD, sub: "x".repeat(129) }))).toEqual(
      bad("sub has 129 characters, allowed are 1 to 128"),
    );
  });

  test("refuses wrong signatures, unknown keys, no signature and what is no token", async () => {
    expect(await verify(await signed(GOOD, { kid: "old" }))).toEqual(bad("its signature is wrong"));
    expect(await verify(await signed(GOOD, { kid: "third" }))).toEqual(bad("no key has its kid"));
    const [, payload = ""] = (await signed(GOOD)).split(".");
    const none = `${btoa('{"alg":"none"}').replaceAll("=", "")}.${payload}.`;
    expect((await verify(none)).kind).toEqual("refused");
    expect(await verify("")).toEqual(bad("it is no signed JSON Web Token"));
    expect(await verify("a.b.c")).toEqual(bad("it is no signed JSON Web Token"));
    expect(await verify("x".repeat(4000))).toEqual(bad("it has 4000 characters, limit is 3072"));
  });

  test("takes no key that is no public key", async () => {
    const keys: readonly TokenKey[] = [{ kid: "ed", algorithm: "EdDSA", pem: "nothing" }];
    const failure: unknown = await verify("", keys).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TokenKeyError);
  });
});
