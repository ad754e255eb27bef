/**
 * Tokens of players, as the login service of a test cluster would sign them.
 */

import { SignJWT } from "jose";
import { CLUSTER_NAME, PLAYER_KEY } from "./cluster_file.ts";

export function tokenOf(player: string): Promise<string> {
  return new SignJWT({})
    .setProtectedHeader({ alg: "HS256", kid: "test" })
    .setSubject(player)
    .setAudience(CLUSTER_NAME)
    .setExpirationTime("5m")
    .sign(Buffer.from(PLAYER_KEY, "hex"));
}
