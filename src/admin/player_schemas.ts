/**
 * What may come in and what goes out about players. As in schemas.ts every message is ours and says what is allowed.
 */

import { DETAIL_LENGTH_MAX, NAME_LENGTH_MAX } from "#session/client_packets.ts";
import { WHITE_LIST_SET_MAX } from "#session/door_contract.ts";
import { AUDIT_TEXT_MAX } from "#store/audit_log.ts";
import { NUMBER_MAX } from "#wire/role.ts";
import * as v from "valibot";
import { PlayerDataShape, UnreadableShardShape } from "./player_data_shapes.ts";
import { unknownField } from "./schemas.ts";

const Text = v.string();
const Count = v.pipe(v.number(), v.integer());
const shardMessage = `must be the number of a shard, 1 to ${NUMBER_MAX}`;
const playerMessage = `must have 1 to ${NAME_LENGTH_MAX} characters`;
const whiteListMessage = `must be a list of at most ${WHITE_LIST_SET_MAX} players`;

const Player = v.pipe(
  v.string("must be a text"),
  v.minLength(1, playerMessage),
  v.maxLength(NAME_LENGTH_MAX, playerMessage),
);
export const Shard = v.pipe(
  v.number(shardMessage),
  v.integer(shardMessage),
  v.minValue(1, shardMessage),
  v.maxValue(NUMBER_MAX, shardMessage),
  v.description("Only the gateway of this shard; else all that are reachable"),
);
const Why = v.pipe(
  v.string("must be a text"),
  v.maxLength(AUDIT_TEXT_MAX, `must be at most ${AUDIT_TEXT_MAX} characters`),
  v.description("The reason, for the audit trail"),
);

export const PlayerPath = v.strictObject({ id: Player }, unknownField);
export const KickBody = v.pipe(
  v.strictObject(
    {
      shard: v.exactOptional(Shard),
      detail: v.exactOptional(
        v.pipe(
          v.string("must be a text"),
          v.maxLength(DETAIL_LENGTH_MAX, `must be at most ${DETAIL_LENGTH_MAX} characters`),
          v.description("Told to the player"),
        ),
      ),
      why: v.exactOptional(Why),
    },
    unknownField,
  ),
  v.metadata({ ref: "Kick" }),
);
export const MaintenanceBody = v.pipe(
  v.strictObject(
    {
      on: v.boolean("must be true or false"),
      shard: v.exactOptional(Shard),
      whiteList: v.exactOptional(
        v.pipe(
          v.array(Player, whiteListMessage),
          v.maxLength(WHITE_LIST_SET_MAX, whiteListMessage),
          v.description("Players who may play all the same; without it those of before"),
        ),
      ),
      why: v.exactOptional(Why),
    },
    unknownField,
  ),
  v.metadata({ ref: "Maintenance" }),
);

const DoorShape = v.pipe(
  v.object({
    gateway: Text,
    shard: Count,
    conns: v.pipe(Count, v.description("Connections, in every state")),
    sessions: Count,
    lost: v.pipe(Count, v.description("Of the sessions, those that wait for their players to come back")),
    queued: v.pipe(Count, v.description("Players who wait for a place")),
    maintenance: v.boolean(),
  }),
  v.metadata({ ref: "Door" }),
);

export const SessionsAnswer = v.object({
  sessions: v.pipe(Count, v.description("Of all doors")),
  doors: v.pipe(v.array(DoorShape), v.description("Gateways that take players")),
  silent: v.pipe(v.array(Text), v.description("Gateways that did not answer: what they have is not in the list")),
});
const PlayerAtShape = v.pipe(
  v.object({
    gateway: Text,
    shard: Count,
    session: v.exactOptional(v.pipe(Text, v.description("Its id, for the log; left out: the player has none there"))),
    sinceMs: v.exactOptional(v.pipe(Count, v.description("Since when the session is"))),
    lostSinceMs: v.exactOptional(
      v.pipe(
        Count,
        v.description("Since when the session waits for its player to come back; left out: it is connected"),
      ),
    ),
    map: v.exactOptional(v.pipe(Text, v.description("The map node that the player is in; left out: in none"))),
    place: v.exactOptional(v.pipe(Count, v.description("In the queue for a session, the first is 1"))),
  }),
  v.metadata({ ref: "PlayerAt" }),
);

export const PlayerAnswer = v.object({
  player: Text,
  at: v.pipe(v.array(PlayerAtShape), v.description("Empty: the player is not online")),
  silent: v.pipe(v.array(Text), v.description("Gateways that did not answer: the player may be there")),
  data: v.pipe(v.array(PlayerDataShape), v.description("Of the shards that know the player, as it is on the disk")),
  unreadable: v.pipe(
    v.array(UnreadableShardShape),
    v.description("Shards whose data could not be read, and why: they may know the player"),
  ),
});
export const DoorsChangeAnswer = v.object({
  gateways: v.pipe(v.array(Text), v.description("Where something changed")),
  silent: v.pipe(v.array(Text), v.description("Gateways that did not answer: it may have been done there")),
  changed: v.pipe(v.boolean(), v.description("False: it was so already")),
});
