/**
 * An HTTP server as an argument: the admin app is a fetch handler and knows no port.
 */

/** `remote` is the other end's address, for the audit trail. */
export type HttpHandler = (request: Request, remote: string) => Response | Promise<Response>;

export interface HttpServer {
  /** The address that is bound, with the port that the system chose if it was asked to. */
  readonly address: { readonly host: string; readonly port: number };
  /** Accepts no more, gives what is under way `deadlineMs`, then closes it. */
  stop(deadlineMs: number): Promise<void>;
}

/** Throws ListenError (link/transport.ts) when the address cannot be bound. */
export type ServeHttp = (
  address: { readonly host: string; readonly port: number },
  handler: HttpHandler,
  options: {
    readonly bodySizeMax: number;
    /** The handler threw or rejected; the client was answered 500. */
    readonly onFault: (error: unknown) => void;
  },
) => HttpServer;
