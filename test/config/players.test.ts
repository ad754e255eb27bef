import { describe, expect, test } from "#test";
import { configOf, faultsOf, planOf, WHOLE } from "./parsed.ts";

const KEY = '{ kid = "a", algorithm = "HS256", file = "p.key" }';
const PLAYERS = `[players]\ntoken_keys = [${KEY}]\n`;
const OPEN = WHOLE.replace('listen = "127.0.0.1:7002"', 'listen = "127.0.0.1:7002"\nplayers = "127.0.0.1:9001"');
const KEYS = '1 to 16 keys, like [{ kid = "a", algorithm = "HS256", file = "data/players.key" }]';

describe("[players]", () => {
  test("is optional, and then nobody takes players", () => {
    expect([configOf(WHOLE).players, planOf(WHOLE, "gateway:3").players]).toEqual([undefined, undefined]);
  });

  test("tells gateways with an address how to check players", () => {
    const config = {
      tokenKeys: [{ kid: "a", algorithm: "HS256", file: "p.key" }],
      tls: undefined,
      sessionsMax: 5000,
      development: false,
      maintenance: false,
      whiteList: [],
    } as const;
    expect(planOf(OPEN + PLAYERS, "gateway:3").players).toEqual({
      webSocket: { host: "127.0.0.1", port: 9001 },
      tcp: undefined,
      tls: undefined,
      config,
    });
    const tcp = OPEN.replace("players =", "players_tcp =");
    expect(planOf(tcp + PLAYERS, "gateway:3").players).toEqual({
      webSocket: undefined,
      tcp: { host: "127.0.0.1", port: 9001 },
      tls: undefined,
      config,
    });
    expect(faultsOf(tcp)).toEqual(faultsOf(OPEN));
    expect(planOf(OPEN + PLAYERS, "center:3").players).toBeUndefined();
    const all = `${PLAYERS}sessions_max = 7\ndevelopment = true\nmaintenance = true\nwhite_list = ["ann"]\n`;
    expect(configOf(OPEN + all).players).toEqual({
      ...config,
      sessionsMax: 7,
      development: true,
      maintenance: true,
      whiteList: ["ann"],
    });
  });

  test("tells each gateway its own certificate and key, and nobody else", () => {
    const tls = `${PLAYERS}tls = { cert_file = "tls/s{id}.crt", key_file = "tls/{role}-{id}.key" }\n`;
    expect(planOf(OPEN + tls, "gateway:3").players?.tls).toEqual({
      certFile: "tls/s3.crt",
      keyFile: "tls/gateway-3.key",
    });
    expect(planOf(OPEN + tls, "center:3").players).toBeUndefined();
    const apart = `${PLAYERS}[players.tls]\ncert_file = "tls/s{id}.crt"\nkey_file = "tls/{role}-{id}.key"\n`;
    expect(configOf(OPEN + apart)).toEqual(configOf(OPEN + tls));
  });

  test("takes tls whole or not at all, with no other keys and placeholders", () => {
    const faults = (text: string): string[] => faultsOf(`${OPEN}${PLAYERS}tls = ${text}\n`);
    const table = "a table with cert_file and key_file";
    const path = "a path, in which {role} and {id} stand for those of the node";
    expect(faults("true")).toEqual([`players.tls: found true; allowed: ${table}`]);
    expect(faults('{ cert_file = "c" }')).toEqual([`players.tls.key_file: found nothing; allowed: ${table}`]);
    expect(faults('{ key_file = "k" }')).toEqual([`players.tls.cert_file: found nothing; allowed: ${table}`]);
    expect(faults('{ cert_file = "c", key_file = "k", ca_file = "a" }')).toEqual([
      `players.tls.ca_file: found "ca_file"; allowed: ${table}`,
    ]);
    expect(faults('{ cert_file = "{shard}.crt", key_file = "" }')).toEqual([
      `players.tls.cert_file: found "{shard}.crt"; allowed: ${path}`,
      `players.tls.key_file: found ""; allowed: ${path}`,
    ]);
  });

  test("is needed by an address, which is for gateways, and for one of them alone", () => {
    expect(faultsOf(OPEN)).toEqual([
      "players: found nothing; allowed: a table with token_keys, since node[1] has a players address",
    ]);
    const center = WHOLE.replace('role = "center"', 'role = "center"\nplayers = "127.0.0.1:9001"');
    expect(faultsOf(center + PLAYERS)).toEqual([
      'node[2].players: found "127.0.0.1:9001" on a center; allowed: nothing: players come in through a gateway',
    ]);
    expect(faultsOf(OPEN.replace(":9001", ":7002") + PLAYERS)).toEqual([
      'node[1].players: found "127.0.0.1:7002", used by node[1].listen already; allowed: an address of its own',
    ]);
  });

  test("names what is wrong with a key", () => {
    const keys = (text: string): string[] => faultsOf(`${OPEN}[players]\ntoken_keys = ${text}\n`);
    expect(keys("[]")).toEqual([`players.token_keys: found []; allowed: ${KEYS}`]);
    expect(faultsOf(`${OPEN}[players]\n`)).toEqual([`players.token_keys: found nothing; allowed: ${KEYS}`]);
    expect(keys(`[${KEY}, ${KEY}]`)).toEqual([
      'players.token_keys[1].kid: found "a", used by players.token_keys[0] already; allowed: a kid of its own',
    ]);
    expect(keys('[{ kid = "a", algorithm = "none", file = "p" }]')).toEqual([
      'players.token_keys[0].algorithm: found "none"; allowed: HS256 or EdDSA',
    ]);
    expect(keys('[{ kid = "a", algorithm = "HS256" }]')).toEqual([
      "players.token_keys[0].file: found nothing; allowed: a table with kid, algorithm and file",
    ]);
    expect(
      keys('[{ kid = "a", algorithm = "HS256", file = "p", secret = "s" }]').map((line) => line.split(":")[0]),
    ).toEqual(["players.token_keys[0].secret"]);
  });

  test("wants HS256 for development, and sessions within the bound of a shard", () => {
    const eddsa = `${PLAYERS.replace("HS256", "EdDSA")}development = true\n`;
    expect(faultsOf(OPEN + eddsa)).toEqual([
      "players.token_keys: found no key with HS256 beside development = true; allowed: one to sign tokens with",
    ]);
    expect(faultsOf(`${OPEN}${PLAYERS}sessions_max = 50001\n`)).toEqual([
      "players.sessions_max: found 50001; allowed: a whole number from 1 to 50000",
    ]);
  });
});
