#!/usr/bin/env node
import { Command, InvalidArgumentError, Option } from 'commander'
import { explain } from './commands/explain.ts'
import { installCommand, uninstallCommand, upgradeCommand } from './commands/install.ts'
import { refresh } from './commands/refresh.ts'
import { status } from './commands/status.ts'
import { up } from './commands/up.ts'
import { verify } from './commands/verify.ts'
import { worker } from './commands/worker.ts'
import { fail, outputFailed } from './fail.ts'

/** Set by the build. */
declare const PG_STREAM_VERSION: string

const program = new Command('pg-stream')
  .description(
    'Stream tables for PostgreSQL: query results kept in real tables and maintained incrementally.',
  )
  .version(PG_STREAM_VERSION)
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'pg-stream: ')) })
  .showHelpAfterError('(pg-stream --help lists the commands)')

program
  .command('up')
  .description('run an embedded PostgreSQL 18 with pg_stream and its worker')
  .option('--port <number>', 'port to listen on; a free one when left out', number(1, 65535))
  .option('--data <folder>', 'data folder, kept; temporary when left out', folder)
  .addOption(
    new Option(
      '--auth <method>',
      'who may connect: every user of this machine (when left out, for a new folder), or who has the password',
    ).choices(['trust', 'scram']),
  )
  .option('--http-port <number>', 'serve /metrics and /healthz on this port', number(1, 65535))
  .option('--demo', 'load real flights and replay them under stream tables')
  .action(up)
program
  .command('install <url>')
  .description('install pg_stream in a database')
  .action(printing(installCommand))
program
  .command('upgrade <url>')
  .description("bring a database's pg_stream to this version")
  .action(printing(upgradeCommand))
program
  .command('uninstall <url>')
  .description('remove pg_stream; stream tables stay as ordinary tables with their content')
  .action(printing(uninstallCommand))
program
  .command('worker <url>')
  .description('refresh due stream tables until stopped')
  .option('--concurrency <number>', 'refreshes at the same time', number(1, 64), 4)
  .option('--http-port <number>', 'serve /metrics and /healthz on this port', number(1, 65535))
  .action(worker)
program.command('status <url>').description('list the stream tables').action(printing(status))
program
  .command('explain <url> <name>')
  .description('say how a stream table is maintained')
  .action(printing(explain))
program
  .command('verify <url> [name]')
  .description('compare stream tables with their queries; fails when one differs')
  .action(printing(verify))
program.command('refresh <url> <name>').description('refresh a stream table now').action(printing(refresh))

program.parseAsync().catch(fail)

/** A command that ends when it has said what it has to say; `up` and `worker` stop in order when nobody listens (stop-signal.ts). */
function printing<A extends unknown[]>(action: (...args: A) => Promise<void>): (...args: A) => Promise<void> {
  return (...args) => {
    process.stdout.on('error', outputFailed)
    return action(...args)
  }
}

function folder(text: string): string {
  if (text !== '') return text
  throw new InvalidArgumentError('It must name a folder; . is the current one.')
}

function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
  }
}
