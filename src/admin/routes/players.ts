/**
 * /api/sessions: how many players are where. /api/players/:id: where one is, and its data. /api/players/:id/kick ends a player's
 * session, /api/maintenance keeps players out. Both are of the gateways that run now: a gateway that starts anew does as its config says.
 */

import { Hono } from "hono";
import type * as v from "valibot";
import { answer } from "../answer.ts";
import { optionalJson, requireJson } from "../body.ts";
import { change, requireOperate } from "../change.ts";
import { documented } from "../documented.ts";
import { checked } from "../faults.ts";
import { PlayerDataQuery } from "../player_data_schemas.ts";
import {
  DoorsChangeAnswer,
  KickBody,
  MaintenanceBody,
  PlayerAnswer,
  PlayerPath,
  SessionsAnswer,
} from "../player_schemas.ts";
import type { AdminPort, AdminResult } from "../port.ts";
import type { PlayerDataFound } from "../port_player_data.ts";
import type { DoorsChange, PlayerAt, PlayerWhereabouts } from "../port_players.ts";
import { NoQuery } from "../schemas.ts";
import type { AdminEnv, AdminServices } from "../services.ts";
import { CHANGE_PROBLEMS } from "./activity_changes.ts";
import { numberOf, playerDataBody } from "./player_data.ts";

const KICK_DETAIL = "ended by an operator";

type PlayerAtBody = v.InferOutput<typeof PlayerAnswer>["at"][number];

export function sessionRoutes(services: AdminServices): Hono<AdminEnv> {
  const routes = new Hono<AdminEnv>();
  routes.get(
    "/",
    documented({
      tag: "players",
      summary: "How many players are at which gateway",
      answers: { 200: { description: "The doors of the gateways", shape: SessionsAnswer } },
      problems: ["invalid"],
    }),
    checked("query", NoQuery),
    (c) =>
      answer(services, c, {
        shape: SessionsAnswer,
        ask: () => services.port.sessions(),
        body: ({ doors, silent }) => ({
          sessions: doors.reduce((sum, door) => sum + door.sessions, 0),
          doors: [...doors],
          silent: [...silent],
        }),
      }),
  );
  return routes;
}

export function playerRoutes(services: AdminServices): Hono<AdminEnv> {
  const routes = new Hono<AdminEnv>();
  routes.get(
    "/:id",
    documented({
      tag: "players",
      summary: "Where a player is and since when, with its profile and bag",
      answers: { 200: { description: "At these gateways, with this data", shape: PlayerAnswer } },
      problems: ["not_found", "invalid"],
    }),
    checked("param", PlayerPath),
    checked("query", PlayerDataQuery),
    (c) => {
      const { id: player } = c.req.valid("param");
      const shard = numberOf(c.req.valid("query").shard);
      return answer(services, c, {
        shape: PlayerAnswer,
        ask: () => everythingOf(services.port, { player, shard }),
        body: ({ at, silent, data, unreadable }) => ({
          ...{ player, at: at.map(playerAtBody), silent: [...silent] },
          data: data.map(playerDataBody),
          unreadable: [...unreadable],
        }),
      });
    },
  );
  routes.post(
    "/:id/kick",
    documented({
      tag: "players",
      summary: "Ends a player's session",
      answers: { 200: { description: "There is none any more", shape: DoorsChangeAnswer } },
      problems: [...CHANGE_PROBLEMS, "unsupported_media_type"],
    }),
    requireOperate(services, "player.kick"),
    checked("param", PlayerPath),
    checked("query", NoQuery),
    optionalJson(),
    checked("json", KickBody),
    (c) => {
      const { id: player } = c.req.valid("param");
      const { shard, detail = KICK_DETAIL, why } = c.req.valid("json");
      return change(services, c, {
        verb: "player.kick",
        subject: player,
        shape: DoorsChangeAnswer,
        body: changeBody,
        why,
        ask: (actor) => services.port.kickPlayer({ player, shard, detail }, actor),
      });
    },
  );
  return routes;
}

export function maintenanceRoutes(services: AdminServices): Hono<AdminEnv> {
  const routes = new Hono<AdminEnv>();
  routes.post(
    "/",
    documented({
      tag: "players",
      summary: "Keeps players out of one shard or all, but those of a white list, or lets them in again",
      answers: { 200: { description: "It is so", shape: DoorsChangeAnswer } },
      problems: [...CHANGE_PROBLEMS, "unsupported_media_type"],
    }),
    requireOperate(services, "maintenance"),
    checked("query", NoQuery),
    requireJson(),
    checked("json", MaintenanceBody),
    (c) => {
      const { on: isOn, shard, whiteList, why } = c.req.valid("json");
      return change(services, c, {
        verb: "maintenance",
        subject: `${isOn ? "on" : "off"} ${shard === undefined ? "every shard" : `shard ${shard}`}`,
        shape: DoorsChangeAnswer,
        body: changeBody,
        why,
        ask: (actor) => services.port.setMaintenance({ isOn, shard, whiteList }, actor),
      });
    },
  );
  return routes;
}

async function everythingOf(
  port: AdminPort,
  of: { readonly player: string; readonly shard: number | undefined },
): Promise<AdminResult<PlayerWhereabouts & PlayerDataFound>> {
  const [where, found] = await Promise.all([port.findPlayer(of.player, of.shard), port.playerData.look(of)]);
  if (where.kind !== "ok") return where;
  return found.kind === "ok" ? { ...found, value: { ...where.value, ...found.value } } : found;
}

function playerAtBody({ gateway, shard, session, sinceMs, lostSinceMs, map, place }: PlayerAt): PlayerAtBody {
  return {
    gateway,
    shard,
    ...(session === undefined ? {} : { session }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(lostSinceMs === undefined ? {} : { lostSinceMs }),
    ...(map === undefined ? {} : { map }),
    ...(place === undefined ? {} : { place }),
  };
}

function changeBody({ gateways, silent }: DoorsChange, changed: boolean): v.InferOutput<typeof DoorsChangeAnswer> {
  return { gateways: [...gateways], silent: [...silent], changed };
}
