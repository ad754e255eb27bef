/**
 * Child of shared_store.test.ts: makes the file, not yet in WAL mode, and holds it for as long as it is told.
 */

import { Database } from "bun:sqlite";

const [path = "", holdMs = "0"] = Bun.argv.slice(2);
const db = new Database(path, { create: true, readwrite: true });
db.run("BEGIN EXCLUSIVE");
db.run("CREATE TABLE item (count BIGINT)");
db.run("INSERT INTO item (count) VALUES (1)");
process.stdout.write("held\n");
await Bun.sleep(Number(holdMs));
db.run("COMMIT");
db.close();
