/**
 * /api/players/:id/ledger: what has changed of a player's data, and why. /api/players/:id/changes: an operator gives or
 * takes things by hand, once for each key.
 */

import { Hono } from "hono";
import type * as v from "valibot";
import { answer } from "../answer.ts";
import { requireJson } from "../body.ts";
import { change, requireOperate } from "../change.ts";
import { documented } from "../documented.ts";
import { checked } from "../faults.ts";
import { jsonFieldsOf, jsonOf, plainFieldsOf, plainOf } from "../plain_json.ts";
import { LEDGER_PAGE, PlayerChangeBody, PlayerLedgerQuery } from "../player_data_schemas.ts";
import type { PlayerDataShape } from "../player_data_shapes.ts";
import { PlayerChangeAnswer, PlayerLedgerAnswer } from "../player_data_shapes.ts";
import { PlayerPath } from "../player_schemas.ts";
import type { PlayerChangeRequest, PlayerDataRow, PlayerLedger } from "../port_player_data.ts";
import { NoQuery } from "../schemas.ts";
import type { AdminEnv, AdminServices } from "../services.ts";
import { CHANGE_PROBLEMS } from "./activity_changes.ts";

export function playerDataRoutes(services: AdminServices): Hono<AdminEnv> {
  const { playerData } = services.port;
  const routes = new Hono<AdminEnv>();
  routes.get(
    "/:id/ledger",
    documented({
      tag: "players",
      summary: "What has changed of a player's data, and why",
      answers: { 200: { description: "A page of it, the newest rows first", shape: PlayerLedgerAnswer } },
      problems: ["not_found", "invalid"],
    }),
    checked("param", PlayerPath),
    checked("query", PlayerLedgerQuery),
    (c) => {
      const { id: player } = c.req.valid("param");
      const { shard, before, limit } = c.req.valid("query");
      return answer(services, c, {
        shape: PlayerLedgerAnswer,
        ask: () =>
          playerData.ledger({
            player,
            shard: numberOf(shard),
            before: numberOf(before),
            limit: numberOf(limit) ?? LEDGER_PAGE,
          }),
        body: (ledger) => ledgerBody(player, ledger),
      });
    },
  );
  routes.post(
    "/:id/changes",
    documented({
      tag: "players",
      summary: "Gives a player things or takes them, once for each key",
      answers: { 200: { description: "It is on the disk", shape: PlayerChangeAnswer } },
      problems: [...CHANGE_PROBLEMS, "unsupported_media_type"],
    }),
    requireOperate(services, "player.change"),
    checked("param", PlayerPath),
    checked("query", NoQuery),
    requireJson(),
    checked("json", PlayerChangeBody),
    (c) => {
      const { id: player } = c.req.valid("param");
      const { why, ...body } = c.req.valid("json");
      return change(services, c, {
        verb: "player.change",
        subject: `${body.shard}/${player}/${body.key}`,
        shape: PlayerChangeAnswer,
        body: ({ items, made, ...rest }, isChanged) => ({
          ...rest,
          items: [...items],
          made: [...made],
          changed: isChanged,
        }),
        why,
        ask: () => playerData.change(requestOf(player, body)),
      });
    },
  );
  return routes;
}

export function playerDataBody({ profile, bag, ...row }: PlayerDataRow): v.InferOutput<typeof PlayerDataShape> {
  const { items, uniques, ...places } = bag;
  return {
    ...row,
    profile: jsonFieldsOf(profile),
    bag: {
      ...places,
      items: [...items],
      uniques: uniques.map(({ id, item, data }) => ({ id, item, data: jsonOf(data) })),
    },
  };
}

function ledgerBody(player: string, { shard, rows, next }: PlayerLedger): v.InferOutput<typeof PlayerLedgerAnswer> {
  return {
    player,
    shard,
    rows: rows.map((row) => ({ ...row, values: jsonOf(row.values) })),
    ...(next === undefined ? {} : { next }),
  };
}

function requestOf(
  player: string,
  { items = [], profile, ...body }: Omit<v.InferOutput<typeof PlayerChangeBody>, "why">,
): PlayerChangeRequest {
  return {
    ...{ player, shard: body.shard, key: body.key, capacity: body.capacity, ifVersion: body.ifVersion },
    items: items.map((entry) =>
      "take" in entry || entry.data === undefined ? entry : { ...entry, data: plainOf(entry.data) },
    ),
    profile: profile === undefined ? undefined : plainFieldsOf(profile),
  };
}

export function numberOf(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits);
}
