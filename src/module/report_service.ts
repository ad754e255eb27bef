/**
 * Serves the reports, joins and rankings of an owner's terms to the shards. Says which shard has asked: the one of the
 * node that called, by this node's directory. Decides nothing else.
 */

import type { ActivityOwner } from "#activity/owner.ts";
import { ReportContract } from "#activity/reports/report_contract.ts";
import type { ReportOutcome } from "#activity/reports/report_outcome.ts";
import { invalidReport, REPORT_BODY_SIZE_MAX } from "#activity/reports/report_outcome.ts";
import type { Directory } from "#mesh/directory.ts";
import type { CallContext, Server } from "#rpc/server.ts";
import type { Identity } from "#wire/identity.ts";
import { packBody } from "#wire/body.ts";
import { keyOfId } from "#wire/role.ts";

export function serveReports(options: {
  readonly self: Identity;
  readonly owner: ActivityOwner;
  readonly server: Server;
  readonly directory: Directory;
}): void {
  const { self, owner, server, directory } = options;
  /** 0 for a node that is of no shard. Throws when it is not known any more, or not yet: the caller tries again. */
  const shardOf = ({ source }: CallContext): number => {
    if (source === self.id) return self.shard;
    const entry = directory.get(keyOfId(source));
    if (entry === undefined) throw new Error(`Cannot tell the shard of ${source}: it is not in the directory`);
    return entry.identity.shard;
  };
  const take = async (
    asked: Parameters<ActivityOwner["reports"]["take"]>[0],
    source: string,
  ): Promise<ReportOutcome> => {
    if (asked.shard > 0) return await owner.reports.take(asked);
    return { kind: "no_group", detail: `${source} is of no shard: reports and joins come from nodes of shards` };
  };
  server.serve(ReportContract.report, (request, context) => {
    const size = packBody(request.body).length;
    if (size > REPORT_BODY_SIZE_MAX) {
      return invalidReport("body", `found ${size} bytes; allowed: ${REPORT_BODY_SIZE_MAX}`);
    }
    return take({ kind: "report", shard: shardOf(context), request }, context.source);
  });
  server.serve(ReportContract.join, (request, context) =>
    take({ kind: "join", shard: shardOf(context), request }, context.source),
  );
  server.serve(ReportContract.standing, ({ player: subject, ...question }, context) =>
    owner.rankings.standing({ ...question, subject, shard: shardOf(context) }),
  );
  server.serve(ReportContract.top, ({ offset = 0, ...question }, context) =>
    owner.rankings.top({ ...question, offset, shard: shardOf(context) }),
  );
}
