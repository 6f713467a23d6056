/** What the command line asks for. */
export interface Options {
  /** Smaller tables and fewer rounds: for trying the benchmark, not for its figures. */
  readonly quick: boolean
  /** Repetitions per figure. */
  readonly rounds: number
  /** The scale factor of TPC-H. */
  readonly scale?: number
  /** The events of Nexmark. */
  readonly events?: number
  /** The largest table of the growth per construct, and of the matrix. */
  readonly rows?: number
}
