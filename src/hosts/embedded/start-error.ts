/** Why the embedded server does not start: one line for the person who asked for it. */
export class StartError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'StartError'
  }
}
