/**
 * /openapi.json: lists every route with its schemas and problems, points only at what it has, holds no secrets.
 */

import { describe, expect, test } from "#test";
import { Fixture } from "./fixture.ts";

interface Operation {
  readonly summary?: string;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly { readonly $ref?: string; readonly in?: string; readonly name?: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: unknown }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: unknown }>> }>
  >;
}

interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

async function document(): Promise<OpenApi> {
  return (await (await new Fixture().ask("GET /openapi.json", { token: null })).json()) as OpenApi;
}

function operationsOf({ paths }: OpenApi): [name: string, operation: Operation][] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );
}

describe("OpenAPI document", () => {
  test("lists exactly the routes that the app has", async () => {
    const { app } = new Fixture();
    const routes = app.routes
      .filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path.replace(/:([a-z]+)/, "{$1}")}`);
    const listed = operationsOf(await document()).map(([name]) => name);
    expect(listed.toSorted()).toEqual([...new Set(routes)].toSorted());
    expect(listed.length).toBe(42);
  });

  test("says for each route what it answers, with which shape and which problems", async () => {
    for (const [name, { summary, responses, security }] of operationsOf(await document())) {
      expect(summary?.length ?? 0).toBeGreaterThan(5);
      expect([name, responses["200"]?.content?.["application/json"]?.schema]).not.toEqual([name, undefined]);
      if (!name.includes("/api/")) {
        expect([name, security]).toEqual([name, []]);
        continue;
      }
      expect([name, security]).toEqual([name, [{ bearer: [] }]]);
      for (const status of ["401", "403", "500", "503", "504"]) {
        expect([name, responses[status]?.content]).toEqual([
          name,
          { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
        ]);
      }
    }
  });

  test("has the parameters and the body with what is allowed in them", async () => {
    const { paths, components } = await document();
    const why = paths["/api/activities/{id}/why"]?.["get"]?.parameters ?? [];
    expect(why.map((parameter) => [parameter.in, parameter.name])).toEqual([
      ["path", "id"],
      ["query", "node"],
      ["query", "owner"],
    ]);
    expect(paths["/api/activities"]?.["post"]?.requestBody?.content).toEqual({
      "application/json": { schema: { $ref: "#/components/schemas/CreateActivity" } },
    });
    expect(components.schemas["CreateActivity"]).toMatchObject({
      type: "object",
      required: ["id", "kind"],
      additionalProperties: false,
      properties: {
        id: { type: "string", pattern: "^(?!__proto__$)[a-z0-9_-]{1,64}$" },
        endsAtMs: { type: "integer", minimum: 1 },
        open: { type: "boolean" },
        owner: { type: "string", pattern: "^cross_center:[1-9][0-9]{0,9}$" },
      },
    });
  });

  test("points only at schemas that it has, and has none that nothing points at", async () => {
    const text = JSON.stringify(await document());
    const matches = [...text.matchAll(/"#\/components\/schemas\/([A-Za-z]+)"/g)];
    const pointed = new Set(matches.map((match) => match[1] ?? ""));
    const kept = Object.keys((await document()).components.schemas);
    expect([...pointed].toSorted()).toEqual(kept.toSorted());
    expect(kept).toContain("NodeDescription");
  });

  test("is the same each time and holds no token", async () => {
    const fixture = new Fixture();
    const first = await (await fixture.ask("GET /openapi.json")).text();
    expect(await (await fixture.ask("GET /openapi.json")).text()).toBe(first);
    expect(JSON.parse(first)).toMatchObject({ openapi: "3.1.0" });
    expect(first).not.toContain("secret");
  });
});
