import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import type {} from 'vitest'
import type { TestProject } from 'vitest/node'
import { compileFunction } from '../../src/hosts/embedded/compile-function.ts'
import { distFile } from '../../src/hosts/embedded/dist-file.ts'
import { type EmbeddedServer, startServer } from '../../src/hosts/embedded/server.ts'
import type { Host } from '../../src/hosts/host.ts'
import { install } from '../../src/hosts/install.ts'

export interface ProvidedServer {
  readonly url: string
  /** Databases with and without pg_stream are cloned from these. */
  readonly template: string
  readonly plainTemplate: string
  /** Why there is no template with pg_stream; empty when there is one. */
  readonly installError: string
  readonly dataFolder: string
  readonly pid: number
}

declare module 'vitest' {
  interface ProvidedContext {
    server: ProvidedServer
  }
}

/**
 * One server for the whole run, with temporary data, stopped at the end however that comes: the supervisor of the
 * server outlives this process. PG_STREAM_TEST_URL names a running one instead: on this machine, as superuser.
 */
export default async function globalSetup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.PG_STREAM_TEST_URL
  const embedded = given === undefined ? await startServer({ settings: { max_connections: 200 } }) : undefined
  const replies = mkdtempSync(path.join(os.tmpdir(), 'pg_stream-replies-'))
  chmodSync(replies, 0o777)
  const url = embedded?.url ?? given ?? ''
  const template = `pg_stream_test_${process.pid}`
  const admin = new pg.Client(url)
  await admin.connect()
  await admin.query(`DROP DATABASE IF EXISTS ${template}`)
  await admin.query(`CREATE DATABASE ${template} TEMPLATE template0`)
  const installError = await installTemplate(url, template, embedded?.host ?? localHost(replies))
  project.provide('server', {
    url,
    template,
    plainTemplate: 'template0',
    installError,
    dataFolder: embedded?.dataFolder ?? '',
    pid: embedded?.pid ?? 0,
  })
  return async () => {
    await admin.query(`DROP DATABASE ${template}`)
    await admin.end()
    await stopServer(embedded)
    rmSync(replies, { recursive: true, force: true })
  }
}

async function stopServer(server: EmbeddedServer | undefined): Promise<void> {
  await server?.stop()
}

async function installTemplate(url: string, template: string, host: Host): Promise<string> {
  const client = new pg.Client(databaseUrl(url, template))
  await client.connect()
  try {
    await install(client, host)
    return ''
  } catch (error) {
    const { message, where } = error as { message: string; where?: string }
    return `pg_stream could not be installed: ${message}${where ? ` (${where})` : ''}`
  } finally {
    await client.end()
  }
}

export function databaseUrl(url: string, database: string): string {
  const changed = new URL(url)
  changed.pathname = `/${database}`
  return changed.href
}

function localHost(folder: string): Host {
  const bundle = distFile('compile-host.cjs')
  return {
    name: 'embedded',
    compileFunction: compileFunction({ node: process.execPath, bundle, folder }),
  }
}
