/** One row of the error catalogue (proto/errors.json). */
export interface CatalogueEntry {
  readonly code: string;
  /** What travels between native processes. */
  readonly number: number;
  /** Name of the gRPC status. */
  readonly grpc: string;
  /** Exit code of the command line. */
  readonly exit: number;
  readonly cause: string;
  readonly advice: string;
}
